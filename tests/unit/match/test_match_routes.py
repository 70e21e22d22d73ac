"""Which rules an event concerns, from its headers alone."""

import pytest

from schemas.event import EventHeaders, LogSource
from services.detect.match.check import report_of
from services.detect.match.core.route import Kind, concerns, possible
from tests.unit.match.sigma_rules import compiled, engine, headers, rule_text

SYSMON = "Microsoft-Windows-Sysmon/Operational"


def _source(text: str) -> LogSource:
    product, category, service = [*text.split("/"), "", ""][:3]
    return LogSource(product, category, service)


WINDOWS = [
    ("windows/process_creation", f"{SYSMON}/1", True),
    ("windows/process_creation", "security/4688", True),
    ("windows/process_creation", f"{SYSMON}/5", False),
    ("windows/process_creation", "security/4624", False),
    ("windows/registry_event", f"{SYSMON}/12", True),
    ("windows/registry_event", f"{SYSMON}/13", True),
    ("windows/registry_event", f"{SYSMON}/14", True),
    ("windows/registry_event", "security/4657", True),
    ("windows/registry_set", f"{SYSMON}/13", True),
    ("windows/registry_set", f"{SYSMON}/12", False),
    ("windows/registry_add", f"{SYSMON}/12", True),
    ("windows/pipe_created", f"{SYSMON}/17", True),
    ("windows/pipe_created", f"{SYSMON}/18", True),
    ("windows/ps_script", "Microsoft-Windows-PowerShell/Operational/4104", True),
    ("windows/ps_script", "PowerShellCore/Operational/4104", True),
    ("windows/ps_module", "Microsoft-Windows-PowerShell/Operational/4104", False),
    ("windows/ps_classic_start", "Windows PowerShell/400", True),
    ("windows//security", "Security/4624", True),
    ("windows//security", "SECURITY/4624", True),
    ("windows//security", "System/7045", False),
    ("windows//sysmon", f"{SYSMON}/16", True),
    ("windows//powershell", "PowerShellCore/Operational/53504", True),
    ("windows//windefend", "Microsoft-Windows-Windows Defender/Operational/1116", True),
    ("windows", "System/7045", True),
    ("/process_creation", f"{SYSMON}/1", True),
    ("linux/process_creation", f"{SYSMON}/1", False),
    ("/webserver", "Security/4624", False),
    ("windows//something_new", "Security/4624", True),
    ("windows/something_new", "Security/4624", True),
]


@pytest.mark.parametrize(("rule", "kind", "expected"), WINDOWS)
def test_windows_rules_run_where_the_tables_say(rule: str, kind: str, expected: bool) -> None:
    event = Kind.of(headers(kind, product="windows"))
    assert concerns(_source(rule), event) is expected


OTHERS = [
    ("linux//sshd", "linux//sshd", True),
    ("linux//auth", "linux//sshd", True),
    ("linux//cron", "linux//sshd", False),
    ("linux", "linux//sshd", True),
    ("windows", "linux//sshd", False),
    ("aws//cloudtrail", "aws//cloudtrail", True),
    ("/webserver", "apache/webserver/access", True),
    ("/webserver", "apache//error", False),
    ("linux/process_creation", "linux//auditd", True),
    ("//apache", "//apache", True),
    ("linux//sshd", "", False),
    ("", "linux//sshd", True),
]


@pytest.mark.parametrize(("rule", "event", "expected"), OTHERS)
def test_what_an_event_leaves_open_keeps_no_rule_out_but_something_must_agree(
    rule: str, event: str, expected: bool
) -> None:
    given = _source(event)
    headers = EventHeaders("u", "s", given, "some/kind", 0, 0, 0)
    assert concerns(_source(rule), Kind.of(headers)) is expected


def test_a_rule_that_asks_for_another_event_id_is_never_asked() -> None:
    text = rule_text(
        {"a": {"EventID": [4624, 4625]}, "b": {"x": 1}, "condition": "a and not b"},
        {"product": "windows", "service": "security"},
    )
    (rule,) = compiled(text).rules
    assert possible(rule.node, "4624")
    assert not possible(rule.node, "4688")
    assert not engine(text).concerns(headers("security/4688", product="windows"))
    assert engine(text).concerns(headers("security/4625", product="windows"))


