"""OCSF 1.8.0 event classes: their numbers and what each requires beside the base fields."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

VERSION: Final = "1.8.0"


class OcsfClass(IntEnum):
    """``class_uid`` of the classes that ingest emits."""

    BASE_EVENT = 0
    FILE = 1001
    KERNEL_EXTENSION = 1002
    MODULE = 1005
    SCHEDULED_JOB = 1006
    PROCESS = 1007
    EVENT_LOG = 1008
    SCRIPT = 1009
    PERIPHERAL = 1010
    DETECTION = 2004
    ACCOUNT_CHANGE = 3001
    AUTHENTICATION = 3002
    AUTHORIZE_SESSION = 3003
    ENTITY_MANAGEMENT = 3004
    USER_ACCESS = 3005
    GROUP_MANAGEMENT = 3006
    NETWORK = 4001
    HTTP = 4002
    DNS = 4003
    RDP = 4005
    SMB = 4006
    SSH = 4007
    APPLICATION_LIFECYCLE = 6002
    API = 6003
    DATASTORE = 6005
    APPLICATION_ERROR = 6008
    REGISTRY_KEY = 201001
    REGISTRY_VALUE = 201002
    WINDOWS_RESOURCE = 201003
    WINDOWS_SERVICE = 201004


_C = OcsfClass

REQUIRED: Final[Mapping[int, tuple[str, ...]]] = {
    _C.BASE_EVENT: (),
    _C.FILE: ("actor", "device", "file"),
    _C.KERNEL_EXTENSION: ("actor", "device", "driver"),
    _C.MODULE: ("actor", "device", "module"),
    _C.SCHEDULED_JOB: ("device", "job"),
    _C.PROCESS: ("actor", "device", "process"),
    _C.EVENT_LOG: (),
    _C.SCRIPT: ("actor", "device", "script"),
    _C.PERIPHERAL: ("actor", "device", "peripheral_device"),
    _C.DETECTION: ("finding_info",),
    _C.ACCOUNT_CHANGE: ("user",),
    _C.AUTHENTICATION: ("user",),
    _C.AUTHORIZE_SESSION: ("user",),
    _C.ENTITY_MANAGEMENT: ("entity",),
    _C.USER_ACCESS: ("user", "privileges"),
    _C.GROUP_MANAGEMENT: ("group",),
    _C.NETWORK: (),
    _C.HTTP: (),
    _C.DNS: (),
    _C.RDP: (),
    _C.SMB: (),
    _C.SSH: (),
    _C.APPLICATION_LIFECYCLE: ("app",),
    _C.API: ("actor", "api", "src_endpoint"),
    _C.DATASTORE: ("actor", "src_endpoint"),
    _C.APPLICATION_ERROR: (),
    _C.REGISTRY_KEY: ("actor", "device", "reg_key"),
    _C.REGISTRY_VALUE: ("actor", "device", "reg_value"),
    _C.WINDOWS_RESOURCE: ("actor", "device", "win_resource"),
    _C.WINDOWS_SERVICE: ("actor", "device", "win_service"),
}
"""What a class requires beside the base fields, from the compiled schema."""

_ENDPOINTS: Final = ("src_endpoint", "dst_endpoint")
ONE_OF: Final[Mapping[int, tuple[str, ...]]] = {
    _C.EVENT_LOG: ("log_name", "log_provider", "log_type_id"),
    _C.AUTHENTICATION: ("service", "dst_endpoint"),
    _C.AUTHORIZE_SESSION: ("privileges", "group"),
    _C.NETWORK: _ENDPOINTS,
    _C.HTTP: ("http_request", "http_response"),
    _C.DNS: _ENDPOINTS,
    _C.RDP: _ENDPOINTS,
    _C.SMB: _ENDPOINTS,
    _C.SSH: _ENDPOINTS,
    _C.DATASTORE: ("database", "databucket", "table"),
}
"""Of these a class requires at least one."""


def category_of(class_uid: int) -> int:
    """Return ``category_uid``: the thousands of the class, without those of its extension."""
    return class_uid // 1000 % 100


def head_of(class_uid: OcsfClass, activity_id: int, severity_id: int = 1) -> dict[str, Any]:
    """Return the fields that say what kind of event it is, the same for every event of the kind."""
    return {
        "category_uid": category_of(class_uid),
        "class_uid": int(class_uid),
        "activity_id": activity_id,
        "type_uid": class_uid * 100 + activity_id,
        "severity_id": severity_id,
    }


def is_complete(event: Mapping[str, Any]) -> bool:
    """Whether ``event`` has what its class requires beside the base fields."""
    class_uid = event["class_uid"]
    for field in REQUIRED[class_uid]:
        if field not in event:
            return False
    either = ONE_OF.get(class_uid)
    return either is None or any(field in event for field in either)
