"""Zeek: conn, dns and http logs, as JSON or as the rows of a table whose header lines come along; other logs become base events."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from runtime.errors import Rejected
from schemas.event import LogSource
from schemas.ocsf.classes import VERSION, OcsfClass, head_of, is_complete
from schemas.ocsf.objects import Endpoint, Event, Observable
from services.ingest.decoding import first_byte, is_verbatim, object_of, text_of_record
from services.ingest.instants import epoch_seconds, instant_of
from services.ingest.ports import Example, Hints, Parsed, Source, TimeQuality
from services.ingest.unknown import base_event
from services.ingest.values import address_id, address_seen, compact, number_of, port_of, text_of
from services.ingest.zeek_table import Header, fields_of, header_of

_PATHS: Final = ("_path", "@stream", "@path")
_TELLING: Final = (
    ("conn_state", "conn"),
    ("qtype_name", "dns"),
    ("rcode_name", "dns"),
    ("trans_id", "dns"),
    ("uri", "http"),
)
_RENAMED: Final = {
    "id_orig_h": "id.orig_h",
    "id_orig_p": "id.orig_p",
    "id_resp_h": "id.resp_h",
    "id_resp_p": "id.resp_p",
}
_REFUSED: Final = frozenset({"REJ", "RSTO", "RSTR", "RSTOS0", "RSTRH"})
_METHODS: Final = {
    "CONNECT": 1,
    "DELETE": 2,
    "GET": 3,
    "HEAD": 4,
    "OPTIONS": 5,
    "POST": 6,
    "PUT": 7,
    "TRACE": 8,
    "PATCH": 9,
}
_ANSWERS: Final = 64
_RCODES: Final = frozenset({*range(12), *range(16, 26)})


def parse(record: bytes, hints: Hints) -> Parsed:
    """Return the event of one row or object.

    Raises:
        Rejected: neither, or a row that does not fit its header.
    """
    if first_byte(record) == b"{":
        document = object_of(record)
        native = {_RENAMED.get(name, name): value for name, value in document.items()}
        raw = record if is_verbatim(record) and native.keys() == document.keys() else None
        return _event(native, raw, _path(native), hints)
    header = _header(hints.preamble)
    native = fields_of(text_of_record(record).rstrip("\r\n"), header)
    return _event(native, None, header.path, hints)


def _event(native: Mapping[str, Any], raw: bytes | None, path: str, hints: Hints) -> Parsed:
    logsource, kind = LogSource("zeek", "", path), f"zeek/{path or 'unknown'}"
    mapper = {"conn": _conn, "dns": _dns, "http": _http}.get(path)
    event = mapper(native) if mapper else None
    if event is None or not is_complete(event):
        return base_event(native, raw, kind, logsource, hints)
    time, quality = _time(native, hints.at)
    event["time"] = time
    event["metadata"] = _metadata(native, path, quality)
    observables = _observables(native)
    entity = address_id(native.get("id.orig_h"))
    return Parsed(event, native if raw is None else raw, logsource, kind, time, quality, observables, entity)


def _conn(native: Mapping[str, Any]) -> Event:
    state = text_of(native.get("conn_state"))
    traffic = {
        "bytes_out": number_of(native.get("orig_bytes")),
        "bytes_in": number_of(native.get("resp_bytes")),
        "packets_out": number_of(native.get("orig_pkts")),
        "packets_in": number_of(native.get("resp_pkts")),
    }
    duration = native.get("duration")
    return {
        **head_of(OcsfClass.NETWORK, 5 if state in _REFUSED else 6),
        **_endpoints(native),
        **compact(
            {
                "connection_info": _connection(native),
                "traffic": compact(traffic) or None,
                "duration": round(duration * 1000) if type(duration) is float and 0 <= duration < 1e9 else None,
                "app_name": text_of(native.get("service")),
                "status_code": state,
            }
        ),
    }


def _dns(native: Mapping[str, Any]) -> Event:
    name, code = text_of(native.get("query")), number_of(native.get("rcode"))
    answers = native.get("answers")
    listed = [text for text in answers if type(text) is str and text] if type(answers) is list else []
    query = {"hostname": name, "type": text_of(native.get("qtype_name")), "class": text_of(native.get("qclass_name"))}
    fields = {
        "query": compact(query) if name else None,
        "answers": [{"rdata": text} for text in listed[:_ANSWERS]] or None,
        "rcode_id": (code if code in _RCODES else 99) if code is not None else None,
        "connection_info": _connection(native),
    }
    return {**head_of(OcsfClass.DNS, 6), **_endpoints(native), **compact(fields)}


def _http(native: Mapping[str, Any]) -> Event:
    method, host, uri = text_of(native.get("method")), text_of(native.get("host")), text_of(native.get("uri"))
    url = compact({"hostname": host, "path": uri, "url_string": f"http://{host}{uri}" if host and uri else None})
    request = {
        "http_method": method if method in _METHODS else None,
        "url": url if uri else None,
        "user_agent": text_of(native.get("user_agent")),
        "referrer": text_of(native.get("referrer")),
    }
    code = number_of(native.get("status_code"))
    fields = {
        "http_request": compact(request) or None,
        "http_response": {"code": code} if code is not None else None,
    }
    return {**head_of(OcsfClass.HTTP, _METHODS.get(method or "", 99)), **_endpoints(native), **compact(fields)}


def _endpoints(native: Mapping[str, Any]) -> dict[str, Endpoint]:
    sides = {"src_endpoint": _endpoint(native, "orig"), "dst_endpoint": _endpoint(native, "resp")}
    return {name: side for name, side in sides.items() if side is not None}


def _endpoint(native: Mapping[str, Any], side: str) -> Endpoint | None:
    address, port = address_id(native.get(f"id.{side}_h")), port_of(native.get(f"id.{side}_p"))
    if not address:
        return None
    return {"ip": address, "port": port} if port is not None else {"ip": address}


def _connection(native: Mapping[str, Any]) -> dict[str, Any]:
    info = {
        "direction_id": 0,
        "uid": text_of(native.get("uid")),
        "protocol_name": text_of(native.get("proto")),
        "community_uid": text_of(native.get("community_id")),
        "flag_history": text_of(native.get("history")),
    }
    return compact(info)


def _time(native: Mapping[str, Any], at: int) -> tuple[int, TimeQuality]:
    stamp = native.get("ts")
    found = instant_of(stamp) if isinstance(stamp, str) else None
    found = epoch_seconds(stamp) if found is None else found
    return (found, TimeQuality.SENSOR) if found is not None else (at, TimeQuality.RECEIPT)


def _metadata(native: Mapping[str, Any], path: str, quality: TimeQuality) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "version": VERSION,
        "product": {"name": "Zeek", "vendor_name": "Zeek"},
        "log_name": path,
        "labels": [f"time:{quality}"],
    }
    stamp = native.get("ts")
    if stamp is not None:
        metadata["original_time"] = str(stamp)[:64]
    return metadata


def _observables(native: Mapping[str, Any]) -> list[Observable]:
    answers = native.get("answers")
    named = [("src_endpoint.ip", native.get("id.orig_h")), ("dst_endpoint.ip", native.get("id.resp_h"))]
    named += [("answers.rdata", answer) for answer in answers[:_ANSWERS]] if type(answers) is list else []
    seen = (address_seen(name, value) for name, value in named)
    return [one for one in seen if one is not None]


def _path(native: Mapping[str, Any]) -> str:
    """Return which of Zeek's logs it is: by its own word, else by a field that only this log has."""
    told = next((text for text in map(text_of, map(native.get, _PATHS)) if text), None)
    if told is not None:
        return told[:64].lower()
    return next((path for field, path in _TELLING if field in native), "")


