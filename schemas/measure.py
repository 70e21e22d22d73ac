"""Measures: counts that services publish about their own work, a small stream."""

from pydantic import BaseModel, ConfigDict


class Measure(BaseModel):
    """How often something happened within one second."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant: str
    service: str
    name: str
    subject: str
    second: int
    count: int
