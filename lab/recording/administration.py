"""The legitimate act that looks like the intrusion: the helpdesk repairs a colleague's machine with PsExec."""

from lab.recording.estate import SYSTEM32, Logon, Process
from lab.recording.stage import Desk, Stage

TOOL = "C:\\Program Files\\Sysinternals\\PsExec64.exe"
SERVICE = "PSEXESVC"
_REPAIRS = (
    ("ipconfig.exe", "ipconfig  /flushdns"),
    ("gpupdate.exe", "gpupdate  /force"),
    ("whoami.exe", "whoami  /groups"),
    ("systeminfo.exe", "systeminfo"),
)


def repair(stage: Stage, desk: Desk, instant: int) -> None:
    """Let the administrator work from the helpdesk's machine on the recruiter's."""
    account, target = stage.estate.accounts["administrator"], stage.estate.machines["personnel"]
    elevated = _become_administrator(stage, desk, instant)
    shell = stage.start(
        desk.machine.running["appinfo"],
        instant + 2_000,
        SYSTEM32 + "cmd.exe",
        f'"{SYSTEM32}cmd.exe"',
        logon=elevated,
        integrity="High",
    )
    tool = stage.start(shell, instant + 20_000, TOOL, f"PsExec64.exe  \\\\{target.name} -h cmd")
    stage.open_share(desk.machine, instant + 20_400, target, "ADMIN$", account)
    logon, _ = stage.sign_in_over(tool, instant + 20_800, target.running["services"], 49_668, account)
    stage.connect(tool, instant + 20_750, target.address, 135, target.running["rpcss"])
    service = _serve(stage, logon, target.running["services"], instant + 21_500)
    inner = stage.start(service, instant + 22_000, SYSTEM32 + "cmd.exe", "cmd", logon=logon, integrity="High")
    for number, (name, command) in enumerate(_REPAIRS):
        stage.run(inner, instant + 30_000 + 9_000 * number, SYSTEM32 + name, command, 2_500)
    for offset, process in ((80_000, inner), (80_100, service), (80_300, tool), (95_000, shell)):
        stage.end(process, instant + offset)
    stage.security.logged_off(target, instant + 80_500, logon)


def _become_administrator(stage: Stage, desk: Desk, instant: int) -> Logon:
    account, machine = stage.estate.accounts["administrator"], desk.machine
    stage.first_ticket(machine, instant, account)
    consent = stage.start(
        machine.running["appinfo"], instant + 50, SYSTEM32 + "consent.exe", "consent.exe 6120 312 000001"
    )
    stage.security.explicit(consent, instant + 900, account, "localhost")
    logon = machine.next_logon(account, 2, 1)
    stage.security.logged_on(machine, instant + 1_000, logon, process=consent, package="Negotiate")
    stage.end(consent, instant + 1_200)
    return logon


def _serve(stage: Stage, logon: Logon, services: Process, instant: int) -> Process:
    machine, image = services.machine, "C:\\Windows\\PSEXESVC.exe"
    stage.sysmon.wrote(machine.running["system"], instant - 300, image)
    key = f"HKLM\\System\\CurrentControlSet\\Services\\{SERVICE}\\ImagePath"
    stage.sysmon.set_value(services, instant, key, "%SystemRoot%\\PSEXESVC.exe")
    stage.security.service_installed(machine, instant + 3, logon, SERVICE, "%SystemRoot%\\PSEXESVC.exe")
    stage.scripts.service_installed(machine, instant + 5, SERVICE, "%SystemRoot%\\PSEXESVC.exe")
    stage.scripts.service_state(machine, instant + 240, SERVICE, "running")
    return stage.start(services, instant + 200, image, image)
