"""Windows events as EVTX files hold them: Event.System, EventData, UserData, with ``#attributes``; compact or pretty-printed."""

from typing import Final

from services.ingest.decoding import object_of
from services.ingest.ports import Example, Hints, Parsed, Source
from services.ingest.windows.event import parsed_event
from services.ingest.windows.flatten import flattened


def parse(record: bytes, hints: Hints) -> Parsed:
    """Return the event of one record; the native object is its flat form.

    Raises:
        Rejected: no JSON object of that shape.
    """
    return parsed_event(flattened(object_of(record)), None, hints.at)


def recognises(record: bytes, hints: Hints) -> bool:  # noqa: ARG001  the contract's second argument
    """Whether the record nests a System header below Event."""
    return b'"Event"' in record[:200] and b'"System"' in record


_TASK_DELETED: Final = b"""{
  "Event": {
    "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
    "System": {
      "Provider": {"#attributes": {"Name": "Microsoft-Windows-Security-Auditing"}},
      "EventID": 4699,
      "Version": 1,
      "TimeCreated": {"#attributes": {"SystemTime": "2024-03-05T08:20:00.123456Z"}},
      "EventRecordID": 5150,
      "Execution": {"#attributes": {"ProcessID": 640, "ThreadID": 652}},
      "Channel": "Security",
      "Computer": "WKS-07.corp.example",
      "Security": null
    },
    "EventData": {
      "SubjectUserName": "jo.doe",
      "SubjectDomainName": "CORP",
      "SubjectLogonId": "0x3e7",
      "TaskName": "\\\\Backup nightly"
    }
  }
}"""
_DEFENDER: Final = (
    b'{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Windows Defender"}},"EventID":1116,'
    b'"TimeCreated":{"#attributes":{"SystemTime":"2024-03-05T08:21:00.5Z"}},"EventRecordID":12,'
    b'"Channel":"Microsoft-Windows-Windows Defender/Operational","Computer":"WKS-07"},'
    b'"EventData":{"Threat Name":"Test:File/Sample","Path":"file:_C:\\\\Temp\\\\sample.txt"}}}'
)
_CLEARED: Final = (
    b'{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Eventlog"}},"EventID":{"#text":104},'
    b'"TimeCreated":{"#attributes":{"SystemTime":"2024-03-05T08:22:00Z"}},"Channel":"System","Computer":"WKS-07"},'
    b'"UserData":{"LogFileCleared":{"#attributes":{"xmlns":"x"},"SubjectUserName":"jo.doe","SubjectDomainName":"CORP",'
    b'"Channel":"Application"}}}}'
)

SOURCE: Final[Source] = Source(
    name="windows_evtx",
    parse=parse,
    recognises=recognises,
    order=10,
    examples=(
        Example(
            _TASK_DELETED,
            kind="security/4699",
            class_uid=1006,
            time=1_709_626_800_123,
            expected={"job.name": "\\Backup nightly", "activity_id": 3, "actor.user.name": "jo.doe"},
            native={"EventID": 4699, "EventRecordID": 5150, "Computer": "WKS-07.corp.example"},
        ),
        Example(
            _DEFENDER,
            kind="microsoft-windows-windows defender/operational/1116",
            class_uid=2004,
            time=1_709_626_860_500,
            expected={"finding_info.title": "Test:File/Sample"},
            native={"Threat Name": "Test:File/Sample", "Provider_Name": "Microsoft-Windows-Windows Defender"},
        ),
        Example(
            _CLEARED,
            kind="system/104",
            class_uid=1008,
            time=1_709_626_920_000,
            expected={"activity_id": 1, "log_name": "Application", "actor.user.name": "jo.doe"},
            native={"EventID": 104, "Channel": "System", "UserData_Channel": "Application"},
        ),
    ),
)
