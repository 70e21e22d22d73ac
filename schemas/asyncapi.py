"""The AsyncAPI 3 description of all public topics: who writes, who reads, keys, headers, content types."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from schemas.topics import EVENTS, PEOPLE, RECORDS, TOPICS, Topic

Schema = dict[str, Any]

JSON_TYPE: Final = "application/json"
ANY_TYPE: Final = "application/octet-stream"
DIALECT: Final = "application/schema+json;version=draft-2020-12"
_TENANT: Final = "<tenant>"
_OTHERS: Final = "other-tools"
_BINDING: Final = "0.5.0"
_POLICIES: Final = {"short": "delete", "long": "delete", "compact": "compact", "forever": "delete"}

Headers = Mapping[str, str]
HEADERS: Final[Mapping[str, Headers]] = {
    EVENTS.name: {
        "uid": "the event's id",
        "source": "the source that understood the record; `unknown` for a base event of nobody's",
        "product": "Sigma's logsource",
        "category": "Sigma's logsource",
        "service": "Sigma's logsource",
        "kind": "what readers route by: `security/4688`, `cloudtrail/<event type>`, `sshd/<what it said>`, ...",
        "time": "event time, epoch milliseconds",
        "native": "`<offset>:<length>` of the native object within the value",
        "mapped": "`1` where a mapper knew the record, `0` for a base event",
        "time-quality": "which time became event time: sensor, system, inferred, shipper, receipt",
    },
    "findings": {"uid": "the finding's id", "event": "id of the event that the rule fired on"},
    "facts": {"cause": "id of the event that the fact was seen in"},
    "incidents": {"version": "counts the versions of this incident"},
    "notifications": {"cause": "the notification's id"},
    "dead-letters": {"uid": "the dead letter's id"},
}
"""Headers that every message of the topic carries."""

OPTIONAL_HEADERS: Final[Mapping[str, Headers]] = {
    RECORDS.name: {
        "source": "name of the source, or of the stream; else the tenant's configuration, else the content decides",
        "content-type": "JSON, NDJSON and text are taken apart into records; else the content decides",
        "content-encoding": "`gzip` or `zstd`",
        "host": "the host, for lines that name none",
        "position": "makes this message one record, with this place in its stream: the same place and bytes are the same event",
        "preamble": "header lines of the table that the record is a row of",
        "received": "receipt time, epoch milliseconds, of the message that the record was taken out of",
    },
}
EVERYWHERE: Final[Headers] = {
    "causation": "`<topic>/<partition>/<offset>` of the message that led to this one",
    "stanch-now": "the time in a replay, epoch milliseconds",
    "replayed-from": "id of the dead letter that was put back",
}
"""Headers that a message of any topic may carry."""


def asyncapi(schema_of: Callable[[Topic], object]) -> Schema:
    """Return the description; ``schema_of`` says which topics have a schema of ours beside it, ``<topic>.json``."""
    public = [topic for topic in TOPICS.values() if topic.public]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Stanch",
            "version": "1",
            "description": "The topics on which the services meet. Every message is keyed; delivery is at least once. Readers "
            "ignore properties and headers that they do not know.",
        },
        "defaultContentType": JSON_TYPE,
        "channels": {channel_of(topic): _channel(topic, has_schema=bool(schema_of(topic))) for topic in public},
        "operations": dict(operation for topic in public for operation in _operations(topic)),
    }


def channel_of(topic: Topic) -> str:
    """Return the channel's name in the description: the topic's, without what stands for the tenant."""
    return topic.name.removesuffix(f".{_TENANT}")


def _channel(topic: Topic, *, has_schema: bool) -> Schema:
    parameters = {"parameters": {"tenant": {"description": "slug of the tenant"}}} if _TENANT in topic.name else {}
    return {
        "address": topic.name.replace(_TENANT, "{tenant}"),
        "description": topic.what,
        "messages": {"message": _message(topic, has_schema=has_schema)},
        "bindings": {
            "kafka": {
                "topicConfiguration": {"cleanup.policy": [_POLICIES[topic.retention]]},
                "bindingVersion": _BINDING,
            }
        },
        "x-key": topic.key,
        "x-partition-by": topic.partition_by,
        "x-retention": topic.retention,
        **parameters,
    }


def _message(topic: Topic, *, has_schema: bool) -> Schema:
    known = {"schemaFormat": DIALECT, "schema": {"$ref": f"./{topic.name}.json"}}
    return {
        "name": channel_of(topic),
        "contentType": JSON_TYPE if has_schema else ANY_TYPE,
        "headers": _headers(topic),
        "payload": known if has_schema else {"description": "bytes exactly as received"},
        "bindings": {"kafka": {"key": {"type": "string", "description": topic.key}, "bindingVersion": _BINDING}},
    }


def _headers(topic: Topic) -> Schema:
    always = HEADERS.get(topic.name, {})
    every = {**EVERYWHERE, **OPTIONAL_HEADERS.get(topic.name, {}), **always}
    found: Schema = {
        "type": "object",
        "properties": {name: {"type": "string", "description": text} for name, text in every.items()},
    }
    return {**found, "required": sorted(always)} if always else found


def _operations(topic: Topic) -> Iterator[tuple[str, Schema]]:
    writers = [*topic.producers, *([_OTHERS] if _others_may_write(topic) else [])]
    for verb, action, names in (("writes", "send", writers), ("reads", "receive", topic.consumers)):
        for name in names:
            yield f"{name}-{verb}-{channel_of(topic)}", _operation(topic, action)


def _operation(topic: Topic, action: str) -> Schema:
    channel = f"#/channels/{channel_of(topic)}"
    return {"action": action, "channel": {"$ref": channel}, "messages": [{"$ref": f"{channel}/messages/message"}]}


def _others_may_write(topic: Topic) -> bool:
    return topic is RECORDS or {*topic.producers} <= {*PEOPLE}
