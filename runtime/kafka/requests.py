"""One request that the client lacks: a group's offsets, those only that no open transaction may still change."""

from typing import Any, ClassVar, Final

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

UNSTABLE: Final = 88
"""The error of a place whose offset is part of a transaction that has not ended yet."""


class StableOffsetsResponse(Response):
    """OffsetFetch, version 7."""

    API_KEY = 9
    API_VERSION = 7
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "topics",
            CompactArray(
                ("topic", CompactString("utf-8")),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("offset", Int64),
                        ("leader_epoch", Int32),
                        ("metadata", CompactString("utf-8")),
                        ("error_code", Int16),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("error_code", Int16),
        ("tags", TaggedFields),
    )


class StableOffsetsStruct(RequestStruct):
    """OffsetFetch, version 7."""

    API_KEY = 9
    API_VERSION = 7
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = StableOffsetsResponse
    SCHEMA = Schema(
        ("group", CompactString("utf-8")),
        (
            "topics",
            CompactArray(
                ("topic", CompactString("utf-8")), ("partitions", CompactArray(Int32)), ("tags", TaggedFields)
            ),
        ),
        ("require_stable", Boolean),
        ("tags", TaggedFields),
    )


class StableOffsetsRequest(Request[StableOffsetsStruct]):
    """Asks for what ``group`` has committed of ``topics``."""

    API_KEY: ClassVar[int] = 9

    def __init__(self, group: str, topics: dict[str, list[int]]) -> None:
        self._group = group
        self._topics = topics

    def build(self, request_struct_class: type[StableOffsetsStruct]) -> StableOffsetsStruct:
        """Return the request as it travels."""
        topics: list[tuple[Any, ...]] = [(topic, numbers, {}) for topic, numbers in self._topics.items()]
        return request_struct_class(self._group, topics, True, {})
