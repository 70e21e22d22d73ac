"""Context's one decision: which facts an event carries. The kind alone selects; most events are never decoded."""

from collections.abc import Callable
from typing import Final

from schemas.fact import Fact
from services.detect.context.linux import sshd
from services.detect.context.windows import logons, network, processes, services
from services.detect.context.windows.fields import Native

Extract = Callable[[Native, int, str], Fact | None]

_SYSMON: Final = "microsoft-windows-sysmon/operational"
_POWERSHELL: Final = ("microsoft-windows-powershell/operational", "powershellcore/operational")

EXTRACTORS: Final[dict[str, Extract]] = {
    f"{_SYSMON}/1": processes.sysmon_start,
    f"{_SYSMON}/3": network.sysmon_connection,
    f"{_SYSMON}/5": processes.sysmon_end,
    f"{_SYSMON}/8": processes.remote_thread,
    f"{_SYSMON}/10": processes.credential_access,
    f"{_SYSMON}/11": services.file_written,
    f"{_SYSMON}/13": services.image_path_set,
    f"{_SYSMON}/15": services.mark_of_the_web,
    f"{_SYSMON}/22": network.name_resolved,
    "security/4624": logons.session_opened,
    "security/4625": logons.logon_failed,
    "security/4648": logons.explicit_credentials,
    "security/4662": logons.replication,
    "security/4688": processes.security_start,
    "security/4689": processes.security_end,
    "security/4697": services.service_installed,
    "security/4698": services.task_registered,
    "security/4702": services.task_registered,
    "security/4720": logons.account_created,
    "security/4728": logons.member_added,
    "security/4732": logons.member_added,
    "security/4756": logons.member_added,
    "security/4768": logons.ticket_granted,
    "security/4769": logons.ticket_issued,
    "security/4771": logons.preauthentication_failed,
    "security/4776": logons.validation_failed,
    "security/5140": network.share_opened,
    "security/5156": network.platform_connection,
    "system/7045": services.service_reported,
    "windows powershell/400": processes.script_host,
    **{f"{channel}/4103": processes.script_host for channel in _POWERSHELL},
    "sshd/accepted": sshd.session_opened,
    "sshd/failed": sshd.logon_failed,
    "sshd/not_allowed": sshd.logon_failed,
    "sshd/pam_failure": sshd.logon_failed,
}

# Kinds of which few events carry a fact: what their bytes must hold, in lower case.
_NECESSARY: Final[dict[str, bytes]] = {
    f"{_SYSMON}/10": b"lsass.exe",
    f"{_SYSMON}/13": b"imagepath",
    f"{_SYSMON}/15": b"zone.identifier",
    "security/4662": b"1131f6a",
}
_ESCAPE: Final = b"\\u00"


def may_carry(kind: str, raw: bytes) -> bool:
    """Whether an event of ``kind`` with the native bytes ``raw`` is worth decoding: never false where it has a fact."""
    if kind not in EXTRACTORS:
        return False
    necessary = _NECESSARY.get(kind)
    # an escaped letter could hide what is looked for, so it passes too
    return necessary is None or necessary in raw.lower() or _ESCAPE in raw


def facts(kind: str, native: Native, time: int, event: str) -> tuple[Fact, ...]:
    """Return the facts that the event ``event`` carries; its time is ``time``."""
    extract = EXTRACTORS.get(kind)
    fact = extract(native, time, event) if extract else None
    return () if fact is None or not fact.host else (fact,)
