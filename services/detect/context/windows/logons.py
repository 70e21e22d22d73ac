"""Sessions and credentials: Security 4624, 4625, 4648, 4662, 4720, 4728/4732/4756, 4768, 4769, 4771, 4776."""

from typing import Final, Literal

from schemas.entity import canonical_account, canonical_host
from schemas.fact import CredentialUsed, Fact, PrincipalChanged, SessionOpened
from services.detect.context.windows.fields import Native, account, address, caller, host_of, logon_id, number, text

Kind = Literal["interactive", "network", "remote_interactive", "service", "batch", "explicit", "other"]
_KINDS: Final[dict[int, Kind]] = {
    2: "interactive",
    7: "interactive",
    11: "interactive",
    3: "network",
    8: "network",
    10: "remote_interactive",
    5: "service",
    4: "batch",
    9: "explicit",
}
# DES (1, 3) and RC4 (0x17, 0x18): RFC 3961 and RFC 4757, deprecated by RFC 6649 and RFC 8429
_WEAK_CIPHERS: Final = frozenset({0x1, 0x3, 0x17, 0x18})
# DS-Replication-Get-Changes and -Get-Changes-All, [MS-ADTS] 5.1.3.2.1
_REPLICATION: Final = ("1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2")


def session_opened(native: Native, time: int, event: str) -> Fact | None:
    """Security 4624: an account logged on."""
    session = logon_id(native, "TargetLogonId")
    if not session:
        return None
    return SessionOpened(
        time=time,
        host=host_of(native),
        event=event,
        session=session,
        account=account(native, "Target"),
        kind=_KINDS.get(number(native, "LogonType"), "other"),
        client=address(native, "IpAddress"),
        client_port=number(native, "IpPort"),
        elevated=text(native, "ElevatedToken") == "%%1842",
        process=caller(native),
    )


def logon_failed(native: Native, time: int, event: str) -> Fact:
    """Security 4625: a logon failed, tried by the calling process or from the source."""
    return CredentialUsed(
        time=time,
        host=host_of(native),
        event=event,
        method="failure",
        account=account(native, "Target"),
        actor=account(native, "Subject"),
        session=logon_id(native, "SubjectLogonId"),
        process=caller(native),
        workstation=canonical_host(text(native, "WorkstationName")),
        client=address(native, "IpAddress"),
    )


def validation_failed(native: Native, time: int, event: str) -> Fact | None:
    """Security 4776: an NTLM logon was validated; only failures are facts, and they name the workstation."""
    if number(native, "Status") == 0:
        return None
    return CredentialUsed(
        time=time,
        host=host_of(native),
        event=event,
        method="failure",
        account=canonical_account("", text(native, "TargetUserName")),
        workstation=canonical_host(text(native, "Workstation")),
    )


def preauthentication_failed(native: Native, time: int, event: str) -> Fact:
    """Security 4771: a Kerberos logon failed."""
    return CredentialUsed(
        time=time,
        host=host_of(native),
        event=event,
        method="failure",
        account=canonical_account("", text(native, "TargetUserName")),
        client=address(native, "IpAddress"),
    )


def ticket_issued(native: Native, time: int, event: str) -> Fact:
    """Security 4769: a service ticket was issued, under some cipher."""
    return CredentialUsed(
        time=time,
        host=host_of(native),
        event=event,
        method="ticket",
        account=_principal(native),
        client=address(native, "IpAddress"),
        service=text(native, "ServiceName").lower(),
        weak=number(native, "TicketEncryptionType") in _WEAK_CIPHERS,
    )


def ticket_granted(native: Native, time: int, event: str) -> Fact:
    """Security 4768: a ticket-granting ticket was asked for; whoever logs this is a domain controller."""
    return CredentialUsed(
        time=time,
        host=host_of(native),
        event=event,
        method="granting",
        account=_principal(native),
        client=address(native, "IpAddress"),
    )


def explicit_credentials(native: Native, time: int, event: str) -> Fact:
    """Security 4648: a process logged on with other credentials than its own."""
    return CredentialUsed(
        time=time,
        host=host_of(native),
        event=event,
        method="explicit",
        account=account(native, "Target"),
        actor=account(native, "Subject"),
        session=logon_id(native, "SubjectLogonId"),
        process=caller(native),
        service=text(native, "TargetServerName").lower(),
    )


def replication(native: Native, time: int, event: str) -> Fact | None:
    """Security 4662: someone used the rights to replicate directory secrets; every other access is no fact."""
    properties = text(native, "Properties").lower()
    if not any(right in properties for right in _REPLICATION):
        return None
    return CredentialUsed(
        time=time,
        host=host_of(native),
        event=event,
        method="replication",
        actor=account(native, "Subject"),
        session=logon_id(native, "SubjectLogonId"),
    )


def account_created(native: Native, time: int, event: str) -> Fact:
    """Security 4720: an account was created."""
    return PrincipalChanged(
        time=time,
        host=host_of(native),
        event=event,
        account=account(native, "Target"),
        actor=account(native, "Subject"),
        session=logon_id(native, "SubjectLogonId"),
    )


def member_added(native: Native, time: int, event: str) -> Fact:
    """Security 4728, 4732, 4756: an account was added to a group; the event names the group as its target."""
    return PrincipalChanged(
        time=time,
        host=host_of(native),
        event=event,
        account=text(native, "MemberName", "MemberSid").lower(),
        change="grouped",
        actor=account(native, "Subject"),
        session=logon_id(native, "SubjectLogonId"),
    )


def _principal(native: Native) -> str:
    name, _, realm = text(native, "TargetUserName").partition("@")
    return canonical_account(realm or text(native, "TargetDomainName"), name)
