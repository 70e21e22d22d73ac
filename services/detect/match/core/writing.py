"""Findings as bytes. What is the same in every finding of a rule is worked out once, through the contract's own model."""

from typing import Any

import orjson

from schemas.event import EventHeaders
from services.detect.match.core.engine import Match
from services.detect.match.core.findings import finding, finding_uid

Json = dict[str, Any]


class FindingWriter:
    """Writes what `findings.finding` says, as its model would write it."""

    def __init__(self) -> None:
        self._forms: dict[tuple[str, str], Json] = {}

    def written(self, tenant: str, match: Match, native: Json, headers: EventHeaders) -> tuple[str, bytes]:
        """Return the finding's id, and the finding as JSON."""
        uid = finding_uid(tenant, headers.uid, match.rule.uid)
        form = self._form(match, headers)
        detail = form["unmapped"]["stanch"]
        told = {
            **form,
            "time": headers.time,
            "metadata": {**form["metadata"], "tenant_uid": tenant, "uid": uid},
            "finding_info": {**form["finding_info"], "uid": uid, "first_seen_time": headers.time},
            "evidences": [{"data": native}],
            "unmapped": {
                "stanch": {
                    **detail,
                    "event_uid": headers.uid,
                    "event_kind": headers.kind,
                    "event_source": headers.source,
                    "matched": match.matched,
                }
            },
        }
        try:
            return uid, orjson.dumps(told)
        except orjson.JSONEncodeError:  # deeper than it goes
            return uid, finding(tenant, match, native, headers).model_dump_json(exclude_none=True).encode()

    def _form(self, match: Match, headers: EventHeaders) -> Json:
        key = (match.rule.uid, match.rule.digest)
        form = self._forms.get(key)
        if form is None:
            model = finding("", Match(match.rule, {}), {}, headers)
            form = self._forms[key] = model.model_dump(mode="json", exclude_none=True)
        return form
