"""The Security channel's events, field by field (Microsoft, Windows 10 auditing reference; names as nxlog ships them)."""

from dataclasses import dataclass

from lab.recording.estate import Account, Logon, Machine, Process
from lab.recording.journal import Feed, Fields, Journal

FEED = Feed("Microsoft-Windows-Security-Auditing", "Security", "{54849625-5478-4994-A5BA-3E3B0328C30D}")
_FAILURES = frozenset({4625, 4771})
_MANDATORY = {
    "Medium": "S-1-16-8192",
    "High": "S-1-16-12288",
    "System": "S-1-16-16384",
}
_PRIVILEGES = "SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeRestorePrivilege\r\n\t\t\tSeDebugPrivilege\r\n\t\t\tSeImpersonatePrivilege"


@dataclass(frozen=True)
class Peer:
    """The far end of a logon or a ticket request."""

    address: str = "-"
    port: int = 0
    workstation: str = "-"

    @property
    def port_text(self) -> str:
        """Return the port, ``-`` where none is known."""
        return str(self.port) if self.port else "-"


NOBODY = Peer()


class Security:
    """Writes what the auditing of Windows reports. Instants are epoch milliseconds."""

    def __init__(self, journal: Journal, realm: str) -> None:
        self._journal = journal
        self._realm = realm

    def _write(self, machine: Machine, instant: int, event_id: int, fields: Fields, *, ok: bool = True) -> None:
        kind = {"EventType": "AUDIT_SUCCESS" if ok else "AUDIT_FAILURE", "Opcode": "Info"}
        self._journal.write(FEED, machine, instant, event_id, {**kind, **fields})

    def started(self, process: Process) -> None:
        """4688."""
        parent, pid = process.parent, process.parent.pid if process.parent else 4
        fields: Fields = {
            **_subject(parent.logon if parent else process.logon, process.machine),
            "NewProcessId": hex(process.pid),
            "NewProcessName": process.image,
            "ProcessId": hex(pid),
            "ParentProcessName": parent.image if parent else "",
            "CommandLine": process.command,
            "MandatoryLabel": _MANDATORY[process.integrity],
            "TokenElevationType": "%%1937" if process.integrity == "High" else "%%1936",
            **_target_of(process),
        }
        self._write(process.machine, process.started, 4688, fields)

    def ended(self, process: Process, instant: int) -> None:
        """4689."""
        fields: Fields = {"ProcessId": hex(process.pid), "ProcessName": process.image, "Status": "0x0"}
        self._write(process.machine, instant, 4689, {**_subject(process.logon, process.machine), **fields})

    def connected(
        self,
        process: Process,
        instant: int,
        source: tuple[str, int],
        target: tuple[str, int],
        *,
        outbound: bool = True,
        protocol: int = 6,
    ) -> None:
        """5156, on either side."""
        path = "System" if process.pid == 4 else process.image.lower().replace("c:", "\\device\\harddiskvolume2")
        fields: Fields = {
            "ProcessId": str(process.pid),
            "Application": path,
            "Direction": "%%14593" if outbound else "%%14592",
            "SourceAddress": source[0],
            "SourcePort": str(source[1]),
            "DestAddress": target[0],
            "DestPort": str(target[1]),
            "Protocol": str(protocol),
            "LayerName": "%%14611" if outbound else "%%14610",
            "RemoteUserID": "S-1-0-0",
            "RemoteMachineID": "S-1-0-0",
        }
        self._write(process.machine, instant, 5156, fields)

    def logged_on(
        self,
        machine: Machine,
        instant: int,
        logon: Logon,
        *,
        peer: Peer = NOBODY,
        process: Process | None = None,
        package: str = "Kerberos",
    ) -> None:
        """4624, and 4672 for an administrator."""
        subject = _subject(machine.running["services"].logon, machine) if process else _nobody()
        fields: Fields = {
            **subject,
            **_target(logon.account, logon),
            "LogonType": str(logon.type),
            "LogonProcessName": "Kerberos" if package == "Kerberos" else "User32 ",
            "AuthenticationPackageName": package,
            "WorkstationName": peer.workstation,
            "ProcessId": hex(process.pid) if process else "0x0",
            "ProcessName": process.image if process else "-",
            "IpAddress": peer.address,
            "IpPort": peer.port_text,
            "ImpersonationLevel": "%%1833",
            "TargetLinkedLogonId": "0x0",
            "ElevatedToken": "%%1842" if logon.account.is_admin else "%%1843",
            "VirtualAccount": "%%1843",
        }
        self._write(machine, instant, 4624, fields)
        if logon.account.is_admin:
            self._write(machine, instant, 4672, {**_subject(logon, machine), "PrivilegeList": _PRIVILEGES})

    def logged_off(self, machine: Machine, instant: int, logon: Logon) -> None:
        """4634."""
        self._write(machine, instant, 4634, {**_target(logon.account, logon), "LogonType": str(logon.type)})

    def refused(self, machine: Machine, instant: int, account: Account, process: Process) -> None:
        """4625: a wrong password at the machine itself."""
        fields: Fields = {
            **_subject(process.logon, machine),
            "TargetUserSid": "S-1-0-0",
            "TargetUserName": account.name,
            "TargetDomainName": account.domain,
            "Status": "0xc000006d",
            "SubStatus": "0xc000006a",
            "FailureReason": "%%2313",
            "LogonType": "2",
            "LogonProcessName": "User32 ",
            "AuthenticationPackageName": "Negotiate",
            "WorkstationName": machine.name,
            "ProcessId": hex(process.pid),
            "ProcessName": process.image,
            "IpAddress": "127.0.0.1",
            "IpPort": "0",
        }
        self._write(machine, instant, 4625, fields, ok=False)

    def explicit(self, process: Process, instant: int, account: Account, server: str) -> None:
        """4648: a process presents somebody's credentials."""
        fields: Fields = {
            **_subject(process.logon, process.machine),
            "TargetUserName": account.name,
            "TargetDomainName": account.domain,
            "TargetServerName": server,
            "TargetInfo": server,
            "ProcessId": hex(process.pid),
            "ProcessName": process.image,
            "IpAddress": "-",
            "IpPort": "-",
        }
        self._write(process.machine, instant, 4648, fields)

    def ticket_granting(
        self, controller: Machine, instant: int, account: Account, peer: Peer, etype: str = "0x12"
    ) -> None:
        """4768."""
        fields: Fields = {
            "TargetUserName": account.name,
            "TargetDomainName": self._realm,
            "TargetSid": account.sid,
            "ServiceName": "krbtgt",
            "TicketOptions": "0x40810010",
            "Status": "0x0",
            "TicketEncryptionType": etype,
            "PreAuthType": "2",
            "IpAddress": f"::ffff:{peer.address}",
            "IpPort": peer.port_text,
        }
        self._write(controller, instant, 4768, fields)

    def service_ticket(
        self, controller: Machine, instant: int, account: Account, service: str, peer: Peer, *, etype: str = "0x12"
    ) -> None:
        """4769."""
        fields: Fields = {
            "TargetUserName": f"{account.name}@{self._realm}",
            "TargetDomainName": self._realm,
            "ServiceName": service,
            "TicketOptions": "0x40810000",
            "TicketEncryptionType": etype,
            "Status": "0x0",
            "IpAddress": f"::ffff:{peer.address}",
            "IpPort": peer.port_text,
        }
        self._write(controller, instant, 4769, fields)

    def validated(
        self, controller: Machine, instant: int, account: Account, workstation: str, status: str = "0x0"
    ) -> None:
        """4776."""
        fields: Fields = {
            "PackageName": "MICROSOFT_AUTHENTICATION_PACKAGE_V1_0",
            "TargetUserName": account.name,
            "Workstation": workstation,
            "Status": status,
        }
        self._write(controller, instant, 4776, fields, ok=status == "0x0")

    def share_opened(self, machine: Machine, instant: int, logon: Logon, share: str, peer: Peer) -> None:
        """5140."""
        fields: Fields = {
            **_subject(logon, machine),
            "ObjectType": "File",
            "IpAddress": peer.address,
            "IpPort": peer.port_text,
            "ShareName": f"\\\\*\\{share}",
            "AccessMask": "0x1",
            "AccessList": "%%4416\r\n\t\t\t\t",
        }
        self._write(machine, instant, 5140, fields)

    def service_installed(self, machine: Machine, instant: int, logon: Logon, name: str, command: str) -> None:
        """4697."""
        fields: Fields = {
            **_subject(logon, machine),
            "ServiceName": name,
            "ServiceFileName": command,
            "ServiceType": "0x10",
            "ServiceStartType": "3",
            "ServiceAccount": "LocalSystem",
        }
        self._write(machine, instant, 4697, fields)


def _who(logon: Logon, machine: Machine) -> Account:
    # Auditing names the computer's account where a process of the system acts.
    return machine.account if logon.account.sid == "S-1-5-18" else logon.account


def _subject(logon: Logon, machine: Machine) -> Fields:
    account = _who(logon, machine)
    return {
        "SubjectUserSid": logon.account.sid,
        "SubjectUserName": account.name,
        "SubjectDomainName": account.domain,
        "SubjectLogonId": logon.text,
    }


def _nobody() -> Fields:
    return {"SubjectUserSid": "S-1-0-0", "SubjectUserName": "-", "SubjectDomainName": "-", "SubjectLogonId": "0x0"}


def _target(account: Account, logon: Logon) -> Fields:
    return {
        "TargetUserSid": account.sid,
        "TargetUserName": account.name,
        "TargetDomainName": account.domain,
        "TargetLogonId": logon.text,
    }


def _target_of(process: Process) -> Fields:
    if process.parent is None or process.parent.logon.id == process.logon.id:
        return {"TargetUserSid": "S-1-0-0", "TargetUserName": "-", "TargetDomainName": "-", "TargetLogonId": "0x0"}
    return _target(_who(process.logon, process.machine), process.logon)
