"""Windows events: whichever way they come, the same flat form and the same event."""

from typing import Any

import orjson
import pytest

from runtime.errors import Rejected
from services.ingest.__main__ import normalizer
from services.ingest.core import Context, Normalized
from services.ingest.ports import AUTO, Hints
from services.ingest.windows.flatten import flattened

DATA = {
    "TargetUserName": "jo",
    "TargetDomainName": "CORP",
    "LogonType": "3",
    "IpAddress": "::ffff:192.0.2.7",
    "IpPort": "50001",
}
FLAT = {"EventID": 4624, "Channel": "Security", "Computer": "srv-1.corp.example", "Provider_Name": "P",
        "TimeCreated": "2024-03-05T08:00:00Z", **DATA}  # fmt: skip
NESTED = {
    "Event": {
        "System": {
            "Provider": {"#attributes": {"Name": "P"}}, "EventID": {"#attributes": {"Qualifiers": 0}, "#text": 4624},
            "TimeCreated": {"#attributes": {"SystemTime": "2024-03-05T08:00:00Z"}}, "Channel": "Security",
            "Computer": "srv-1.corp.example", "Correlation": None,
        },
        "EventData": DATA,
    }
}  # fmt: skip
WINLOGBEAT = {
    "@timestamp": "2024-03-05T08:00:00Z",
    "winlog": {
        "event_id": "4624",
        "channel": "Security",
        "computer_name": "srv-1.corp.example",
        "provider_name": "P",
        "event_data": DATA,
    },
}
ROW = {
    "TimeGenerated": "2024-03-05T08:00:00Z",
    "EventID": 4624,
    "Channel": "Security",
    "Computer": "srv-1.corp.example",
    "Provider": "P",
}
SENTINEL_JSON = ROW | {"EventData": orjson.dumps(DATA).decode()}
SENTINEL_XML = ROW | {
    "EventData": "<EventData xmlns='x'>"
    + "".join(f'<Data Name="{name}">{value}</Data>' for name, value in DATA.items())
    + "</EventData>"
}


def made(native: object) -> Normalized:
    return normalizer().normalize(orjson.dumps(native), Context("acme", b"k", AUTO, "p", Hints(at=5)))


def event_of(native: object) -> dict[str, Any]:
    event: dict[str, Any] = orjson.loads(made(native).value)
    return event


@pytest.mark.parametrize(
    "shape",
    [FLAT, NESTED, WINLOGBEAT, SENTINEL_JSON, SENTINEL_XML],
    ids=["flat", "nested", "winlogbeat", "json", "xml"],
)
def test_every_shape_is_the_same_event(shape: object) -> None:
    event = event_of(shape)
    assert (event["class_uid"], event["time"], event["logon_type_id"]) == (3002, 1_709_625_600_000, 3)
    assert (event["user"], event["src_endpoint"]) == (
        {"name": "jo", "domain": "CORP"},
        {"ip": "192.0.2.7", "port": 50001},
    )
    assert {name: event["unmapped"][name] for name in ("EventID", "Channel", *DATA)} == {
        "EventID": 4624,
        "Channel": "Security",
        **DATA,
    }
    assert [one["value"] for one in made(shape).observables] == ["SRV-1", "CORP\\jo", "192.0.2.7"]


def test_the_headers_names_win_and_the_datas_are_kept_beside() -> None:
    nested = {
        "Event": {
            "System": {"EventID": 1, "Channel": "A", "Computer": "H"},
            "EventData": {"Channel": "B", "Computer": "X", "y": 1},
        }
    }
    assert flattened(nested) == {
        "EventID": 1,
        "Channel": "A",
        "Computer": "H",
        "EventData_Channel": "B",
        "EventData_Computer": "X",
        "y": 1,
    }


@pytest.mark.parametrize(
    ("data", "flat"),
    [
        ({"Data": "one"}, {"Data": "one"}),
        ({"Data": ["one", "two"]}, {"Data": ["one", "two"]}),
        ({"Data": {"#text": ["one", "two"]}}, {"Data": ["one", "two"]}),
        (
            {"Data": [{"#attributes": {"Name": "Threat Name"}, "#text": "T"}, "loose"]},
            {"Threat Name": "T", "Data": "loose"},
        ),
        ({"Threat Name": "T", "Empty": None}, {"Threat Name": "T", "Empty": None}),
        (None, {}),
        ([], {}),
    ],
)
def test_data_elements_of_every_form(data: object, flat: dict[str, object]) -> None:
    nested = {"Event": {"System": {"EventID": 9, "Channel": "A"}, "EventData": data}}
    assert flattened(nested) == {"EventID": 9, "Channel": "A", **flat}


