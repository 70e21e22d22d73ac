"""How the day begins: people sign in, and the programs that stay open are started."""

from lab.recording.estate import SYSTEM32, Account, Machine
from lab.recording.everyday import AGENT, ANTIVIRUS, EDGE, OFFICE
from lab.recording.stage import Desk, Stage

SERVER = "C:\\Program Files\\Harbour Systems\\Fleet\\fleetserver.exe"
SEATS = {
    "finance": "accountant",
    "sales": "seller",
    "personnel": "recruiter",
    "helpdesk": "supporter",
    "operations": "engineer",
}


def open_office(stage: Stage) -> dict[str, Desk]:
    """Return the desks, by the role of their machine, once everybody sits at one."""
    for machine in stage.estate.machines.values():
        _residents(machine)
    begin = stage.estate.start + 2_000
    return {
        role: _sit_down(stage, stage.estate.machines[role], stage.estate.accounts[seat], begin + 17_000 * number)
        for number, (role, seat) in enumerate(SEATS.items())
    }


def _residents(machine: Machine) -> None:
    services = machine.running["services"]
    programs = {"agent": AGENT, "antivirus": ANTIVIRUS} | ({"server": SERVER} if machine.role == "management" else {})
    for name, image in programs.items():
        machine.running[name] = machine.process(
            machine.booted, image, f'"{image}"', logon=services.logon, integrity="System", parent=services
        )


def _sit_down(stage: Stage, machine: Machine, account: Account, instant: int) -> Desk:
    logon = machine.next_logon(account, 2, 1)
    stage.first_ticket(machine, instant, account)
    stage.ticket(machine, instant + 60, account, f"{machine.name}$")
    stage.security.logged_on(machine, instant + 90, logon, process=machine.running["winlogon"], package="Negotiate")
    stage.open_share(machine, instant + 300, stage.estate.controller, "SYSVOL", account)
    userinit = stage.start(
        machine.running["winlogon"],
        instant + 500,
        SYSTEM32 + "userinit.exe",
        SYSTEM32 + "userinit.exe",
        logon=logon,
        integrity="Medium",
    )
    explorer = stage.start(userinit, instant + 700, "C:\\Windows\\explorer.exe", "C:\\Windows\\Explorer.EXE")
    stage.end(userinit, instant + 2_500)
    browser = stage.start(explorer, instant + 6_000, EDGE, f'"{EDGE}" --profile-directory=Default')
    mail = stage.start(explorer, instant + 8_000, OFFICE + "OUTLOOK.EXE", f'"{OFFICE}OUTLOOK.EXE" /recycle')
    machine.running |= {"browser": browser, "mail": mail, "explorer": explorer}
    return Desk(machine, account, logon, explorer)
