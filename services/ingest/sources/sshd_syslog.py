"""OpenSSH's server as syslog writes it, with or without a header; lines of other programs become base events."""

from typing import Any, Final

from schemas.event import LogSource
from schemas.ocsf.classes import VERSION, OcsfClass, head_of
from schemas.ocsf.objects import Event, Observable
from services.ingest.decoding import first_byte, text_of_record
from services.ingest.patterns import compiled
from services.ingest.ports import Example, Hints, Parsed, Source
from services.ingest.syslog import Line, bare_line, line_of
from services.ingest.unknown import base_event
from services.ingest.values import account_seen, address_id, address_seen, compact, host_id, host_seen

_PROGRAMS: Final = frozenset({"sshd", "sshd-session", "sshd-auth"})
_SERVICES: Final = {"sudo": "sudo", "su": "auth", "login": "auth", "cron": "cron", "crond": "cron", "CRON": "cron",
                    "auditd": "auditd", "vsftpd": "vsftpd", "clamd": "clamav"}  # fmt: skip
_SSHD: Final = LogSource("linux", "", "sshd")

_NAME: Final = 256
_LOGON, _LOGOFF = 1, 2
_SUCCESS, _FAILURE = 1, 2

# What sshd says, and what it means: kind, whether it is about an account (activity, outcome) or about a connection.
# Whoever knocks chooses the user's name, and with it most of the line: a name takes all that it can (bounded, another
# address inside it would be believed), so that the address is the one that sshd wrote itself.
_SAYINGS: Final = tuple(
    (compiled(pattern), kind, activity, outcome)
    for pattern, kind, activity, outcome in (
        (r"^Accepted (?P<method>\S{1,64}) for (?P<user>.{0,256}?) from (?P<ip>\S{1,255}) port (?P<port>\d{1,5})",
         "accepted", _LOGON, _SUCCESS),
        ((r"^Failed (?P<method>\S{1,64}) for (?P<invalid>invalid user )?(?P<user>.*) from (?P<ip>\S{1,255}) port (?P<port>\d{1,5})"
          r"(?: ssh\d)?(?:: \S+ \S+)?(?: \[preauth\])?$"),
         "failed", _LOGON, _FAILURE),
        # whoever knocks chooses a certificate's name as well, which stands behind the address: neither name may hold blanks
        ((r"^Failed (?P<method>\S{1,64}) for (?P<invalid>invalid user )?(?P<user>\S{1,256}) from (?P<ip>\S{1,255}) port (?P<port>\d{1,5})"
          r" ssh\d: \S+ \S+ ID \S+ \(serial \d+\) CA \S+ \S+$"),
         "failed", _LOGON, _FAILURE),
        (r"^(?:Invalid|Illegal) user (?P<user>.*) from (?P<ip>\S{1,255})(?: port (?P<port>\d{1,5}))?",
         "invalid_user", _LOGON, _FAILURE),
        (r"^input_userauth_request: invalid user (?P<user>.{0,256}?)(?: \[preauth\])?$", "invalid_user", _LOGON, _FAILURE),
        (r"^(?:pam_unix\(sshd:auth\): )?authentication failure;.{0,512}? rhost=(?P<ip>\S{0,255})(?: +user=(?P<user>\S{1,256}))?",
         "pam_failure", _LOGON, _FAILURE),
        (r"^PAM \d+ more authentication failures?;.{0,512}? rhost=(?P<ip>\S{0,255})(?: +user=(?P<user>\S{1,256}))?",
         "pam_failure", _LOGON, _FAILURE),
        (r"^(?:pam_unix\(sshd:session\): )?session opened for user (?P<user>[^\s(]{1,256})", "session_opened", _LOGON, _SUCCESS),
        (r"^(?:pam_unix\(sshd:session\): )?session closed for user (?P<user>[^\s(]{1,256})", "session_closed", _LOGOFF, _SUCCESS),
        (r"^(?:error: )?maximum authentication attempts exceeded for (?:invalid user )?(?P<user>.*) from (?P<ip>\S{1,255}) port (?P<port>\d{1,5})",
         "too_many_failures", _LOGON, _FAILURE),
        (r"^User (?P<user>\S{1,256}) from (?P<ip>\S{1,255}) not allowed", "not_allowed", _LOGON, _FAILURE),
        ((r"^Disconnecting:? (?:invalid user |authenticating user )?(?:(?P<user>.*) )?(?P<ip>[0-9a-fA-F.:]{2,45}) port (?P<port>\d{1,5})"
          r": Too many authentication failures(?: \[preauth\])?$"),
         "too_many_failures", _LOGON, _FAILURE),
        (r"^Disconnecting: Too many authentication failures for (?P<user>.{1,256}?)(?: from \S+ port \d+ ssh2)?(?: \[preauth\])?$",
         "too_many_failures", _LOGON, _FAILURE),
        ((r"^(?:Disconnected from|Connection closed by|Connection reset by) (?:invalid user|authenticating user|user) (?P<user>.*)"
         r" (?P<ip>[0-9a-fA-F.:]{2,45}) port (?P<port>\d{1,5})(?: \[preauth\])?$"),
         "disconnected", 2, 0),
        ((r"^(?:error: )?(?:Received disconnect from|Disconnected from|Connection closed by|Connection reset by)"
         r" (?:(?:invalid user|authenticating user|user) (?P<user>\S{0,256}) )?(?P<ip>[0-9a-fA-F.:]{2,45}?)(?:: ?\d+:.*|:? port (?P<port>\d{1,5}).*| .*)?$"),
         "disconnected", 2, 0),
        (r"^reverse mapping checking getaddrinfo for .{0,1000} \[(?P<ip>[^\]\s]{1,64})\] failed", "reverse_mapping", 99, 0),
        (r"^Address (?P<ip>\S{1,255}) maps to ", "reverse_mapping", 99, 0),
        (r"^Did not receive identification string from (?P<ip>\S{1,255})(?: port (?P<port>\d{1,5}))?", "scanned", 99, 0),
        (r"^Connection from (?P<ip>\S{1,255}) port (?P<port>\d{1,5})", "connected", 1, 0),
    )
)  # fmt: skip
_REPEATED: Final = compiled(r"^message repeated (\d{1,9}) times: \[ ?(.*)\]$")
_BARE: Final = compiled(
    r"^(Accepted \S+ for |Failed \S+ for |Invalid user |Connection (closed|reset) by |Received disconnect from |Disconnected from )"
)