@pytest.mark.parametrize(
    "document", [{}, {"Event": 1}, {"Event": {"System": 1}}, {"Event": {"System": {"EventID": "x"}}}]
)
def test_what_has_no_header_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        flattened(document)


@pytest.mark.parametrize(
    ("kind", "native", "class_uid", "part"),
    [
        (("Security", 4688), {"NewProcessId": "0x1a4", "NewProcessName": "C:\\a\\b.exe", "SubjectUserName": "jo"}, 1007, "process"),
        (("Security", 4698), {"TaskName": "\\t", "TaskContent": "<Exec><Command>cmd</Command><Arguments>/c x</Arguments>"}, 1006, "job"),
        (("Security", 4769), {"TargetUserName": "jo@CORP.EXAMPLE", "ServiceName": "sql", "IpAddress": "192.0.2.1"}, 3002, "service"),
        (("Security", 4732), {"TargetUserName": "Administrators", "MemberSid": "S-1-5-21-1"}, 3006, "group"),
        (("Security", 5156), {"SourceAddress": "192.0.2.1", "DestAddress": "192.0.2.2", "Direction": "%%14593"}, 4001, "connection_info"),
        (("Security", 5145), {"IpAddress": "192.0.2.1", "ShareName": "\\\\*\\C$", "RelativeTargetName": "x\\y.exe"}, 4006, "file"),
        (("System", 7045), {"ServiceName": "s", "ImagePath": "cmd /c x"}, 201004, "win_service"),
        (("Microsoft-Windows-PowerShell/Operational", 4104), {"ScriptBlockText": "iex x"}, 1009, "script"),
        (("Windows PowerShell", 400), {"Data": ["x", "HostApplication=powershell -enc AAAA"]}, 1009, "actor"),
        (("Microsoft-Windows-Sysmon/Operational", 22), {"QueryName": "a.example", "QueryResults": "::ffff:192.0.2.9;"}, 4003, "answers"),
        (("Microsoft-Windows-Sysmon/Operational", 12), {"ProcessId": 1, "TargetObject": "HKLM\\x", "EventType": "DeleteKey"}, 201001, "reg_key"),
    ],
)  # fmt: skip
def test_kinds(kind: tuple[str, int], native: dict[str, Any], class_uid: int, part: str) -> None:
    channel, event_id = kind
    event = event_of({"EventID": event_id, "Channel": channel, "Computer": "H", **native})
    assert event["class_uid"] == class_uid
    assert part in event
    assert event["type_uid"] == class_uid * 100 + event["activity_id"]


def test_an_unknown_kind_is_a_base_event_with_its_route() -> None:
    normalized = made({"EventID": 9999, "Channel": "Some/Channel", "Computer": "H", "Message": "told"})
    assert (normalized.mapped, normalized.headers.kind) == (False, "some/channel/9999")
    assert orjson.loads(normalized.value)["message"] == "told"


def test_a_known_kind_that_lost_what_its_class_requires_is_a_base_event() -> None:
    normalized = made({"EventID": 11, "Channel": "Microsoft-Windows-Sysmon/Operational", "Computer": "H"})
    assert (normalized.mapped, normalized.headers.kind) == (False, "microsoft-windows-sysmon/operational/11")


@pytest.mark.parametrize(
    ("channel", "event_id", "category", "service"),
    [
        ("Microsoft-Windows-Sysmon/Operational", 1, "process_creation", "sysmon"),
        ("Microsoft-Windows-Sysmon/Operational", 13, "registry_set", "sysmon"),
        ("security", 4688, "process_creation", "security"),
        ("Windows PowerShell", 400, "ps_classic_start", "powershell-classic"),
        ("System", 7045, "", "system"),
        ("Unheard/Of", 1, "", ""),
    ],
)
def test_sigmas_logsource_is_decided_once(channel: str, event_id: int, category: str, service: str) -> None:
    logsource = made({"EventID": event_id, "Channel": channel, "Computer": "H"}).headers.logsource
    assert (logsource.product, logsource.category, logsource.service) == ("windows", category, service)
