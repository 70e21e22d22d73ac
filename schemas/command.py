"""Commands and responses: OpenC2 language 1.0 (OASIS oc2ls-v1.0), sections 3.3.1 and 3.3.2."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal[102, 200, 400, 401, 403, 404, 500, 501, 503]


class Args(BaseModel):
    """OpenC2 ``args``: two of the three times give the expiry."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start_time: int
    stop_time: int
    comment: str = ""


class Command(BaseModel):
    """One OpenC2 command. ``command_id`` is the effect key; ``stop_time`` is required: nothing is for ever."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: str
    target: dict[str, Any] = Field(description='one entry, `{"device": {...}}`', min_length=1, max_length=1)
    args: Args
    actuator: dict[str, Any]
    command_id: str


class Response(BaseModel):
    """One OpenC2 response."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Status
    status_text: str = ""
    results: dict[str, Any] = Field(default_factory=dict)
