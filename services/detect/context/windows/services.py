"""Services, tasks and files: Security 4697, 4698, 4702; System 7045; Sysmon 11, 13, 15."""

import re
from typing import Final

from schemas.entity import canonical_account
from schemas.fact import Fact, FileWritten, ProcessRef, ServiceMade
from services.detect.context.command import shape
from services.detect.context.windows.fields import (
    Native,
    account,
    account_in,
    host_of,
    logon_id,
    number,
    path,
    process,
    text,
)

_KEPT_FILES: Final = (
    ".exe", ".dll", ".ps1", ".bat", ".cmd", ".vbs", ".vbe", ".js", ".jse", ".wsf", ".hta", ".scr", ".sys", ".dmp", ".iso",
    ".img", ".lnk", ".msi", ".jar", ".zip", ".cpl", ".ocx", ".com", ".pif", ".py", ".docm", ".xlsm", ".one",
)  # fmt: skip
_ZONE: Final = ":zone.identifier"
_FOREIGN_ZONE = re.compile(r"ZoneId\s*=\s*[34]")
_ORIGIN = re.compile(r"(?:HostUrl|ReferrerUrl)\s*=\s*https?://(?:\[([0-9a-f:]+)\]|([^/:\s]+))", re.IGNORECASE)
_TASK_COMMAND = re.compile(r"<(?:Command|Arguments)>([^<]*)")


def service_installed(native: Native, time: int, event: str) -> Fact:
    """Security 4697: a service was installed, in whose session and by which client process."""
    return ServiceMade(
        time=time,
        host=host_of(native),
        event=event,
        name=text(native, "ServiceName").lower(),
        command=shape(text(native, "ServiceFileName")),
        account=account(native, "Subject"),
        session=logon_id(native, "SubjectLogonId"),
        client=ProcessRef(pid=number(native, "ClientProcessId")),
    )


def service_reported(native: Native, time: int, event: str) -> Fact:
    """System 7045: the service manager reports a new service."""
    return ServiceMade(
        time=time,
        host=host_of(native),
        event=event,
        name=text(native, "ServiceName").lower(),
        command=shape(text(native, "ImagePath")),
        account=canonical_account(text(native, "Domain"), text(native, "AccountName")),
    )


def image_path_set(native: Native, time: int, event: str) -> Fact | None:
    r"""Sysmon 13: the command of a service was written to the registry; every other value is no fact."""
    key = text(native, "TargetObject").lower()
    if "\\services\\" not in key or not key.endswith("\\imagepath"):
        return None
    return ServiceMade(
        time=time,
        host=host_of(native),
        event=event,
        name=key.split("\\")[-2],
        command=shape(text(native, "Details")),
        client=_unless_manager(process(native)),
    )


def task_registered(native: Native, time: int, event: str) -> Fact:
    """Security 4698 and 4702: a scheduled task was made or changed."""
    content = text(native, "TaskContentNew", "TaskContent")
    return ServiceMade(
        time=time,
        host=host_of(native),
        event=event,
        name=text(native, "TaskName").lower(),
        form="task",
        command=shape(" ".join(_TASK_COMMAND.findall(content))),
        account=account(native, "Subject"),
        session=logon_id(native, "SubjectLogonId"),
        client=ProcessRef(pid=number(native, "ClientProcessId")),
    )


def file_written(native: Native, time: int, event: str) -> Fact | None:
    """Sysmon 11: a file was created; only what can run, script or hold a dump is a fact."""
    written = path(native, "TargetFilename")
    if not written.endswith(_KEPT_FILES):
        return None
    return FileWritten(
        time=time,
        host=host_of(native),
        event=event,
        process=process(native),
        path=written,
        user=account_in(native, "User"),
    )


def mark_of_the_web(native: Native, time: int, event: str) -> Fact | None:
    """Sysmon 15: a file got the mark of the internet or restricted zone, from these origins."""
    stream, contents = path(native, "TargetFilename"), text(native, "Contents")
    if not stream.endswith(_ZONE) or not _FOREIGN_ZONE.search(contents):
        return None
    origins = {(six or name).lower() for six, name in _ORIGIN.findall(contents)}
    return FileWritten(
        time=time,
        host=host_of(native),
        event=event,
        process=process(native),
        path=stream.removesuffix(_ZONE),
        user=account_in(native, "User"),
        marked=True,
        origins=tuple(sorted(origins)),
    )


def _unless_manager(writer: ProcessRef) -> ProcessRef:
    return ProcessRef() if writer.image.endswith("\\services.exe") else writer