@pytest.mark.parametrize("condition", ["not a", "a or b", "1 of them", "not (a and b)"])
def test_an_event_id_that_is_not_required_keeps_no_rule_out(condition: str) -> None:
    (rule,) = compiled(rule_text({"a": {"EventID": 1}, "b": {"x": 1}, "condition": condition})).rules
    assert possible(rule.node, "2")


def test_rules_whose_logsource_no_table_knows_are_listed() -> None:
    unknown = rule_text({"sel": {"a": 1}, "condition": "sel"}, {"product": "windows", "service": "something_new"})
    assert [rule.title for rule in report_of(compiled(unknown)).unrouted] == ["T"]


def test_a_category_rule_reads_the_security_log_under_its_own_names() -> None:
    text = rule_text(
        {"sel": {"Image|endswith": r"\a.exe", "ParentImage": r"C:\b.exe", "User": "dana"}, "condition": "sel"},
        {"product": "windows", "category": "process_creation"},
    )
    event = {"NewProcessName": r"C:\x\a.exe", "ParentProcessName": r"C:\b.exe", "SubjectUserName": "dana"}
    (match,) = engine(text).match(event, headers("security/4688", product="windows"))
    assert match.matched == event


def test_a_registry_rule_reads_the_security_log_under_its_own_names() -> None:
    text = rule_text(
        {"sel": {"TargetObject|endswith": "ImagePath", "Details|contains": "cmd"}, "condition": "sel"},
        {"product": "windows", "category": "registry_set"},
    )
    event = {"ObjectName": r"\REGISTRY\X\ImagePath", "NewValue": "cmd /c", "Details": "else"}
    assert engine(text).match(event, headers("security/4657", product="windows"))


def test_a_service_rule_reads_the_security_log_as_it_is() -> None:
    text = rule_text({"sel": {"Image": "x"}, "condition": "sel"}, {"product": "windows", "service": "security"})
    assert not engine(text).match({"NewProcessName": "x"}, headers("security/4688", product="windows"))


@pytest.mark.parametrize(
    "event",
    [
        {"Provider_Name": "P", "Computer": "C"},
        {"SourceName": "P", "Hostname": "C"},
        {"ProviderName": "P", "ComputerName": "C"},
        {"winlog": {"provider_name": "P", "computer_name": "C"}},
    ],
)
def test_shippers_name_a_windows_field_differently(event: dict[str, object]) -> None:
    text = rule_text({"sel": {"Provider_Name": "p", "Computer": "c"}, "condition": "sel"}, {"product": "windows"})
    assert engine(text).match(event, headers("system/7045", product="windows"))


@pytest.mark.parametrize(
    "wrapper", [{"event_data": {"A": 1}}, {"winlog": {"event_data": {"A": 1}}}, {"EventData": {"A": 1}}]
)
def test_shippers_wrap_the_data_of_an_event(wrapper: dict[str, object]) -> None:
    text = rule_text({"sel": {"A": 1}, "condition": "sel"}, {"product": "windows"})
    assert engine(text).match(wrapper, headers("system/1", product="windows"))


def test_a_field_may_have_a_name_with_spaces() -> None:
    text = rule_text({"sel": {"Threat Name|contains": "evil"}, "condition": "sel"}, {"product": "windows"})
    assert engine(text).match({"Threat Name": "Very.Evil"}, headers("defender/1116", product="windows"))


@pytest.mark.parametrize(
    ("logsource", "field", "event"),
    [
        ({"category": "webserver"}, "cs-uri-query", {"http": 1, "url": {"query": "x"}}),
        ({"category": "webserver"}, "sc-status", {"status": "x"}),
        ({"category": "proxy"}, "c-useragent", {"user_agent": "x"}),
        ({"category": "dns"}, "query", {"dns": {"question": {"name": "x"}}}),
        ({"category": "firewall"}, "dst_ip", {"id.resp_h": "x"}),
        ({"product": "linux", "category": "process_creation"}, "CommandLine", {"process": {"command_line": "x"}}),
    ],
)
def test_sigmas_taxonomy_is_found_under_the_names_that_products_use(
    logsource: dict[str, str], field: str, event: dict[str, object]
) -> None:
    text = rule_text({"sel": {field: "x"}, "condition": "sel"}, logsource)
    given = headers("k", product=logsource.get("product", "p"), category=logsource["category"])
    assert engine(text).match(event, given)
