"""What happens once a day and looks odd to a hasty reader: backups, typing errors, an installer, a chat program."""

from lab.recording.estate import SYSTEM32
from lab.recording.stage import Desk, Stage

MINUTE = 60_000


def run_errands(stage: Stage, desks: dict[str, Desk], start: int, end: int) -> None:
    """Write all of them."""
    _mistype(stage, desks["sales"], start + 6 * MINUTE)
    _chat(stage, desks["sales"], start + 3 * MINUTE, end)
    _install(stage, desks["personnel"], start + 5 * MINUTE)
    _back_up(stage, start + 2 * MINUTE, end)
    _nightly(stage, start + 3 * MINUTE)
    _deploy(stage, start + 10 * MINUTE)


def _mistype(stage: Stage, desk: Desk, instant: int) -> None:
    winlogon = desk.machine.running["winlogon"]
    for attempt in range(2):
        at = instant + 4_000 * attempt
        stage.security.refused(desk.machine, at, desk.account, winlogon)
        stage.security.validated(stage.estate.controller, at + 5, desk.account, desk.machine.name, "0xc000006a")
    stage.first_ticket(desk.machine, instant + 9_000, desk.account)
    stage.security.logged_on(
        desk.machine,
        instant + 9_050,
        desk.machine.next_logon(desk.account, 7, 1),
        process=winlogon,
        package="Negotiate",
    )


def _chat(stage: Stage, desk: Desk, start: int, end: int) -> None:
    image = f"{desk.home}\\AppData\\Local\\Chatter\\chatter.exe"
    process = stage.start(desk.explorer, start, image, f'"{image}" --autostart')
    for instant in range(start + 1_000, end, 45_000):
        stage.visit(process, instant, "gateway.chatter.example")


def _install(stage: Stage, desk: Desk, instant: int) -> None:
    path = f"{desk.home}\\Downloads\\PdfViewerSetup.exe"
    browser = desk.machine.running["browser"]
    stage.visit(browser, instant, "download.pdfviewer.example")
    stage.sysmon.wrote(browser, instant + 2_000, path)
    stage.sysmon.marked(browser, instant + 2_050, path, "https://download.pdfviewer.example/9.4/PdfViewerSetup.exe")
    setup = stage.start(desk.explorer, instant + 14_000, path, f'"{path}"')
    stage.visit(setup, instant + 15_000, "download.pdfviewer.example")
    stage.sysmon.wrote(setup, instant + 18_000, f"{desk.home}\\AppData\\Local\\Programs\\PdfViewer\\pdfviewer.exe")
    stage.end(setup, instant + 31_000)


def _back_up(stage: Stage, start: int, end: int) -> None:
    files, management = (stage.estate.machines[role] for role in ("files", "management"))
    logon = files.next_logon(stage.estate.accounts["backup"], 4)
    schedule = files.running["schedule"]
    stage.first_ticket(files, start - 40, logon.account)
    stage.security.logged_on(files, start, logon, process=schedule, package="Negotiate")
    image = "C:\\Program Files\\Harbour Systems\\Vault\\vaultbackup.exe"
    process = stage.start(
        schedule, start + 50, image, f'"{image}" --job nightly --source D:\\Shares', logon=logon, integrity="High"
    )
    for number, instant in enumerate(range(start + 1_000, end, 30_000)):
        stage.connect(process, instant, management.address, 9443, management.running["server"])
        stage.sysmon.wrote(process, instant + 400, f"D:\\Vault\\stage\\chunk-{number:04d}.vbk")


def _nightly(stage: Stage, instant: int) -> None:
    # An engineer's account runs a task on the accountant's machine: its secret lies in that machine's memory.
    finance = stage.estate.machines["finance"]
    logon = finance.next_logon(stage.estate.accounts["engineer"], 4)
    stage.first_ticket(finance, instant - 40, logon.account)
    stage.security.logged_on(finance, instant, logon, process=finance.running["schedule"], package="Negotiate")
    command = f'"{SYSTEM32}cmd.exe" /c "C:\\Program Files\\Ledger\\export.cmd"'
    process = stage.start(
        finance.running["schedule"], instant + 40, SYSTEM32 + "cmd.exe", command, logon=logon, integrity="High"
    )
    stage.end(process, instant + 20_000)


def _deploy(stage: Stage, instant: int) -> None:
    # Remote management by a service account; the logon over WinRM carries no address.
    management, account = stage.estate.machines["management"], stage.estate.accounts["deployment"]
    for number, role in enumerate(("files", "sales")):
        machine, at = stage.estate.machines[role], instant + 20_000 * number
        stage.ticket(management, at, account, f"{machine.name}$")
        stage.connect(management.running["server"], at + 10, machine.address, 5985, machine.running["system"])
        logon = machine.next_logon(account, 3)
        stage.security.logged_on(machine, at + 20, logon)
        host = stage.start(
            machine.running["dcom"],
            at + 200,
            SYSTEM32 + "wsmprovhost.exe",
            f"{SYSTEM32}wsmprovhost.exe -Embedding",
            logon=logon,
            integrity="High",
        )
        stage.scripts.command_ran(
            host, at + 700, "Get-Service", 'ParameterBinding(Get-Service): name="Name"; value="Spooler"'
        )
        stage.end(host, at + 4_000)
        stage.security.logged_off(machine, at + 4_100, logon)
