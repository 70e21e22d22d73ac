"""What PowerShell and the service manager report."""

import base64
from uuid import NAMESPACE_URL, uuid5

from lab.recording.estate import Machine, Process
from lab.recording.journal import Feed, Fields, Journal

CLASSIC = Feed("PowerShell", "Windows PowerShell")
OPERATIONAL = Feed(
    "Microsoft-Windows-PowerShell", "Microsoft-Windows-PowerShell/Operational", "{A0C1853B-5C40-4B15-8766-3CF1C58F985A}"
)
MANAGER = Feed("Service Control Manager", "System", "{555908D1-A6D7-4695-8E1E-26931D2012F4}")


def encoded(script: str) -> str:
    """Return a script as ``-EncodedCommand`` takes it."""
    return base64.b64encode(script.encode("utf-16-le")).decode()


class Scripts:
    """Writes the PowerShell channels and System 7045, 7036. Instants are epoch milliseconds."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def engine_started(self, process: Process, instant: int) -> None:
        """400 of the classic channel; it knows no process id."""
        host_id = uuid5(NAMESPACE_URL, process.guid)
        message = (
            "Engine state is changed from None to Available. \r\n\r\nDetails: \r\n\tNewEngineState=Available\r\n"
            "\tPreviousEngineState=None\r\n\r\n\tSequenceNumber=13\r\n\r\n\tHostName=ConsoleHost\r\n"
            f"\tHostVersion=5.1.19041.3636\r\n\tHostId={host_id}\r\n\tHostApplication={process.command}\r\n"
            "\tEngineVersion=5.1.19041.3636\r\n\tRunspaceId=\r\n\tPipelineId=\r\n\tCommandName=\r\n\tCommandType=\r\n"
            "\tScriptName=\r\n\tCommandPath=\r\n\tCommandLine="
        )
        fields: Fields = {"Task": 4, "Category": "Engine Lifecycle", "EventType": "INFO", "Message": message}
        self._journal.write(CLASSIC, process.machine, instant, 400, fields, pid=0)

    def command_ran(self, process: Process, instant: int, command: str, payload: str) -> None:
        """4103."""
        context = (
            "        Severity = Informational\r\n        Host Name = ConsoleHost\r\n        Host Version = 5.1.19041.3636\r\n"
            f"        Host ID = {uuid5(NAMESPACE_URL, process.guid)}\r\n        Host Application = {process.command}\r\n"
            f"        Engine Version = 5.1.19041.3636\r\n        Command Name = {command}\r\n        Command Type = Cmdlet\r\n"
            f"        User = {process.logon.account.qualified}\r\n        Shell ID = Microsoft.PowerShell\r\n"
        )
        fields: Fields = {
            **_runner(process),
            "Task": 106,
            "Category": "Executing Pipeline",
            "ContextInfo": context,
            "Payload": f'CommandInvocation({command}): "{command}"\r\n{payload}\r\n',
        }
        self._journal.write(OPERATIONAL, process.machine, instant, 4103, fields, pid=process.pid)

    def block_compiled(self, process: Process, instant: int, text: str) -> None:
        """4104."""
        fields: Fields = {
            **_runner(process),
            "Task": 2,
            "Category": "Execute a Remote Command",
            "MessageNumber": "1",
            "MessageTotal": "1",
            "ScriptBlockText": text,
            "ScriptBlockId": str(uuid5(NAMESPACE_URL, process.guid + text)),
            "Path": "",
        }
        self._journal.write(OPERATIONAL, process.machine, instant, 4104, fields, pid=process.pid)

    def service_installed(self, machine: Machine, instant: int, name: str, command: str) -> None:
        """7045."""
        fields: Fields = {
            "EventType": "INFO",
            "Task": 0,
            "ServiceName": name,
            "ImagePath": command,
            "ServiceType": "user mode service",
            "StartType": "demand start",
            "AccountName": "LocalSystem",
        }
        self._journal.write(MANAGER, machine, instant, 7045, fields, pid=machine.running["services"].pid)

    def service_state(self, machine: Machine, instant: int, name: str, state: str) -> None:
        """7036."""
        fields: Fields = {"EventType": "INFO", "Task": 0, "param1": name, "param2": state}
        self._journal.write(MANAGER, machine, instant, 7036, fields, pid=machine.running["services"].pid)


def _runner(process: Process) -> Fields:
    account = process.logon.account
    return {"EventType": "INFO", "UserID": account.sid, "AccountName": account.name, "Domain": account.domain}
