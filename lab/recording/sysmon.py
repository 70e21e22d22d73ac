"""Sysmon's events, field by field (schema: Microsoft Sysinternals, Sysmon 15; names as nxlog ships them)."""

from lab.recording import images
from lab.recording.estate import Process
from lab.recording.journal import Feed, Fields, Journal, utc

FEED = Feed(
    "Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational", "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"
)
_PID = 3312
_CATEGORY = {
    1: "Process Create (rule: ProcessCreate)",
    3: "Network connection detected (rule: NetworkConnect)",
    5: "Process terminated (rule: ProcessTerminate)",
    7: "Image loaded (rule: ImageLoad)",
    8: "CreateRemoteThread detected (rule: CreateRemoteThread)",
    10: "Process accessed (rule: ProcessAccess)",
    11: "File created (rule: FileCreate)",
    13: "Registry value set (rule: RegistryEvent)",
    15: "File stream created (rule: FileCreateStreamHash)",
    22: "Dns query (rule: DnsQuery)",
}


class Sysmon:
    """Writes what Sysmon reports. Instants are epoch milliseconds."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def _write(self, process: Process, instant: int, event_id: int, fields: Fields) -> None:
        common = {
            "Task": event_id,
            "Category": _CATEGORY[event_id],
            "RuleName": "-",
            "UtcTime": utc(instant),
            "UserID": "S-1-5-18",
        }
        self._journal.write(FEED, process.machine, instant, event_id, {**common, **fields}, pid=_PID)

    def started(self, process: Process) -> None:
        """Event 1."""
        parent = process.parent
        windows = "\\windows\\" in process.image.lower()
        fields: Fields = {
            **_of(process),
            **images.version(process.name, windows),
            "CommandLine": process.command,
            "CurrentDirectory": process.image.rpartition("\\")[0] + "\\",
            "LogonGuid": f"{{{process.machine.tag}-0000-0000-{process.logon.id & 0xFFFF:04x}-{process.logon.id >> 16:08x}0000}}",
            "LogonId": process.logon.text,
            "TerminalSessionId": str(process.logon.number),
            "IntegrityLevel": process.integrity,
            "Hashes": images.hashes(process.name),
        }
        if parent is not None:
            fields |= {
                "ParentProcessGuid": parent.guid,
                "ParentProcessId": str(parent.pid),
                "ParentImage": parent.image,
                "ParentCommandLine": parent.command,
                "ParentUser": parent.logon.account.qualified,
            }
        self._write(process, process.started, 1, fields)

    def ended(self, process: Process, instant: int) -> None:
        """Event 5."""
        self._write(process, instant, 5, _of(process))

    def connected(
        self,
        process: Process,
        instant: int,
        source: tuple[str, int],
        target: tuple[str, int],
        *,
        initiated: bool = True,
        protocol: str = "tcp",
    ) -> None:
        """Event 3, on either side."""
        fields: Fields = {
            "Protocol": protocol,
            "Initiated": "true" if initiated else "false",
            "SourceIsIpv6": "false",
            "SourceIp": source[0],
            "SourceHostname": "-",
            "SourcePort": str(source[1]),
            "SourcePortName": "-",
            "DestinationIsIpv6": "false",
            "DestinationIp": target[0],
            "DestinationHostname": "-",
            "DestinationPort": str(target[1]),
            "DestinationPortName": "-",
        }
        self._write(process, instant, 3, {**_of(process), **fields})

    def loaded(self, process: Process, instant: int, library: str, *, signed: bool = True) -> None:
        """Event 7."""
        name = library.rpartition("\\")[2]
        signature = {"Signed": "true", "Signature": "Microsoft Windows", "SignatureStatus": "Valid"}
        unsigned = {"Signed": "false", "Signature": "-", "SignatureStatus": "Unavailable"}
        fields: Fields = {"ImageLoaded": library, "Hashes": images.hashes(name), **images.version(name, signed)}
        self._write(process, instant, 7, {**_of(process), **fields, **(signature if signed else unsigned)})

    def remote_thread(self, source: Process, target: Process, instant: int, start: str) -> None:
        """Event 8; no module backs the start address."""
        fields: Fields = {
            **_pair(source, target, "Guid"),
            "NewThreadId": str(6000 + source.pid % 1900),
            "StartAddress": start,
            "StartModule": "-",
            "StartFunction": "-",
        }
        self._write(source, instant, 8, fields)

    def accessed(self, source: Process, target: Process, instant: int, access: str, trace: str) -> None:
        """Event 10."""
        fields: Fields = {
            **_pair(source, target, "GUID"),
            "SourceThreadId": str(5000 + source.pid % 1700),
            "GrantedAccess": access,
            "CallTrace": trace,
        }
        self._write(source, instant, 10, fields)

    def wrote(self, process: Process, instant: int, path: str) -> None:
        """Event 11."""
        self._write(process, instant, 11, {**_of(process), "TargetFilename": path, "CreationUtcTime": utc(instant)})

    def set_value(self, process: Process, instant: int, key: str, details: str) -> None:
        """Event 13."""
        self._write(
            process, instant, 13, {**_of(process), "EventType": "SetValue", "TargetObject": key, "Details": details}
        )

    def marked(self, process: Process, instant: int, path: str, url: str) -> None:
        """Event 15: the mark of the web on a downloaded file."""
        host = "/".join(url.split("/")[:3]) + "/"
        fields: Fields = {
            "TargetFilename": f"{path}:Zone.Identifier",
            "CreationUtcTime": utc(instant),
            "Hash": images.hashes(path.rpartition("\\")[2] + ":zone"),
            "Contents": f"[ZoneTransfer]  ZoneId=3  ReferrerUrl={host}  HostUrl={url}  ",
        }
        self._write(process, instant, 15, {**_of(process), **fields})

    def resolved(self, process: Process, instant: int, name: str, address: str) -> None:
        """Event 22."""
        fields: Fields = {"QueryName": name, "QueryStatus": "0", "QueryResults": f"::ffff:{address};"}
        self._write(process, instant, 22, {**_of(process), **fields})


def _of(process: Process) -> Fields:
    return {
        "ProcessGuid": process.guid,
        "ProcessId": str(process.pid),
        "Image": process.image,
        "User": process.logon.account.qualified,
    }


def _pair(source: Process, target: Process, guid: str) -> Fields:
    return {
        f"SourceProcess{guid}": source.guid,
        "SourceProcessId": str(source.pid),
        "SourceImage": source.image,
        f"TargetProcess{guid}": target.guid,
        "TargetProcessId": str(target.pid),
        "TargetImage": target.image,
        "SourceUser": source.logon.account.qualified,
        "TargetUser": target.logon.account.qualified,
    }
