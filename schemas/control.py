"""Controls: the named containment capabilities, what each may take, and what others call them.

D3FEND ids, OCSF remediation classes and OpenC2 actions: the vocabulary map in docs/glossary.md.
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.entity import EntityType


class Control(StrEnum):
    """A containment capability."""

    NETWORK_ISOLATION = "host.network_isolation"
    ACCOUNT_DISABLED = "identity.account_disabled"
    SESSIONS_REVOKED = "identity.sessions_revoked"
    IP_BLOCK = "net.ip_block"
    KEY_DEACTIVATED = "key.deactivated"
    PROCESS_TERMINATE = "process.terminate"
    FILE_QUARANTINE = "file.quarantine"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a control takes, and its names in OpenC2, D3FEND and OCSF."""

    target: EntityType
    openc2_apply: str
    openc2_release: str
    d3fend: str
    ocsf_class_uid: int
    ocsf_activity_id: int


VOCABULARY: dict[Control, Vocabulary] = {
    Control.NETWORK_ISOLATION: Vocabulary(EntityType.HOST, "contain", "allow", "D3-NI", 7001, 1),
    Control.ACCOUNT_DISABLED: Vocabulary(EntityType.ACCOUNT, "deny", "allow", "D3-AL", 7001, 2),
    Control.SESSIONS_REVOKED: Vocabulary(EntityType.ACCOUNT, "cancel", "allow", "D3-ST", 7001, 2),
    Control.IP_BLOCK: Vocabulary(EntityType.ADDRESS, "deny", "allow", "D3-NTF", 7004, 1),
    Control.KEY_DEACTIVATED: Vocabulary(EntityType.KEY, "deny", "allow", "D3-CR", 7001, 2),
    Control.PROCESS_TERMINATE: Vocabulary(EntityType.PROCESS, "stop", "start", "D3-PT", 7003, 2),
    Control.FILE_QUARANTINE: Vocabulary(EntityType.FILE, "contain", "restore", "D3-CQ", 7002, 1),
}
