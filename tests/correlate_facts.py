"""A few words in which tests tell what happened on some hosts: facts and findings, one moment each."""

from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.fact import (
    Connection,
    CredentialAccess,
    CredentialUsed,
    Fact,
    FileWritten,
    NameResolved,
    ProcessRef,
    ProcessStarted,
    RemoteThread,
    ServiceMade,
    SessionOpened,
)
from schemas.finding import SEVERITY_ID, Evidence, Finding, FindingDetail, FindingInfo, Level, Metadata, Stage, Unmapped
from schemas.identity import derived_uid
from services.detect.context.command import shape
from tests.correlate_harness import TENANT, Moment

START = 1_700_000_000_000
POWERSHELL = "\\windows\\system32\\windowspowershell\\v1.0\\powershell.exe"
CMD = "\\windows\\system32\\cmd.exe"
EXPLORER = "\\windows\\explorer.exe"
SVCHOST = "\\windows\\system32\\svchost.exe"
SERVICES = "\\windows\\system32\\services.exe"
WMIPRVSE = "\\windows\\system32\\wbem\\wmiprvse.exe"
WSMPROVHOST = "\\windows\\system32\\wsmprovhost.exe"
ENCODED = "powershell.exe -NoProfile -NonInteractive -EncodedCommand " + "QQBBAEEA" * 20
HIDDEN = "powershell.exe -noP -sta -w hidden -enc " + "QQBBAEEA" * 20

Kind = Literal["interactive", "network", "remote_interactive"]


@dataclass(frozen=True)
class Run:
    """One process, as the one who tells it knows it."""

    host: str
    pid: int
    image: str
    user: str

    @property
    def ref(self) -> ProcessRef:
        return ProcessRef(guid=f"{{{self.host.lower()}-{self.pid}}}", pid=self.pid, image=self.image)


@dataclass
class Story:
    """What happened, in order. Seconds count from the story's start."""

    moments: list[Moment] = field(default_factory=list)
    events: int = 0

    def fact(self, second: float, fact: type[Any], host: str, **more: Any) -> None:
        self.events += 1
        told: Fact = fact(time=START + round(second * 1000), host=host, event=f"event-{self.events}-{host}", **more)
        self.moments.append(Moment(told.time, (told,), ()))

    def start(  # noqa: PLR0917 - a story is told in few words
        self,
        second: float,
        run: Run,
        parent: Run | None = None,
        command: str = "",
        session: str = "0x51",
        integrity: str = "high",
    ) -> Run:
        above = parent or Run(run.host, 50, EXPLORER, run.user)
        self.fact(
            second, ProcessStarted, run.host, process=run.ref, command=shape(command), user=run.user, session=session,
            integrity=integrity, parent=above.ref, parent_user=above.user,
        )  # fmt: skip
        return run

    def connect(self, second: float, run: Run, source: tuple[str, int], peer: tuple[str, int]) -> None:
        self.fact(
            second, Connection, run.host, process=run.ref, user=run.user, outbound=True, source=source[0],
            source_port=source[1], destination=peer[0], destination_port=peer[1],
        )  # fmt: skip

    def logon(  # noqa: PLR0917 - a story is told in few words
        self,
        second: float,
        host: str,
        account: str,
        session: str,
        client: tuple[str, int] = ("", 0),
        kind: Kind = "network",
    ) -> None:
        self.fact(
            second,
            SessionOpened,
            host,
            session=session,
            account=account,
            kind=kind,
            client=client[0],
            client_port=client[1],
        )

    def marked(self, second: float, run: Run, path: str, *origins: str) -> None:
        self.fact(
            second, FileWritten, run.host, process=run.ref, path=path, user=run.user, marked=True, origins=origins
        )

    def written(self, second: float, run: Run, path: str) -> None:
        self.fact(second, FileWritten, run.host, process=run.ref, path=path, user=run.user)

    def failed(self, second: float, host: str, account: str, client: str = "", run: Run | None = None) -> None:
        process = run.ref if run else ProcessRef()
        self.fact(second, CredentialUsed, host, method="failure", account=account, client=client, process=process)

    def ticket(self, second: float, host: str, account: str, client: str, service: str, *, weak: bool = False) -> None:
        self.fact(
            second, CredentialUsed, host, method="ticket", account=account, client=client, service=service, weak=weak
        )

    def service(  # noqa: PLR0917 - a story is told in few words
        self, second: float, host: str, name: str, command: str, session: str = "", account: str = ""
    ) -> None:
        self.fact(second, ServiceMade, host, name=name, command=shape(command), session=session, account=account)

    def reads_lsass(self, second: float, run: Run, *, unbacked: bool = True) -> None:
        self.fact(
            second, CredentialAccess, run.host, process=run.ref, user=run.user,
            target="\\windows\\system32\\lsass.exe", rights=0x1010, unbacked=unbacked,
        )  # fmt: skip

    def injects(self, second: float, run: Run, target: Run) -> None:
        self.fact(second, RemoteThread, run.host, process=run.ref, target=target.ref, user=run.user, unbacked=True)

    def resolves(self, second: float, host: str, name: str, *addresses: str) -> None:
        self.fact(second, NameResolved, host, name=name, addresses=addresses)

    def rule(self, second: float, run: Run, title: str, level: str, *tactics: str) -> None:
        """A Sigma rule speaks of the process."""
        self.events += 1
        native = {"Hostname": run.host, "ProcessGuid": run.ref.guid, "ProcessId": run.pid, "Image": f"C:{run.image}"}
        self._told(second, title, level, tactics, native)

    def _told(self, second: float, title: str, level: str, tactics: tuple[str, ...], native: dict[str, Any]) -> None:
        time, event = START + round(second * 1000), f"event-{self.events}"
        detail = FindingDetail(
            level=Level(level), tactics=tactics, stage=Stage.ALERT, event_uid=event, event_source="test",
            event_kind="microsoft-windows-sysmon/operational/1",
        )  # fmt: skip
        finding = Finding(
            severity_id=SEVERITY_ID[Level(level)],
            time=time,
            metadata=Metadata(tenant_uid=TENANT),
            finding_info=FindingInfo(uid=derived_uid("finding", event, title), title=title),
            evidences=(Evidence(data=native),),
            unmapped=Unmapped(stanch=detail),
        )
        self.moments.append(Moment(time, (), (finding,)))