def parse(record: bytes, hints: Hints) -> Parsed:
    """Return the event of one line.

    Raises:
        Rejected: no text.
    """
    text = text_of_record(record).rstrip("\r\n")
    line = line_of(text, hints) or bare_line(text, "sshd" if _BARE.match(text) else "", hints)
    if line.program in _PROGRAMS:
        return _sshd(line, hints)
    service = _SERVICES.get(line.program, "syslog")
    return _plain(line, hints, "syslog", LogSource("linux", "", service))


def _sshd(line: Line, hints: Hints) -> Parsed:
    repeated = _REPEATED.match(line.message)
    count, message = (int(repeated[1]), repeated[2]) if repeated else (1, line.message)
    for pattern, kind, activity, outcome in _SAYINGS:
        found = pattern.match(message)
        if found is not None:
            said = {name: value[:_NAME] for name, value in found.groupdict().items() if value}
            return _said(line, hints, f"sshd/{kind}", said, (activity, outcome, count))
    return _plain(line, hints, "sshd/other", _SSHD)


def _said(line: Line, hints: Hints, kind: str, said: dict[str, str], meaning: tuple[int, int, int]) -> Parsed:
    """Return the event of a saying: authentication where it names an account and an outcome, else SSH activity."""
    activity, outcome, count = meaning
    address = address_id(said.get("ip"))
    if said.get("user") and outcome:
        event = _authentication(line, said, activity, outcome)
    elif address:
        event = {**head_of(OcsfClass.SSH, activity if outcome == 0 else 4), "src_endpoint": _source(said)}
    else:
        return _plain(line, hints, kind, _SSHD)
    if count > 1:
        event["count"] = count
    if line.host:
        event["device"] = {"hostname": line.host, "type_id": 0}
    event["time"] = line.time
    event["metadata"] = _metadata(line)
    observables = _observables(line.host, said)
    native = _native(line, said)
    entity = host_id(line.host) or address
    return Parsed(event, native, _SSHD, kind, line.time, line.quality, observables, entity)


def _authentication(line: Line, said: dict[str, str], activity: int, outcome: int) -> Event:
    user = compact({"name": said["user"], "domain": line.host or None})
    event: Event = {
        **head_of(OcsfClass.AUTHENTICATION, activity),
        "user": user,
        "service": {"name": "sshd"},
        "status_id": outcome,
        "is_remote": True,
        "logon_type_id": 3,
    }
    source = _source(said)
    if source:
        event["src_endpoint"] = source
    return event


