"""Windows events as JSON by a shipper: flat (NXLog, Logstash exports), below ``winlog`` (Winlogbeat), or out of Sentinel."""

from collections.abc import Mapping
from typing import Any, Final

from runtime.errors import Rejected
from services.ingest.decoding import is_verbatim, object_of
from services.ingest.ports import Example, Hints, Parsed, Source
from services.ingest.values import number_of
from services.ingest.windows.event import parsed_event
from services.ingest.windows.shapes import sentinel_form, winlogbeat_form


def parse(record: bytes, hints: Hints) -> Parsed:
    """Return the event of one record.

    Raises:
        Rejected: no JSON object, or none that names channel and event id.
    """
    document = object_of(record)
    if type(document.get("EventID")) is int and type(document.get("EventData")) is not str:
        return parsed_event(document, record if is_verbatim(record) else None, hints.at)
    return parsed_event(_flat(document), None, hints.at)


def _flat(document: Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(document.get("winlog"), Mapping):
        return winlogbeat_form(document)
    if isinstance(document.get("EventData"), str):
        return sentinel_form(document)
    event_id = number_of(document.get("EventID"))
    if event_id is None:
        raise Rejected("no Windows event: it names no EventID")
    return {**document, "EventID": event_id}


def recognises(record: bytes, hints: Hints) -> bool:  # noqa: ARG001  the contract's second argument
    """Whether the record names a channel and an event id at its top, or Winlogbeat's own object."""
    if b'"EventID"' in record and b'"Channel"' in record:
        return b'"Event"' not in record[:200]
    return b'"winlog"' in record and b'"event_id"' in record


_SYSMON_1: Final = (
    b'{"EventTime":"2024-03-05 09:15:02","Hostname":"WKS-07.corp.example","EventID":1,'
    b'"SourceName":"Microsoft-Windows-Sysmon","Channel":"Microsoft-Windows-Sysmon/Operational","RecordNumber":771,'
    b'"UtcTime":"2024-03-05 08:15:01.250","ProcessGuid":"{11111111-2222-3333-4444-555555555555}","ProcessId":"4242",'
    b'"Image":"C:\\\\Windows\\\\System32\\\\whoami.exe","CommandLine":"whoami /all","User":"CORP\\\\Jo.Doe",'
    b'"IntegrityLevel":"Medium","Hashes":"MD5=00112233445566778899AABBCCDDEEFF",'
    b'"ParentProcessGuid":"{11111111-2222-3333-4444-666666666666}","ParentProcessId":"900",'
    b'"ParentImage":"C:\\\\Windows\\\\System32\\\\cmd.exe","ParentCommandLine":"cmd.exe"}'
)
_LOGON_FAILED: Final = (
    b'{"@timestamp":"2024-03-05T08:16:04.500Z","EventReceivedTime":"2024-03-05 09:16:04","EventTime":"2024-03-05 09:16:01",'
    b'"EventID":4625,"Channel":"Security","Hostname":"srv-02.corp.example","SourceName":"Microsoft-Windows-Security-Auditing",'
    b'"TargetUserName":"jo.doe","TargetDomainName":"CORP","LogonType":"3","IpAddress":"203.0.113.9","IpPort":"50122",'
    b'"WorkstationName":"WKS-07","Status":"0xc000006d","SubStatus":"0xc000006a","SubjectUserName":"-","SubjectLogonId":"0x0"}'
)
_WINLOGBEAT: Final = (
    b'{"@timestamp":"2024-03-05T08:17:00.000Z","host":{"name":"wks-07"},"winlog":{"channel":"System","event_id":7045,'
    b'"provider_name":"Service Control Manager","computer_name":"WKS-07.corp.example","record_id":9001,'
    b'"event_data":{"ServiceName":"backup agent","ImagePath":"C:\\\\Program Files\\\\Backup\\\\agent.exe",'
    b'"AccountName":"LocalSystem","StartType":"auto start"}},"message":"A service was installed in the system."}'
)

SOURCE: Final[Source] = Source(
    name="windows_event_json",
    parse=parse,
    recognises=recognises,
    order=10,
    examples=(
        Example(
            _SYSMON_1,
            kind="microsoft-windows-sysmon/operational/1",
            class_uid=1007,
            time=1_709_626_501_250,
            expected={
                "activity_id": 1,
                "process.pid": 4242,
                "process.name": "whoami.exe",
                "process.parent_process.name": "cmd.exe",
                "actor.user.domain": "CORP",
                "device.hostname": "WKS-07.corp.example",
                "metadata.event_code": "1",
            },
            native={"EventID": 1, "CommandLine": "whoami /all"},
        ),
        Example(
            _LOGON_FAILED,
            kind="security/4625",
            class_uid=3002,
            time=1_709_626_561_000,
            expected={"status_id": 2, "user.name": "jo.doe", "src_endpoint.ip": "203.0.113.9", "logon_type_id": 3},
            native={"EventID": 4625, "Channel": "Security"},
        ),
        Example(
            _WINLOGBEAT,
            kind="system/7045",
            class_uid=201004,
            time=1_709_626_620_000,
            expected={"win_service.name": "backup agent", "activity_id": 1},
            native={"EventID": 7045, "Channel": "System", "Provider_Name": "Service Control Manager"},
        ),
    ),
)
