"""System and Application logs, the task scheduler, BITS, Defender, WMI, the firewall: services, jobs, programs, findings."""

from typing import Final

from schemas.ocsf.classes import OcsfClass as C
from schemas.ocsf.objects import Actor, User
from services.ingest.values import as_text, compact, text_of
from services.ingest.windows.kind import Mapper, Parts, kind_of, under
from services.ingest.windows.objects import Get, actor_of, process_of, user_named

_STATES: Final = {"running": 3, "stopped": 4, "paused": 5}
_SCM: Final[Actor] = {"app_name": "Service Control Manager"}


def _user(g: Get) -> User | None:
    named = g("User") or g("UserName") or g("UserContext")
    if text_of(named) is None and text_of(g("AccountName")):
        named = f"{g('Domain')}\\{g('AccountName')}"
    return user_named(named, g("UserID") or g("UserSid"))


def _actor(g: Get) -> Actor | None:
    process = process_of(g("ProcessId") or g("ClientProcessId"), None, g("ProcessName") or g("ModifyingApplication"))
    return actor_of(process, _user(g))


def service_installed(g: Get) -> Parts:
    """System 7045."""
    name = text_of(g("ServiceName"))
    service = {
        "name": name,
        "cmd_line": text_of(g("ImagePath")),
        "service_start_name": text_of(g("AccountName")),
        "service_start_type": text_of(g("StartType")),
        "service_type": text_of(g("ServiceType")),
        "service_type_id": 0,
    }
    return {
        "win_service": compact(service) if name else None,
        "actor": actor_of(None, user_named(None, g("UserID"))) or _SCM,
    }


def service_state(g: Get) -> Parts:
    """System 7000 to 7040: a service started, stopped, failed, or starts another way from now on."""
    name = text_of(g("param1")) or text_of(g("ServiceName"))
    return {
        "win_service": {"name": name, "service_type_id": 0} if name else None,
        "actor": actor_of(None, user_named(None, g("UserID"))) or _SCM,
        "activity_id": _STATES.get(str(g("param2")).lower()),
    }


def log_cleared(g: Get) -> Parts:
    """System 104; the log that was cleared stands in the event's own data."""
    log = text_of(g("UserData_Channel")) or text_of(g("Channel"))
    user = {"domain": text_of(g("SubjectDomainName")), "name": text_of(g("SubjectUserName"))}
    return {"log_name": log, "actor": {"user": compact(user)} if user["name"] else None}


def job(g: Get) -> Parts:
    """Task scheduler and BITS."""
    names = ("TaskName", "jobTitle", "name", "jobId", "Id", "string")
    name = next((text for text in map(text_of, map(g, names)) if text), None)
    command = text_of(g("ActionName")) or text_of(g("Path")) or text_of(g("url")) or text_of(g("RemoteName"))
    return {"job": compact({"name": name, "cmd_line": command}) if name else None, "actor": _actor(g)}


def malware_found(g: Get) -> Parts:
    """Defender 1006, 1015, 1116, 1117, 1119: it saw something, it did something."""
    title = text_of(g("Threat Name")) or text_of(g("ThreatName")) or text_of(g("Message"))
    uid = as_text(g("Detection ID")) or as_text(g("EventRecordID")) or as_text(g("RecordNumber")) or title
    return {
        "finding_info": {"title": title[:400], "uid": uid} if title and uid else None,
        "message": text_of(g("Path")),
    }


def program(name: str) -> Mapper:
    """Return the mapper for what a program says of itself."""

    def parts(g: Get) -> Parts:
        return {"app": {"name": name, "vendor_name": "Microsoft"}, "actor": _actor(g), "message": text_of(g("Message"))}

    return parts


def reporting_program(g: Get) -> Parts:
    """Kinds of many providers under one number: the provider is the program."""
    name = text_of(g("Provider_Name")) or text_of(g("SourceName")) or text_of(g("EventSourceName"))
    return {"app": {"name": name} if name else None, "actor": _actor(g), "message": text_of(g("Message"))}


def wmi_operation(g: Get) -> Parts:
    """WMI activity 5857 to 5861."""
    names = (
        "Query",
        "Operation",
        "ESS",
        "CONSUMER",
        "Consumer",
        "ProviderName",
        "Namespace",
        "NamespaceName",
        "Message",
    )
    name = next((text for text in map(text_of, map(g, names)) if text), None)
    return {
        "win_resource": {"name": name[:400], "type_id": 99, "type": "WMI operation"} if name else None,
        "actor": _actor(g) or {"app_name": "WMI"},
    }


def firewall_rule(g: Get) -> Parts:
    """Windows Firewall 2002 to 2097; Security 4944 to 4958 say the same."""
    name = text_of(g("RuleName")) or text_of(g("RuleId")) or text_of(g("SettingType")) or text_of(g("Message"))
    return {"entity": {"name": name[:400], "type": "firewall rule"} if name else None, "actor": _actor(g)}