@lru_cache(maxsize=256)
def _header(preamble: str) -> Header:
    header = header_of(preamble)
    if header is None:
        raise Rejected("a row of a table whose header lines are missing")
    return header


def recognises(record: bytes, hints: Hints) -> bool:
    """Whether it is a row under Zeek's header lines, or an object with Zeek's own stamps."""
    if first_byte(record) != b"{":
        return hints.preamble.startswith("#separator")
    if b'"ts"' not in record:
        return False
    marks = (b'"id.orig_h"', b'"id_orig_h"', b'"_path"', b'"@stream"', b'"fuid"', b'"uid"')
    return any(mark in record for mark in marks)


_TABLE: Final = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tquery\tqtype_name\trcode\trejected\tanswers\n"
    "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tstring\tcount\tbool\tvector[string]"
)

SOURCE: Final[Source] = Source(
    name="zeek",
    parse=parse,
    recognises=recognises,
    order=30,
    examples=(
        Example(
            b'{"_path":"conn","ts":1709628300.25,"uid":"C1","id.orig_h":"192.0.2.10","id.orig_p":50000,"id.resp_h":"198.51.100.20",'
            b'"id.resp_p":443,"proto":"tcp","service":"ssl","duration":1.5,"orig_bytes":100,"resp_bytes":2000,"conn_state":"SF"}',
            kind="zeek/conn",
            class_uid=4001,
            time=1_709_628_300_250,
            expected={
                "src_endpoint.ip": "192.0.2.10",
                "dst_endpoint.port": 443,
                "traffic.bytes_in": 2000,
                "duration": 1500,
            },
            native={"id.resp_h": "198.51.100.20"},
        ),
        Example(
            b"1709628301.500000\tC2\t192.0.2.10\t50001\t192.0.2.1\t53\tudp\twww.example.org\tA\t0\tF\t203.0.113.80,203.0.113.81",
            kind="zeek/dns",
            class_uid=4003,
            time=1_709_628_301_500,
            expected={"query.hostname": "www.example.org", "rcode_id": 0},
            native={"id.orig_p": 50001, "rejected": False, "answers": ["203.0.113.80", "203.0.113.81"]},
            hints=Hints(preamble=_TABLE),
        ),
        Example(
            b'{"@stream":"x509","ts":1709628302.0,"id":"F1","certificate_subject":"CN=example.org"}',
            kind="zeek/x509",
            class_uid=0,
            time=1_709_628_302_000,
        ),
    ),
)
