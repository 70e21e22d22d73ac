"""The section ``context`` of stanch.yaml."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Nothing to set yet; which kinds carry facts is decided by the facts themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True)
