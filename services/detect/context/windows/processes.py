"""Processes: Sysmon 1, 5, 8, 10; Security 4688, 4689; PowerShell 400, 4103."""

import re
from typing import Final

from schemas.entity import canonical_account
from schemas.fact import (
    CredentialAccess,
    Fact,
    ProcessEnded,
    ProcessRef,
    ProcessStarted,
    RemoteThread,
    ScriptHostStarted,
)
from services.detect.context.command import shape
from services.detect.context.windows.fields import (
    Native,
    account,
    account_in,
    caller,
    host_of,
    logon_id,
    number,
    path,
    process,
    text,
)

VM_READ: Final = 0x10
_INTEGRITY: Final = {
    "s-1-16-4096": "low",
    "s-1-16-8192": "medium",
    "s-1-16-8448": "medium",
    "s-1-16-12288": "high",
    "s-1-16-16384": "system",
}
_APPLICATION = re.compile(r"Host ?Application ?= ?(.+)")
_ENGINE = re.compile(r'"?([^"]*?\.exe\b|[^"\s]+)', re.IGNORECASE)
_USER = re.compile(r"^\s*User = (\S[^\r\n]*\\[^\r\n]+)", re.MULTILINE)


def sysmon_start(native: Native, time: int, event: str) -> Fact:
    """Sysmon 1: a process began, with its parent's command line and user."""
    return ProcessStarted(
        time=time,
        host=host_of(native),
        event=event,
        process=process(native),
        command=shape(text(native, "CommandLine")),
        user=account_in(native, "User"),
        session=logon_id(native, "LogonId"),
        integrity=text(native, "IntegrityLevel").lower(),
        parent=ProcessRef(
            guid=text(native, "ParentProcessGuid").lower(),
            pid=number(native, "ParentProcessId"),
            image=path(native, "ParentImage"),
        ),
        parent_command=shape(text(native, "ParentCommandLine")),
        parent_user=account_in(native, "ParentUser"),
    )


def security_start(native: Native, time: int, event: str) -> Fact:
    """Security 4688: a process began; the target fields name another token than the creator's."""
    target = logon_id(native, "TargetLogonId")
    integrity = _INTEGRITY.get(text(native, "MandatoryLabel").lower(), "")
    user = account(native, "Target" if target else "Subject")
    if integrity == "system" and not target and user.endswith("$"):
        user = canonical_account("NT AUTHORITY", "system")
    return ProcessStarted(
        time=time,
        host=host_of(native),
        event=event,
        process=ProcessRef(pid=number(native, "NewProcessId"), image=path(native, "NewProcessName")),
        command=shape(text(native, "CommandLine")),
        user=user,
        session=target or logon_id(native, "SubjectLogonId"),
        integrity=integrity,
        parent=ProcessRef(pid=number(native, "ProcessId"), image=path(native, "ParentProcessName")),
    )


def sysmon_end(native: Native, time: int, event: str) -> Fact:
    """Sysmon 5: a process is gone."""
    return ProcessEnded(time=time, host=host_of(native), event=event, process=process(native))


def security_end(native: Native, time: int, event: str) -> Fact:
    """Security 4689: a process is gone."""
    return ProcessEnded(time=time, host=host_of(native), event=event, process=caller(native))


def remote_thread(native: Native, time: int, event: str) -> Fact:
    """Sysmon 8: a thread was started in another process."""
    return RemoteThread(
        time=time,
        host=host_of(native),
        event=event,
        process=_side(native, "Source"),
        target=_side(native, "Target"),
        user=account_in(native, "SourceUser"),
        unbacked=not text(native, "StartModule"),
    )


def credential_access(native: Native, time: int, event: str) -> Fact | None:
    """Sysmon 10: LSASS was opened with the right to read its memory; every other access is no fact."""
    target, rights = path(native, "TargetImage"), number(native, "GrantedAccess")
    if not target.endswith("\\lsass.exe") or not rights & VM_READ:
        return None
    return CredentialAccess(
        time=time,
        host=host_of(native),
        event=event,
        process=_side(native, "Source"),
        user=account_in(native, "SourceUser"),
        target=target,
        rights=rights,
        unbacked="UNKNOWN" in text(native, "CallTrace"),
    )


def script_host(native: Native, time: int, event: str) -> Fact | None:
    """PowerShell 400 and 4103: an engine runs; classic events carry no process id, and are kept for the command only."""
    context = text(native, "ContextInfo") or text(native, "Message")
    application, user = _APPLICATION.search(context), _USER.search(context)
    pid = number(native, "ExecutionProcessID", "ProcessID")
    command = shape(application.group(1)) if application else shape("")
    if not pid and not command.encoded:
        return None
    named = user.group(1).strip() if user else ""
    return ScriptHostStarted(
        time=time,
        host=host_of(native),
        event=event,
        process=ProcessRef(pid=pid, image=_engine(application.group(1)) if application else ""),
        user=canonical_account(*named.split("\\", 1)) if named else canonical_account(*_collector_user(native)),
        command=command,
    )


def _engine(application: str) -> str:
    """Return the image that a host application's words begin with."""
    found = _ENGINE.match(application.strip())
    image = path({"image": found.group(1)}, "image") if found else ""
    return image if not image or image.endswith(".exe") else f"{image}.exe"


def _collector_user(native: Native) -> tuple[str, str]:
    return text(native, "Domain"), text(native, "AccountName")


def _side(native: Native, side: str) -> ProcessRef:
    return ProcessRef(
        guid=text(native, f"{side}ProcessGuid", f"{side}ProcessGUID").lower(),
        pid=number(native, f"{side}ProcessId"),
        image=path(native, f"{side}Image"),
    )