def _source(said: dict[str, str]) -> dict[str, Any] | None:
    text = said.get("ip")
    if not text:
        return None
    address = address_id(text)
    port = int(said.get("port", "0"))
    return compact({"ip" if address else "hostname": address or text, "port": port if 0 < port <= 65_535 else None})


def _native(line: Line, said: dict[str, str]) -> dict[str, Any]:
    fields = {
        "message": line.message,
        "host": line.host or None,
        "program": line.program or None,
        "pid": line.pid,
        "priority": line.priority,
        "user": said.get("user"),
        "source_ip": said.get("ip"),
        "source_port": int(said["port"]) if "port" in said else None,
        "method": said.get("method"),
        "invalid_user": True if "invalid" in said else None,
    }
    return compact(fields)


def _observables(host: str, said: dict[str, str]) -> list[Observable]:
    seen = (
        host_seen("device.hostname", host),
        account_seen("user", host, said.get("user")) if host else None,
        address_seen("src_endpoint.ip", said.get("ip")),
    )
    return [one for one in seen if one is not None]


def _metadata(line: Line) -> dict[str, Any]:
    fields = {
        "version": VERSION,
        "product": {"name": "OpenSSH", "vendor_name": "OpenBSD"},
        "profiles": ["host"],
        "log_provider": line.program,
        "original_time": line.original or None,
        "labels": [f"time:{line.quality}"],
    }
    return compact(fields)


def _plain(line: Line, hints: Hints, kind: str, logsource: LogSource) -> Parsed:
    """Return the base event of a line that no saying fits."""
    native = _native(line, {})
    if line.module:
        native["module"] = line.module
    parsed = base_event(
        native, None, kind, logsource, Hints(at=line.time, host=line.host or hints.host), message=line.message
    )
    parsed.quality = line.quality
    parsed.event["metadata"]["labels"] = [f"time:{line.quality}"]
    return parsed


def recognises(record: bytes, hints: Hints) -> bool:
    """Whether the record is a line with a syslog header, or one of sshd's own without."""
    if first_byte(record) in (b"{", b"", b"#"):
        return False
    text = record[:1024].decode(errors="replace")
    return line_of(text.split("\n", 1)[0], hints) is not None or _BARE.match(text) is not None


_AT: Final = 1_709_640_000_000  # 2024-03-05T12:00:00Z

SOURCE: Final[Source] = Source(
    name="sshd_syslog",
    parse=parse,
    recognises=recognises,
    order=40,
    examples=(
        Example(
            b"<38>Mar  5 08:40:01 gw-1 sshd[811]: Failed password for invalid user admin from 203.0.113.40 port 40022 ssh2",
            kind="sshd/failed",
            class_uid=3002,
            time=1_709_628_001_000,
            expected={
                "user.name": "admin",
                "src_endpoint.ip": "203.0.113.40",
                "src_endpoint.port": 40022,
                "status_id": 2,
            },
            native={"user": "admin", "source_ip": "203.0.113.40", "invalid_user": True, "program": "sshd"},
            hints=Hints(at=_AT),
        ),
        Example(
            b"<38>1 2024-03-05T08:41:00.250Z gw-1.corp.example sshd 812 - - Accepted publickey for ops from 2001:db8::7 port 51000 ssh2",
            kind="sshd/accepted",
            class_uid=3002,
            time=1_709_628_060_250,
            expected={
                "user.name": "ops",
                "src_endpoint.ip": "2001:db8::7",
                "status_id": 1,
                "device.hostname": "gw-1.corp.example",
            },
            native={"method": "publickey"},
        ),
        Example(
            b"Invalid user test from 203.0.113.41 port 40100",
            kind="sshd/invalid_user",
            class_uid=3002,
            time=_AT,
            expected={"user.name": "test", "device.hostname": "gw-2"},
            hints=Hints(at=_AT, host="gw-2"),
        ),
        Example(
            b"Mar  5 08:42:00 gw-1 sshd[813]: Connection closed by 203.0.113.42 port 40200 [preauth]",
            kind="sshd/disconnected",
            class_uid=4007,
            time=1_709_628_120_000,
            expected={"activity_id": 2, "src_endpoint.ip": "203.0.113.42"},
            hints=Hints(at=_AT),
        ),
        Example(
            b"2024-03-05T08:43:00+00:00 gw-1 kernel: eth0: link up",
            kind="syslog",
            class_uid=0,
            time=1_709_628_180_000,
            expected={"raw_data": "eth0: link up"},
            native={"program": "kernel", "host": "gw-1"},
        ),
    ),
)