def crashed(g: Get) -> Parts:
    """Application 1000, 1001, 1002: a program failed."""
    names = ("AppName", "param1", "EventName", "Data", "Message")
    name = next((text for text in map(text_of, map(g, names)) if text), None)
    return {"message": name[:400] if name else None}


_BITS: Final = "Microsoft-Windows-Bits-Client/Operational"
_TASKS: Final = "Microsoft-Windows-TaskScheduler/Operational"
_DEFENDER: Final = "Microsoft-Windows-Windows Defender/Operational"
_FIREWALL: Final = "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall"

_REPORTED: Final = kind_of(C.APPLICATION_LIFECYCLE, 99, reporting_program, ())
_RULE_ADDED: Final = kind_of(C.ENTITY_MANAGEMENT, 1, firewall_rule, ())
_RULE_CHANGED: Final = kind_of(C.ENTITY_MANAGEMENT, 3, firewall_rule, ())
_RULE_DELETED: Final = kind_of(C.ENTITY_MANAGEMENT, 4, firewall_rule, ())

KINDS: Final = {
    **under(
        "System",
        {
            7045: kind_of(C.WINDOWS_SERVICE, 1, service_installed, ()),
            7036: kind_of(C.WINDOWS_SERVICE, 99, service_state, ()),
            7040: kind_of(C.WINDOWS_SERVICE, 2, service_state, ()),
            (7000, 7001, 7009, 7011, 7022, 7023, 7024, 7031, 7034, 7035): kind_of(
                C.WINDOWS_SERVICE, 4, service_state, ()
            ),
            104: kind_of(C.EVENT_LOG, 1, log_cleared, ()),
            (16, 20, 24, 26, 27, 35, 36, 37, 38, 39, 41, 42, 50, 53, 55, 56, 98): _REPORTED,
            (213, 217, 1001, 1031, 1032, 1033, 1034, 4100, 5723, 5805, 5827, 5828, 5829, 6038, 6039): _REPORTED,
            (10001, 16990, 16991): _REPORTED,
        },
    ),
    **under(
        "Application",
        {
            (1000, 1002): kind_of(C.APPLICATION_ERROR, 1, crashed, ()),
            1001: kind_of(C.APPLICATION_ERROR, 1, crashed, ()),
            (1033, 11707): kind_of(C.APPLICATION_LIFECYCLE, 1, reporting_program, ()),
            (1034, 11724): kind_of(C.APPLICATION_LIFECYCLE, 2, reporting_program, ()),
            (1, 4, 200, 201, 216, 325, 326, 327, 524, 865, 866, 867, 868, 882): _REPORTED,
            (1040, 1042, 1511, 2027, 7053, 8128, 15457, 18456, 33205): _REPORTED,
        },
    ),
    **under(
        _TASKS,
        {
            106: kind_of(C.SCHEDULED_JOB, 1, job, (("", "UserContext"),)),
            140: kind_of(C.SCHEDULED_JOB, 2, job, (("", "UserName"),)),
            141: kind_of(C.SCHEDULED_JOB, 3, job, (("", "UserName"),)),
            142: kind_of(C.SCHEDULED_JOB, 5, job, (("", "UserName"),)),
            (100, 107, 110, 129, 200): kind_of(C.SCHEDULED_JOB, 6, job, ()),
        },
    ),
    **under(
        _BITS,
        {
            (3, 16403): kind_of(C.SCHEDULED_JOB, 1, job, (("", "User"),)),
            59: kind_of(C.SCHEDULED_JOB, 6, job, ()),
            (4, 5, 60, 61): kind_of(C.SCHEDULED_JOB, 99, job, (("", "User"),)),
        },
    ),
    **under(
        _DEFENDER,
        {
            (1006, 1007, 1015, 1116, 1117, 1118, 1119): kind_of(C.DETECTION, 1, malware_found, (), severity_id=4),
            (1121, 1122, 1123, 1124): kind_of(C.DETECTION, 1, malware_found, (), severity_id=3),
            (5001, 5010, 5012): kind_of(C.APPLICATION_LIFECYCLE, 7, program("Microsoft Defender"), ()),
            (1009, 1013, 3002, 3007, 5004, 5007, 5013, 5101): kind_of(
                C.APPLICATION_LIFECYCLE, 99, program("Microsoft Defender"), ()
            ),
        },
    ),
    **under(
        _FIREWALL,
        {
            (2004, 2071, 2097): _RULE_ADDED,
            (2002, 2003, 2005, 2008, 2009, 2032, 2060, 2073, 2082, 2083): _RULE_CHANGED,
            (2006, 2033, 2052, 2059): _RULE_DELETED,
        },
    ),
    **under("Security", {4946: _RULE_ADDED, (4944, 4945, 4947, 4949, 4950, 4954): _RULE_CHANGED, 4948: _RULE_DELETED}),
    **under(
        "Microsoft-Windows-WMI-Activity/Operational",
        {(5857, 5858, 5859, 5860, 5861): kind_of(C.WINDOWS_RESOURCE, 1, wmi_operation, (("", "User"),))},
    ),
}
