"""The compiled OCSF 1.8.0 schema as a judge of events."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema


@cache
def _schema() -> OcsfJsonSchemaEmbedded:
    return OcsfJsonSchemaEmbedded(get_ocsf_schema("1.8.0"))


@cache
def _class_names() -> dict[int, str]:
    return {definition["uid"]: name for name, definition in get_ocsf_schema("1.8.0")["classes"].items()}


@cache
def _validator(class_uid: int, profiles: tuple[str, ...]) -> Any:
    return jsonschema_rs.validator_for(_schema().get_class_schema(_class_names()[class_uid], list(profiles)))


def faults_of(event: Mapping[str, Any]) -> list[str]:
    """What the schema holds against the event; the profiles are those that its metadata claims."""
    validator = _validator(event["class_uid"], tuple(event["metadata"].get("profiles", ())))
    faults = validator.iter_errors(dict(event))
    return [f"{'.'.join(map(str, fault.instance_path))}: {fault.message[:200]}" for fault in faults]
