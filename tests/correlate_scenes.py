"""Scenes: an estate, an intrusion through it, and acts of administrators and developers that look like one."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.correlate_facts import (
    CMD,
    ENCODED,
    HIDDEN,
    POWERSHELL,
    SERVICES,
    SVCHOST,
    WSMPROVHOST,
    Run,
    Story,
)

CHROME = "\\program files\\google\\chrome\\application\\chrome.exe"
LSASS = "\\windows\\system32\\lsass.exe"


@dataclass(frozen=True)
class Estate:
    """Names of hosts, people and addresses; a test may rename or swap them all."""

    first: str = "PC1"
    second: str = "PC2"
    third: str = "SRV1"
    controller: str = "DC1"
    domain: str = "CORP"
    person: str = "eve"
    administrator: str = "alice.adm"
    net: str = "10.1.0"
    outside: str = "203.0.113.77"

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.first, self.second, self.third, self.controller)

    def address(self, host: str) -> str:
        return f"{self.net}.{self.hosts.index(host) + 1}"

    def account(self, name: str) -> str:
        return f"{self.domain}\\{name}"


def background(story: Story, estate: Estate, times: int = 1) -> None:
    """An ordinary day: every host asks the resolver and the controller, people start programs."""
    for turn in range(times):
        for number, host in enumerate(estate.hosts):
            second, port = turn * 3 + number / 10, 40_000 + turn * 10 + number
            svchost = Run(host, 900, SVCHOST, "NT AUTHORITY\\network service")
            lsass = Run(host, 700, LSASS, "NT AUTHORITY\\system")
            here = estate.address(host)
            story.connect(second, svchost, (here, port), (estate.address(estate.controller), 53))
            story.connect(second, lsass, (here, port + 5000), (estate.address(estate.controller), 88))
            user = estate.account(f"user{number}")
            story.ticket(second, estate.controller, user, here, f"{host.lower()}$")
            story.logon(second, host, user, f"0x9{turn:03x}{number}", kind="interactive")
            office = Run(host, 3000 + turn, "\\program files\\office\\winword.exe", user)
            story.start(
                second, office, command="winword.exe report.docx", session=f"0x9{turn:03x}{number}", integrity="medium"
            )
            story.connect(second, office, (here, port + 9000), (f"198.51.100.{turn % 200 + 1}", 443))


def intrusion(story: Story, estate: Estate) -> None:
    """A downloaded implant, a privilege raised, credentials read, an account moved on by a service."""
    user = estate.account(estate.person)
    one, two = estate.first, estate.second
    browser = Run(one, 70, CHROME, user)
    implant = Run(one, 400, "\\users\\eve\\downloads\\invoice.exe", user)
    story.logon(90, one, user, "0x51", kind="interactive")
    story.marked(95, browser, implant.image, estate.outside)
    story.start(100, implant, command="invoice.exe", integrity="medium")
    story.rule(100, implant, "Suspicious download starts", "high", "execution")
    story.connect(101, implant, (estate.address(one), 50_001), (estate.outside, 8080))
    shell = story.start(103, Run(one, 401, CMD, user), implant, command="cmd.exe")
    for number, tool in enumerate(("whoami.exe", "ipconfig.exe", "nltest.exe")):
        story.start(104 + number, Run(one, 410 + number, f"\\windows\\system32\\{tool}", user), shell, command=tool)
    story.rule(
        104, Run(one, 410, "\\windows\\system32\\whoami.exe", user), "Whoami from a shell", "medium", "discovery"
    )
    story.reads_lsass(110, implant)
    story.rule(110, implant, "LSASS opened", "high", "credential-access")
    story.connect(120, implant, (estate.address(one), 50_044), (estate.address(two), 445))
    story.logon(120.2, two, user, "0x7788", (estate.address(one), 50_044))
    line = "%COMSPEC% /C " + HIDDEN
    story.service(121, two, "updatesvc", line, "0x7788", user)
    manager = Run(two, 600, SERVICES, "NT AUTHORITY\\system")
    started = line.replace("%COMSPEC%", "C:\\Windows\\system32\\cmd.exe")
    cmd = story.start(121.5, Run(two, 800, CMD, "NT AUTHORITY\\system"), manager, started, "0x3e7", "system")
    script = story.start(121.8, Run(two, 801, POWERSHELL, "NT AUTHORITY\\system"), cmd, HIDDEN, "0x3e7", "system")
    story.rule(121.8, script, "Encoded PowerShell", "high", "execution")
    story.connect(123, script, (estate.address(two), 50_100), (estate.outside, 8080))


def administration(story: Story, estate: Estate) -> None:
    """An administrator's own remote shell to three hosts."""
    admin, here = estate.account(estate.administrator), estate.third
    shell = story.start(10, Run(here, 100, POWERSHELL, admin), command="powershell.exe", session="0xaa")
    for number, host in enumerate((estate.first, estate.second, estate.controller)):
        port = 6000 + number
        story.connect(20 + number, shell, (estate.address(here), port), (estate.address(host), 5985))
        story.logon(20.2 + number, host, admin, "0xbb", (estate.address(here), port))
        broker = Run(host, 60, SVCHOST, "NT AUTHORITY\\system")
        remote = story.start(
            20.5 + number, Run(host, 200, WSMPROVHOST, admin), broker, "wsmprovhost.exe -Embedding", "0xbb"
        )
        story.rule(20.5 + number, remote, "Remote PowerShell", "medium", "lateral-movement")
        story.rule(20.5 + number, remote, "Remote shell host", "high", "execution")
    story.rule(21, shell, "PowerShell connects to WinRM", "high", "lateral-movement")


