"""Acts that leave several traces at once, so that ids, ports and times agree everywhere."""

from dataclasses import dataclass

from lab.recording.estate import SYSTEM32, Account, Estate, Logon, Machine, Process
from lab.recording.journal import Journal
from lab.recording.scripts import Scripts
from lab.recording.security import Peer, Security
from lab.recording.sysmon import Sysmon

POWERSHELL = SYSTEM32 + "WindowsPowerShell\\v1.0\\powershell.exe"
LIBRARIES = ("ntdll.dll", "kernel32.dll", "KernelBase.dll", "sechost.dll", "rpcrt4.dll")


@dataclass
class Desk:
    """A workstation with its user at work."""

    machine: Machine
    account: Account
    logon: Logon
    explorer: Process

    @property
    def home(self) -> str:
        """Return the user's profile folder."""
        return f"C:\\Users\\{self.account.name}"


class Stage:
    """The estate with its sensors. Instants are epoch milliseconds."""

    def __init__(self, estate: Estate, journal: Journal) -> None:
        self.estate = estate
        self.journal = journal
        self.sysmon = Sysmon(journal)
        self.security = Security(journal, estate.realm)
        self.scripts = Scripts(journal)

    def start(
        self,
        parent: Process,
        instant: int,
        image: str,
        command: str,
        *,
        logon: Logon | None = None,
        integrity: str = "",
    ) -> Process:
        """Start a process under ``parent``, in its session unless another is given."""
        logon = logon or parent.logon
        process = parent.machine.process(
            instant, image, command, logon=logon, integrity=integrity or parent.integrity, parent=parent
        )
        self.sysmon.started(process)
        self.security.started(process)
        return process

    def end(self, process: Process, instant: int) -> None:
        """End it."""
        self.sysmon.ended(process, instant)
        self.security.ended(process, instant + 1)

    def run(self, parent: Process, instant: int, image: str, command: str, lasting: int = 400) -> Process:
        """Start a process that ends after ``lasting`` milliseconds."""
        process = self.start(parent, instant, image, command)
        self.sysmon.loaded(process, instant + 2, SYSTEM32 + LIBRARIES[process.pid % len(LIBRARIES)])
        self.end(process, instant + lasting)
        return process

    def connect(self, process: Process, instant: int, address: str, port: int, server: Process | None = None) -> int:
        """Open a connection; ``server`` accepts it on its own machine. Return the client's port."""
        source, target = (process.machine.address, process.machine.next_port()), (address, port)
        self.sysmon.connected(process, instant, source, target)
        self.security.connected(process, instant + 1, source, target)
        if server is not None:
            self.sysmon.connected(server, instant + 1, source, target, initiated=False)
            self.security.connected(server, instant + 2, source, target, outbound=False)
        return source[1]

    def visit(self, process: Process, instant: int, site: str, port: int = 443) -> None:
        """Resolve a site's name and connect to it."""
        address = self.estate.names.sites[site]
        self.ask_resolver(process.machine, instant)
        self.sysmon.resolved(process, instant + 12, site, address)
        self.connect(process, instant + 30, address, port)

    def ask_resolver(self, machine: Machine, instant: int) -> None:
        """Let the machine's resolver service ask the controller."""
        resolver = machine.running["dnscache"]
        source, target = (machine.address, machine.next_port()), (self.estate.controller.address, 53)
        self.security.connected(resolver, instant + 3, source, target, protocol=17)

    def ticket(self, machine: Machine, instant: int, account: Account, service: str, etype: str = "0x12") -> None:
        """Let ``account`` ask the controller from ``machine`` for a ticket to ``service``."""
        controller = self.estate.controller
        port = self.connect(machine.running["lsass"], instant, controller.address, 88, controller.running["lsass"])
        self.security.service_ticket(
            controller, instant + 4, account, service, Peer(machine.address, port), etype=etype
        )

    def first_ticket(self, machine: Machine, instant: int, account: Account, etype: str = "0x12") -> None:
        """Let ``account`` ask the controller from ``machine`` for its ticket-granting ticket."""
        controller = self.estate.controller
        port = self.connect(machine.running["lsass"], instant, controller.address, 88, controller.running["lsass"])
        self.security.ticket_granting(controller, instant + 4, account, Peer(machine.address, port), etype)

    def sign_in_over(
        self, client: Process, instant: int, server: Process, port: int, account: Account
    ) -> tuple[Logon, Peer]:
        """Open a network session of ``account`` over a connection from ``client`` to ``server``'s ``port``."""
        machine = server.machine
        self.ticket(client.machine, instant, account, f"{machine.name}$")
        peer = Peer(client.machine.address, self.connect(client, instant + 8, machine.address, port, server))
        logon = machine.next_logon(account, 3)
        self.security.logged_on(machine, instant + 14, logon, peer=peer)
        return logon, peer

    def open_share(self, machine: Machine, instant: int, server: Machine, share: str, account: Account) -> Logon:
        """Let the file system of ``machine`` open a share in the name of ``account``, for a minute."""
        client, host = machine.running["system"], server.running["system"]
        logon, peer = self.sign_in_over(client, instant, host, 445, account)
        self.security.share_opened(server, instant + 20, logon, share, peer)
        self.security.logged_off(server, instant + 61_000, logon)
        return logon

    def service_call(self, machine: Machine, instant: int) -> None:
        """Let a machine's own account sign in to itself over the loopback interface."""
        logon = machine.next_logon(machine.account, 3)
        self.security.logged_on(machine, instant, logon, peer=Peer("::1", machine.next_port()))
        self.security.logged_off(machine, instant + 900, logon)
