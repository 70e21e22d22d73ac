"""Ingest's section of stanch.yaml."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from runtime.log import MAX_RECORD_BYTES

_MEBIBYTE = 1024 * 1024
Port = Annotated[int, Field(ge=0, le=65_535)]


class HttpSettings(BaseModel):
    """The HTTP door. ``max_body_bytes`` holds before and after decompression."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: Port = Field(default=8750, description="0 lets the system choose")
    max_body_bytes: int = Field(default=32 * _MEBIBYTE, ge=MAX_RECORD_BYTES)
    max_records: int = Field(default=50_000, ge=1, description="records in one request")
    max_in_flight_bytes: int = Field(
        default=128 * _MEBIBYTE, ge=MAX_RECORD_BYTES, description="bodies being taken in at once"
    )
    max_body_seconds: float = Field(default=60, gt=0, description="a body that takes longer is refused")
    retry_after_seconds: int = Field(default=2, ge=1)


class TailSettings(BaseModel):
    """Following files. ``linger_seconds``: a file that was rotated away is let go when nobody has written to it for so long."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    poll_ms: int = Field(default=50, ge=1, le=60_000)
    linger_seconds: float = Field(default=10, gt=0)


class Settings(BaseModel):
    """What can be set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    http: HttpSettings = HttpSettings()
    tail: TailSettings = TailSettings()
    mappings: tuple[Path, ...] = Field(default=(), description="declared mappings of JSON sources, one YAML file each")
    hosts: dict[str, str] = Field(default_factory=dict, description="source -> host, for lines that name none")
