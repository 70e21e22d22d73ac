"""How a field that a Sigma rule names is found in a native object.

A rule's field is looked up by its own name, then as a dotted path, then under the names that shippers give it, then inside
the objects that shippers wrap Windows data in. Names are case-sensitive; a list stands for all of its elements.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

Aliases = Mapping[str, tuple[str, ...]]

_WINDOWS: Aliases = {
    "Provider_Name": ("ProviderName", "SourceName", "winlog.provider_name", "source_name"),
    "Computer": ("Hostname", "ComputerName", "winlog.computer_name", "computer_name", "host.name"),
    "ComputerName": ("Computer", "Hostname", "winlog.computer_name", "computer_name"),
    "Channel": ("winlog.channel", "log_name"),
    "EventID": ("winlog.event_id", "event_id"),
    "Level": ("winlog.level", "level"),
    "ParentProcessGuid": ("ParentProcessGUID",),
    "ProcessGuid": ("ProcessGUID",),
    "SourceProcessGuid": ("SourceProcessGUID",),
    "TargetProcessGuid": ("TargetProcessGUID",),
    "TargetFilename": ("TargetFileName",),
    "Signature": ("Threat Name", "ThreatName"),
    "Filename": ("Path",),
}
_WEBSERVER: Aliases = {
    "c-ip": ("client_ip", "clientip", "remote_addr", "client", "source.ip", "src_ip"),
    "c-uri": ("cs-uri", "uri", "url.original", "url", "request_uri", "path"),
    "c-useragent": ("cs-user-agent", "user_agent.original", "user_agent", "http_user_agent", "agent"),
    "cs-host": ("host", "url.domain", "http_host", "vhost"),
    "cs-method": ("method", "http.request.method", "request_method", "verb"),
    "cs-referer": ("referer", "referrer", "http.request.referrer", "http_referer"),
    "cs-uri": ("c-uri", "uri", "url.original", "url", "request_uri", "path"),
    "cs-uri-query": ("uri", "url.query", "query", "query_string", "request_uri", "url", "path"),
    "cs-uri-stem": ("uri_path", "url.path", "path", "uri", "request_uri", "url"),
    "cs-user-agent": ("c-useragent", "user_agent.original", "user_agent", "http_user_agent", "agent"),
    "cs-username": ("user.name", "remote_user", "user", "auth"),
    "sc-bytes": ("bytes", "body_bytes_sent", "http.response.bytes"),
    "sc-status": ("status", "http.response.status_code", "status_code", "response"),
}
_PROXY: Aliases = {
    **_WEBSERVER,
    "c-uri-extension": ("url.extension",),
    "c-uri-query": ("url.query", "query"),
    "cs-cookie": ("cookie",),
    "dst_ip": ("destination.ip", "r-ip", "s-ip"),
    "r-dns": ("cs-host", "url.domain", "host", "destination.domain"),
    "src_ip": ("c-ip", "source.ip", "client_ip"),
}
_DNS: Aliases = {
    "query": ("QueryName", "dns.question.name", "qname", "query_name", "question"),
    "QueryName": ("query", "dns.question.name", "qname"),
    "QueryResults": ("answers", "answer", "dns.answers.data"),
    "answer": ("answers", "QueryResults", "dns.answers.data"),
    "record_type": ("qtype_name", "dns.question.type", "qtype", "type"),
    "parent_domain": ("dns.question.registered_domain",),
}
_FIREWALL: Aliases = {
    "action": ("event.action", "act", "disposition"),
    "dst_ip": ("id.resp_h", "destination.ip", "dst", "dstip", "DestinationIp", "DestAddress"),
    "dst_port": ("id.resp_p", "destination.port", "dpt", "dstport", "DestinationPort", "DestPort"),
    "src_ip": ("id.orig_h", "source.ip", "src", "srcip", "SourceIp", "SourceAddress"),
    "src_port": ("id.orig_p", "source.port", "spt", "srcport", "SourcePort"),
}
_LINUX: Aliases = {
    "CommandLine": ("process.command_line", "proctitle", "cmdline", "process.args"),
    "Image": ("process.executable", "exe", "process.path"),
    "ParentCommandLine": ("process.parent.command_line",),
    "ParentImage": ("process.parent.executable", "parent_exe"),
    "CurrentDirectory": ("process.working_directory", "cwd"),
    "User": ("user.name", "username"),
    "message": ("MESSAGE", "Message", "msg", "log"),
    "src_ip": ("source_ip", "rhost", "source.ip", "SourceIp", "src"),
    "TargetFilename": ("file.path", "name"),
    "DestinationIp": ("destination.ip", "dst_ip"),
    "DestinationPort": ("destination.port", "dst_port"),
    "DestinationHostname": ("destination.domain",),
}
_BY_CATEGORY: Mapping[str, Aliases] = {
    "webserver": _WEBSERVER, "proxy": _PROXY, "dns": _DNS, "dns_query": _DNS, "firewall": _FIREWALL,
}  # fmt: skip
_BY_PRODUCT: Mapping[str, Aliases] = {"windows": _WINDOWS, "linux": _LINUX, "macos": _LINUX}
_NONE: Aliases = {}
_WRAPPERS = ("event_data", "user_data", "EventData", "UserData")
_OUTER = ("winlog", "Event")


@lru_cache(maxsize=1024)
def aliases_of(product: str, category: str) -> Aliases:
    """Return the other names of Sigma's fields in such events; the category is more telling than the product."""
    return {**_BY_PRODUCT.get(product, _NONE), **_BY_CATEGORY.get(category, _NONE)}