def configuration_management(story: Story, estate: Estate) -> None:
    """Encoded PowerShell through WinRM, by a named account, to every server."""
    account = estate.account("automation")
    for number, host in enumerate((estate.first, estate.second, estate.third)):
        story.logon(20 + number, host, account, "0xbc", (estate.address(estate.controller), 0))
        broker = Run(host, 60, SVCHOST, "NT AUTHORITY\\system")
        remote = story.start(20.5 + number, Run(host, 205, WSMPROVHOST, account), broker, "wsmprovhost.exe", "0xbc")
        script = story.start(21 + number, Run(host, 206, POWERSHELL, account), remote, ENCODED, "0xbc")
        for title, level in (
            ("Encoded command", "medium"),
            ("Script from a remote shell", "high"),
            ("PowerShell", "low"),
        ):
            story.rule(21 + number, script, title, level, "execution")


def software_distribution(story: Story, estate: Estate) -> None:
    """An agent of the system starts encoded PowerShell."""
    agent = Run(estate.third, 299, "\\windows\\ccm\\ccmexec.exe", "NT AUTHORITY\\system")
    script = Run(estate.third, 300, POWERSHELL, "NT AUTHORITY\\system")
    story.start(10, script, agent, ENCODED, "0x3e7", "system")
    story.rule(10, script, "Encoded command", "medium", "execution")
    story.rule(10, script, "PowerShell", "low", "execution")


def developer(story: Story, estate: Estate) -> None:
    """A developer downloads a tool from an inner server, and it talks to the internet."""
    user = estate.account("bob")
    tool = Run(estate.third, 450, "\\users\\bob\\downloads\\tool.exe", user)
    story.marked(5, Run(estate.third, 71, CHROME, user), tool.image, estate.address(estate.second))
    story.start(10, tool, command="tool.exe")
    story.connect(11, tool, (estate.address(estate.third), 7000), (estate.address(estate.second), 443))
    story.connect(12, tool, (estate.address(estate.third), 7001), ("198.51.100.9", 443))
    story.rule(10, tool, "Unsigned tool", "high", "execution")
    story.rule(10, tool, "Tool from downloads", "low", "execution")


def endpoint_agent(story: Story, estate: Estate) -> None:
    """A vendor's sensor reads the memory of LSASS."""
    sensor = Run(estate.third, 500, "\\program files\\acme\\sensor.exe", "NT AUTHORITY\\system")
    story.reads_lsass(10, sensor)
    story.rule(10, sensor, "LSASS opened", "medium", "credential-access")
    story.rule(10, sensor, "LSASS opened with all rights", "high", "credential-access")


def chat_program(story: Story, estate: Estate) -> None:
    """A program that installed itself for one person talks to many addresses."""
    user = estate.account("bob")
    chat = Run(estate.third, 620, "\\users\\bob\\appdata\\local\\chatapp\\chat.exe", user)
    story.start(10, chat, command="chat.exe", integrity="medium")
    for number in range(4):
        story.connect(
            11 + number, chat, (estate.address(estate.third), 7100 + number), (f"198.51.100.{30 + number}", 443)
        )
    story.rule(12, chat, "Autostart entry", "medium", "persistence")
    story.rule(12, chat, "Program in a profile", "low", "execution")


def scanner(story: Story, estate: Estate) -> None:
    """A scanner of vulnerabilities tries thirty accounts."""
    for number in range(30):
        story.failed(10 + number / 10, estate.second, estate.account(f"u{number}"), estate.address(estate.third))


def remote_tool(story: Story, estate: Estate) -> None:
    """An administrator runs a command through a service of their own."""
    admin = estate.account(estate.administrator)
    tool = story.start(
        10, Run(estate.third, 710, "\\tools\\psexec.exe", admin), command="psexec \\\\PC1 cmd", session="0xaa"
    )
    story.logon(10.5, estate.first, admin, "0xdd", (estate.address(estate.third), 7200))
    story.connect(10.4, tool, (estate.address(estate.third), 7200), (estate.address(estate.first), 445))
    story.service(11, estate.first, "psexesvc", "%SystemRoot%\\PSEXESVC.exe", "0xdd", admin)
    manager = Run(estate.first, 40, SERVICES, "NT AUTHORITY\\system")
    service = Run(estate.first, 711, "\\windows\\psexesvc.exe", "NT AUTHORITY\\system")
    story.start(11.2, service, manager, "C:\\Windows\\PSEXESVC.exe", "0x3e7", "system")
    story.start(11.5, Run(estate.first, 712, CMD, admin), service, "cmd", "0xdd")
    for title, level in (("Service tool", "medium"), ("Remote service", "medium"), ("Service from a share", "high")):
        story.rule(11, service, title, level, "lateral-movement")


def vendor_agent(story: Story, estate: Estate) -> None:
    """A vendor's agent starts hidden, encoded PowerShell, which fetches something by its address."""
    agent = Run(estate.third, 799, "\\program files\\vendor\\agent.exe", "NT AUTHORITY\\system")
    script = story.start(
        10, Run(estate.third, 820, POWERSHELL, "NT AUTHORITY\\system"), agent, HIDDEN, "0x3e7", "system"
    )
    for title, level in (("Hidden window", "high"), ("Encoded command", "medium"), ("No profile", "medium")):
        story.rule(10, script, title, level, "execution")
    story.connect(11, script, (estate.address(estate.third), 7300), ("198.51.100.77", 443))


LOOKALIKES: tuple[Callable[[Story, Estate], None], ...] = (
    administration, configuration_management, software_distribution, developer, endpoint_agent, chat_program, scanner,
    remote_tool, vendor_agent,
)  # fmt: skip
