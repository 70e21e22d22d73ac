"""How many records per second and core become events, beside what parsing their JSON alone costs.

The records are made up here: Sysmon and Security events as a shipper writes them, about 1.7 KB each. Where recordings are at
hand (``STANCH_DATA``), their mixed Windows lane is measured as well.
"""

from collections.abc import Sequence

import orjson

from benchmarks._lanes import REAL, lanes
from benchmarks._rates import rates
from schemas.identity import REPLAY_KEY
from services.ingest.__main__ import normalizer
from services.ingest.core import Context
from services.ingest.ports import AUTO, Hints

RECORDS = 20_000


def main() -> None:
    """Measure and print the table."""
    print(f"{'lane':<22}{'bytes':>7}{'loads/s':>16}{'events/s':>16}{'events / loads':>16}")
    _report("sysmon, made up", made_up(RECORDS))
    found = lanes(RECORDS)
    if REAL in found:
        _report(REAL, found[REAL])


def made_up(count: int) -> list[bytes]:
    """Return ``count`` records of four kinds, each with values of its own."""
    return [orjson.dumps({**_COMMON, **_KINDS[index % 4], **_own(index)}) for index in range(count)]


def _own(index: int) -> dict[str, object]:
    return {
        "ProcessId": str(1000 + index % 5000),
        "RecordNumber": index,
        "UtcTime": f"2024-03-05 08:{index // 600 % 60:02d}:{index // 10 % 60:02d}.{index % 1000:03d}",
        "ProcessGuid": f"{{11111111-2222-3333-4444-{index:012d}}}",
        "Hostname": f"WKS-{index % 40:02d}.corp.example",
    }


def _report(lane: str, records: Sequence[bytes]) -> None:
    normalize = normalizer().normalize
    contexts = [Context("bench", REPLAY_KEY, AUTO, f"bench:{index}", Hints()) for index in range(len(records))]

    def parse() -> None:
        for record in records:
            orjson.loads(record)

    def make_events() -> None:
        for record, context in zip(records, contexts, strict=True):
            normalize(record, context)

    found = rates(len(records), {"loads": parse, "events": make_events})
    size, ratio = sum(map(len, records)) // len(records), found["events"].middle / found["loads"].middle
    print(f"{lane:<22}{size:>7}{found['loads']!s:>16}{found['events']!s:>16}{ratio:>16.2f}")


_COMMON = {
    "EventTime": "2024-03-05 09:15:02", "EventReceivedTime": "2024-03-05 09:15:04", "@timestamp": "2024-03-05T08:15:05.000Z",
    "Channel": "Microsoft-Windows-Sysmon/Operational", "SourceName": "Microsoft-Windows-Sysmon", "Keywords": -9223372036854775808,
    "ProviderGuid": "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}", "ExecutionProcessID": 3172, "ThreadID": 4072, "Severity": "INFO",
    "SeverityValue": 2, "EventType": "INFO", "AccountName": "SYSTEM", "AccountType": "User", "Domain": "NT AUTHORITY",
    "UserID": "S-1-5-18", "SourceModuleType": "im_msvistalog", "SourceModuleName": "eventlog", "Opcode": "Info", "Version": 5,
    "Message": "A made up message, as long as the rendered text of such an event is. " * 7, "tags": ["benchmark"], "port": 5044,
}  # fmt: skip
_KINDS: tuple[dict[str, object], ...] = (
    {
        "EventID": 1, "Task": 1, "Image": "C:\\Windows\\System32\\cmd.exe", "CommandLine": "cmd.exe /c dir C:\\Users\\Public",
        "User": "CORP\\jo.doe", "IntegrityLevel": "Medium", "LogonId": "0x3e7", "CurrentDirectory": "C:\\Users\\jo.doe\\",
        "Hashes": "MD5=00112233445566778899AABBCCDDEEFF,SHA256=" + "AB" * 32, "Company": "Microsoft Corporation",
        "OriginalFileName": "Cmd.Exe", "ParentProcessGuid": "{11111111-2222-3333-4444-666666666666}", "ParentProcessId": "900",
        "ParentImage": "C:\\Windows\\explorer.exe", "ParentCommandLine": "C:\\Windows\\Explorer.EXE",
    },
    {
        "EventID": 10, "Task": 10, "SourceImage": "C:\\Windows\\System32\\svchost.exe", "SourceProcessId": "812",
        "TargetImage": "C:\\Windows\\System32\\lsass.exe", "TargetProcessId": "640", "GrantedAccess": "0x1000",
        "SourceProcessGUID": "{11111111-2222-3333-4444-777777777777}", "CallTrace": "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4|" * 4,
        "TargetProcessGUID": "{11111111-2222-3333-4444-888888888888}",
    },
    {
        "EventID": 13, "Task": 13, "Image": "C:\\Windows\\System32\\svchost.exe", "EventType": "SetValue", "Details": "DWORD (0x1)",
        "TargetObject": "HKLM\\System\\CurrentControlSet\\Services\\bam\\State\\UserSettings\\S-1-5-18\\SequenceNumber",
    },
    {
        "EventID": 3, "Task": 3, "Image": "C:\\Program Files\\Browser\\browser.exe", "User": "CORP\\jo.doe", "Protocol": "tcp",
        "Initiated": "true", "SourceIp": "192.0.2.15", "SourcePort": "50123", "DestinationIp": "198.51.100.9",
        "DestinationPort": "443",
    },
)  # fmt: skip