@lru_cache(maxsize=1)
def every_alias() -> Aliases:
    """Return all other names of all fields, for readers that do not know where an event came from."""
    merged: dict[str, tuple[str, ...]] = {}
    for table in (*_BY_PRODUCT.values(), *_BY_CATEGORY.values()):
        for field, names in table.items():
            merged[field] = tuple(dict.fromkeys((*merged.get(field, ()), *names)))
    return merged


def field_values(native: Mapping[str, Any], field: str, aliases: Aliases) -> tuple[Any, ...]:
    """Return the values of ``field``, lists taken apart; empty where nothing is known of it, as JSON's null says too."""
    for name in (field, *aliases.get(field, ())):
        found = _direct(native, name)
        if found:
            return found
    return _wrapped(native, field)


def leaves(value: object) -> Iterator[Any]:
    """Yield every value that is neither object nor list, however deep it lies; null is none."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Mapping):
            stack.extend(reversed(list(item.values())))
        elif isinstance(item, list | tuple):
            stack.extend(reversed(item))
        elif item is not None:
            yield item


def _direct(native: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    value = native.get(name)
    if value is not None:
        return _elements(value)
    return _walk(native, name) if "." in name else ()


def _walk(native: Mapping[str, Any], path: str) -> tuple[Any, ...]:
    here: list[Any] = [native]
    for step in path.split("."):
        here = [
            element
            for item in here
            if isinstance(item, Mapping) and item.get(step) is not None
            for element in _elements(item[step])
        ]
    return tuple(here)


def _elements(value: object) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        return (value,)
    found, stack = [], list(reversed(value))
    while stack:
        item = stack.pop()
        if isinstance(item, list | tuple):
            stack.extend(reversed(item))
        elif item is not None:
            found.append(item)
    return tuple(found)


def _wrapped(native: Mapping[str, Any], field: str) -> tuple[Any, ...]:
    for outer in (native, *(native[name] for name in _OUTER if isinstance(native.get(name), Mapping))):
        for wrapper in _WRAPPERS:
            inner = outer.get(wrapper)
            if isinstance(inner, Mapping):
                found = _direct(inner, field)
                if found:
                    return found
    return ()
