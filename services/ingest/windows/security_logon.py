"""Security log: logons, tickets, privileges of a session."""

from typing import Any, Final

from schemas.ocsf.classes import OcsfClass as C
from schemas.ocsf.objects import Actor, Endpoint
from services.ingest.values import compact, number_of, text_of
from services.ingest.windows.kind import SUBJECT, TARGET, Kind, Mapper, Parts, kind_of, under
from services.ingest.windows.objects import Get, actor_of, endpoint_of, process_of, user_of

CHANNEL: Final = "Security"

_PROTOCOLS: Final = {"ntlm": 1, "kerberos": 2}
_LOGON_TYPES: Final = frozenset({0, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13})
_PRIVILEGES: Final = 100
_ADDRESSES: Final = ("IpAddress",)


def subject(g: Get) -> Actor | None:
    """Return the account, session and process that asked for it."""
    user = user_of(g("SubjectDomainName"), g("SubjectUserName"), g("SubjectUserSid"))
    process = process_of(g("ProcessId"), None, g("ProcessName"))
    return actor_of(process, user, g("SubjectLogonId"))


def _logon_type(value: object) -> int | None:
    number = number_of(value)
    if number is None:
        return None
    return number if number in _LOGON_TYPES else 99


def _protocol(g: Get) -> int | None:
    name = g("AuthenticationPackageName") or g("PackageName")
    if type(name) is not str:
        return None
    known = (number for word, number in _PROTOCOLS.items() if word in name.lower())
    return next(known, 99)


def _session(g: Get) -> dict[str, Any] | None:
    uid = text_of(g("TargetLogonId"))
    return compact({"uid": uid, "uid_alt": text_of(g("LogonGuid"))}) if uid else None


def _here(g: Get) -> Endpoint | None:
    return endpoint_of(hostname=g("Computer") or g("Hostname"))


def logon(status_id: int | None) -> Mapper:
    """Return the mapper of 4624, 4625, 4634, 4647, 4778, 4779."""

    def parts(g: Get) -> Parts:
        return {
            "user": user_of(
                g("TargetDomainName") or g("AccountDomain"),
                g("TargetUserName") or g("AccountName"),
                g("TargetUserSid") or g("TargetSid"),
            ),
            "actor": subject(g),
            "src_endpoint": endpoint_of(
                g("IpAddress") or g("ClientAddress"), g("IpPort"), g("WorkstationName") or g("ClientName")
            ),
            "dst_endpoint": _here(g),
            "logon_type_id": _logon_type(g("LogonType")),
            "auth_protocol_id": _protocol(g),
            "session": _session(g),
            "status_id": status_id,
            "status_code": text_of(g("Status")),
            "status_detail": text_of(g("SubStatus")),
        }

    return parts


def explicit_credentials(g: Get) -> Parts:
    """4648: an account used another one's credentials, here or on a server."""
    return {
        "user": user_of(g("TargetDomainName"), g("TargetUserName")),
        "actor": subject(g),
        "src_endpoint": endpoint_of(g("IpAddress"), g("IpPort"), None),
        "dst_endpoint": endpoint_of(hostname=g("TargetServerName")) or _here(g),
        "status_id": 1,
    }


def ticket(g: Get) -> Parts:
    """4768 to 4773: Kerberos, as the domain controller sees it."""
    service = text_of(g("ServiceName"))
    return {
        "user": user_of(g("TargetDomainName"), g("TargetUserName"), g("TargetSid")),
        "service": compact({"name": service, "uid": text_of(g("ServiceSid"))}) if service else None,
        "src_endpoint": endpoint_of(g("IpAddress"), g("IpPort")),
        "dst_endpoint": _here(g),
        "auth_protocol_id": 2,
        "status_id": 1 if number_of(g("Status") or 0) == 0 else 2,
        "status_code": text_of(g("Status") or g("FailureCode")),
    }


def ntlm(g: Get) -> Parts:
    """4776: NTLM credentials checked; it names no domain and the client by its word only."""
    workstation = g("Workstation")
    return {
        "user": user_of(None, g("TargetUserName")),
        "src_endpoint": endpoint_of(hostname=workstation) if text_of(workstation) else None,
        "dst_endpoint": _here(g),
        "auth_protocol_id": 1,
        "status_id": 1 if number_of(g("Status") or 0) == 0 else 2,
        "status_code": text_of(g("Status")),
    }


def special_privileges(g: Get) -> Parts:
    """4672 and 4703: privileges of a session."""
    named = g("PrivilegeList") or g("EnabledPrivilegeList")
    if text_of(named) is None:
        named = g("DisabledPrivilegeList")
    listed = named.split()[:_PRIVILEGES] if type(named) is str else []
    target = user_of(g("TargetDomainName"), g("TargetUserName"), g("TargetUserSid"))
    return {
        "user": target or user_of(g("SubjectDomainName"), g("SubjectUserName"), g("SubjectUserSid")),
        "actor": subject(g),
        "privileges": listed or None,
        "session": compact({"uid": text_of(g("TargetLogonId")) or text_of(g("SubjectLogonId"))}) or None,
    }


def groups_of_session(g: Get) -> Parts:
    """4627 and 4964: the groups that a session carries."""
    groups = text_of(g("GroupMembership") or g("SidList"))
    return {
        "user": user_of(g("TargetDomainName"), g("TargetUserName"), g("TargetUserSid")),
        "actor": subject(g),
        "group": {"name": " ".join(groups.split()[:_PRIVILEGES])} if groups else None,
        "session": _session(g),
    }


def session_locked(g: Get) -> Parts:
    """4800 and 4801."""
    return {
        "user": user_of(g("TargetDomainName"), g("TargetUserName"), g("TargetUserSid")),
        "dst_endpoint": _here(g),
        "session": _session(g),
        "status_id": 1,
    }


def _authentication(activity_id: int, parts: Mapper, hosts: tuple[str, ...] = ()) -> Kind:
    return kind_of(C.AUTHENTICATION, activity_id, parts, (SUBJECT, TARGET), _ADDRESSES, hosts=hosts)


KINDS: Final = under(
    CHANNEL,
    {
        4624: _authentication(1, logon(1), ("WorkstationName",)),
        4625: _authentication(1, logon(2), ("WorkstationName",)),
        (4634, 4647): _authentication(2, logon(1)),
        4648: _authentication(1, explicit_credentials),
        4649: _authentication(99, logon(2)),
        (4768, 4772): _authentication(3, ticket),
        (4769, 4773): _authentication(4, ticket),
        4770: _authentication(5, ticket),
        4771: _authentication(6, ticket),
        (4776, 4777): _authentication(1, ntlm, ("Workstation",)),
        4825: kind_of(C.AUTHENTICATION, 1, logon(2), (("AccountDomain", "AccountName"),), ("ClientAddress",)),
        4778: kind_of(C.AUTHENTICATION, 1, logon(1), (("AccountDomain", "AccountName"),), ("ClientAddress",)),
        4779: kind_of(C.AUTHENTICATION, 2, logon(1), (("AccountDomain", "AccountName"),), ("ClientAddress",)),
        (4800, 4802): _authentication(2, session_locked),
        (4801, 4803): _authentication(1, session_locked),
        (4672, 4703): kind_of(C.AUTHORIZE_SESSION, 1, special_privileges),
        (4627, 4964): kind_of(C.AUTHORIZE_SESSION, 2, groups_of_session),
    },
)
