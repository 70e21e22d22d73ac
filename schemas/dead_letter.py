"""Dead letters: messages that we gave up on, with their bytes and the reason."""

from enum import StrEnum

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

KEPT_BYTES = 64 * 1024


class Fate(StrEnum):
    """Why a message was given up."""

    REJECTED = "rejected"
    OVERSIZE = "oversize"
    BUG = "bug"


class DeadLetter(BaseModel):
    """One message that ended here. ``value`` holds at most ``KEPT_BYTES`` of it; ``length`` and ``sha256`` are the whole's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    uid: str
    tenant: str
    service: str
    topic: str
    partition: int
    offset: int
    key: str
    headers: dict[str, str]
    value: Base64Bytes
    length: int
    sha256: str
    fate: Fate
    reason: str
    traceback: str = ""
    version: str = Field(description="version of the service that gave up")
    at: int
