"""What people and machines do all day: each act is small, and chosen by the dice of its machine."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from lab.recording.estate import SYSTEM32, Machine
from lab.recording.scripts import encoded
from lab.recording.stage import POWERSHELL, Desk, Stage

EDGE = "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe"
OFFICE = "C:\\Program Files\\Microsoft Office\\root\\Office16\\"
AGENT = "C:\\Program Files\\Harbour Systems\\Fleet\\fleetagent.exe"
ANTIVIRUS = "C:\\Program Files\\Northgate\\Shield\\shieldav.exe"
_READING = ("www.newsdaily.example", "cdn.newsdaily.example", "search.webfind.example", "erp.supplier.example")
_TRACE = f"{SYSTEM32}ntdll.dll+9d4c4|{SYSTEM32}KERNELBASE.dll+2c13e|"
_INVENTORY = (
    "$os = Get-CimInstance Win32_OperatingSystem; $disk = Get-Volume | Where-Object DriveType -eq 'Fixed'; "
    "[pscustomobject]@{Build=$os.BuildNumber; Free=$disk.SizeRemaining} | ConvertTo-Json | Out-File $env:ProgramData\\Fleet\\state.json"
)


@dataclass(frozen=True)
class Act:
    """What may happen next: how likely, and what it does."""

    weight: int
    play: Callable[["Everyday", Machine, Desk | None, int], None]


class Everyday:
    """Plays the acts of all machines.

    Args:
        stage: where they leave their traces.
        seed: of the dice.
    """

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._seed = seed
        self._dice = random.Random(seed)  # noqa: S311 a recording, no secret

    def play(self, machine: Machine, desk: Desk | None, start: int, end: int, times: int) -> None:
        """Play ``times`` acts on a machine between two instants."""
        self._dice = random.Random(f"{self._seed}/everyday/{machine.role}")  # noqa: S311 a recording, no secret
        acts = ACTS if desk else tuple(act for act in ACTS if act.play in SERVER_ACTS)
        instants = sorted(self._dice.randrange(start, end) for _ in range(times))
        for instant, act in zip(instants, self._dice.choices(acts, [act.weight for act in acts], k=times), strict=True):
            act.play(self, machine, desk, instant)

    def browse(self, machine: Machine, desk: Desk | None, instant: int) -> None:
        """Read a page in a fresh tab."""
        if desk is None:
            return
        browser = machine.running["browser"]
        command = f'"{EDGE}" --type=renderer --lang=en-US --renderer-client-id={self._dice.randrange(9, 99)}'
        tab = self._stage.start(browser, instant, EDGE, command)
        for step in range(self._dice.randint(1, 3)):
            self._stage.visit(browser, instant + 300 + 900 * step, self._dice.choice(_READING))
        cache = f"{desk.home}\\AppData\\Local\\Microsoft\\Edge\\User Data\\Default\\Cache\\f_{self._dice.randrange(1 << 20):06x}"
        self._stage.sysmon.wrote(browser, instant + 2_000, cache)
        self._stage.end(tab, instant + self._dice.randrange(20_000, 60_000))

    def write_document(self, machine: Machine, desk: Desk | None, instant: int) -> None:  # noqa: ARG002 one shape for all acts
        """Open a document and save it."""
        if desk is None:
            return
        program, kind = self._dice.choice((("WINWORD.EXE", "docx"), ("EXCEL.EXE", "xlsx")))
        path = f"{desk.home}\\Documents\\draft-{self._dice.randrange(400)}.{kind}"
        process = self._stage.start(desk.explorer, instant, OFFICE + program, f'"{OFFICE}{program}" "{path}"')
        self._stage.visit(process, instant + 1_500, "docs.cloudoffice.example")
        self._stage.sysmon.wrote(process, instant + 9_000, path)
        self._stage.end(process, instant + 55_000)

    def read_mail(self, machine: Machine, desk: Desk | None, instant: int) -> None:
        """Fetch mail."""
        if desk is not None:
            self._stage.visit(machine.running["mail"], instant, "mail.cloudoffice.example")

    def use_share(self, machine: Machine, desk: Desk | None, instant: int) -> None:
        """Open a folder on the file server."""
        if desk is not None:
            files = self._stage.estate.machines["files"]
            self._stage.open_share(
                machine, instant, files, self._dice.choice(("Team", "Projects", "Scans")), desk.account
            )

    def chores(self, machine: Machine, desk: Desk | None, instant: int) -> None:
        """Let the system start a helper."""
        parent = machine.running[self._dice.choice(("dcom", "schedule"))]
        image = SYSTEM32 + self._dice.choice(
            ("RuntimeBroker.exe", "backgroundTaskHost.exe", "taskhostw.exe", "dllhost.exe")
        )
        logon, integrity = (desk.logon, "Medium") if desk else (parent.logon, "System")
        process = self._stage.start(parent, instant, image, f"{image} -Embedding", logon=logon, integrity=integrity)
        self._stage.sysmon.loaded(process, instant + 5, SYSTEM32 + "combase.dll")
        self._stage.end(process, instant + self._dice.randrange(3_000, 30_000))

    def report(self, machine: Machine, desk: Desk | None, instant: int) -> None:  # noqa: ARG002 one shape for all acts
        """Send telemetry and look for updates."""
        site = self._dice.choice(
            ("updates.osvendor.example", "delivery.osvendor.example", "telemetry.cloudoffice.example")
        )
        self._stage.visit(machine.running["wuauserv"], instant, site)

    def look_around(self, machine: Machine, desk: Desk | None, instant: int) -> None:  # noqa: ARG002 one shape for all acts
        """Let services query other processes, the antivirus the credential store too."""
        source = machine.running[self._dice.choice(("dcom", "schedule", "antivirus"))]
        target = machine.running[self._dice.choice(("dnscache", "rpcss", "wuauserv"))]
        self._stage.sysmon.accessed(source, target, instant, "0x1000", f"{_TRACE}{source.image}+222a3")
        if source is machine.running["antivirus"]:
            trace = f"{_TRACE}{ANTIVIRUS}+1a172"
            self._stage.sysmon.accessed(source, machine.running["lsass"], instant + 40, "0x1410", trace)

    def renew(self, machine: Machine, desk: Desk | None, instant: int) -> None:
        """Let the machine's own account, or its user, talk to the controller."""
        controller = self._stage.estate.controller
        if desk is not None and self._dice.random() < 0.4:
            self._stage.ticket(machine, instant, desk.account, f"{controller.name}$")
        elif machine is controller:
            self._stage.service_call(machine, instant)
        else:
            self._stage.open_share(machine, instant, controller, "SYSVOL", machine.account)

    def configure(self, machine: Machine, desk: Desk | None, instant: int) -> None:  # noqa: ARG002 one shape for all acts
        """Let configuration management run its encoded inventory script."""
        command = (
            f'"{POWERSHELL}" -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand {encoded(_INVENTORY)}'
        )
        process = self._stage.start(machine.running["agent"], instant, POWERSHELL, command)
        self._stage.scripts.engine_started(process, instant + 180)
        self._stage.scripts.block_compiled(process, instant + 220, _INVENTORY)
        self._stage.scripts.command_ran(
            process, instant + 300, "Get-CimInstance", 'ParameterBinding(Get-CimInstance): name="ClassName"'
        )
        self._stage.sysmon.wrote(process, instant + 700, "C:\\ProgramData\\Fleet\\state.json")
        self._stage.end(process, instant + 1_400)

    def update(self, machine: Machine, desk: Desk | None, instant: int) -> None:  # noqa: ARG002 one shape for all acts
        """Let the browser's updater look for a new version."""
        image = "C:\\Program Files (x86)\\Microsoft\\EdgeUpdate\\MicrosoftEdgeUpdate.exe"
        process = self._stage.start(
            machine.running["schedule"], instant, image, f'"{image}" /ua /installsource scheduler'
        )
        self._stage.visit(process, instant + 200, "delivery.osvendor.example")
        self._stage.end(process, instant + 4_000)


ACTS = (
    Act(22, Everyday.browse),
    Act(6, Everyday.write_document),
    Act(8, Everyday.read_mail),
    Act(8, Everyday.use_share),
    Act(16, Everyday.chores),
    Act(12, Everyday.report),
    Act(12, Everyday.look_around),
    Act(8, Everyday.renew),
    Act(3, Everyday.configure),
    Act(3, Everyday.update),
)
SERVER_ACTS = (
    Everyday.chores,
    Everyday.report,
    Everyday.look_around,
    Everyday.renew,
    Everyday.configure,
    Everyday.update,
)
