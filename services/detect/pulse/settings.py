"""The section ``pulse`` of stanch.yaml."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Settings(BaseModel):
    """What is told as unusual, and of how much the past is remembered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    window_seconds: int = Field(default=60, ge=1, description="counts are judged per window of this length")
    lateness_seconds: int = Field(default=30, ge=0, description="how long a window waits for late measures")
    learn_windows: int = Field(
        default=10, ge=3, description="windows with something in them before anything is judged by its own past"
    )
    remember_windows: int = Field(default=60, ge=10, description="windows with something in them that make up the past")
    silence_seconds: int = Field(default=300, ge=1, description="no silence shorter than this is told")
    silence_gaps: float = Field(default=4.0, ge=1, description="a silence is this many times the source's usual gap")
    unwatched: tuple[str, ...] = Field(default=(), description="sources that may fall silent, by name")
    volume_factor: float = Field(default=4.0, gt=1, description="this many times more, or less, than usual is unusual")
    volume_deviations: float = Field(default=6.0, gt=0, description="and so many robust standard deviations away")
    volume_least: int = Field(default=100, ge=1, description="fewer in a window are too few to judge a volume")
    dead_letter_share: float = Field(
        default=0.05, gt=0, le=1, description="a smaller share of dead letters is not told"
    )
    dead_letters_least: int = Field(default=20, ge=1, description="nor are fewer of them in a window")
    noisy_share: float = Field(
        default=0.3, gt=0, le=1, description="by how much a noisy rule's share of the findings grew"
    )
    noisy_factor: float = Field(default=8.0, gt=1, description="and how many times more findings it has than usual")
    noisy_least: int = Field(default=50, ge=1, description="fewer findings of a rule in a window are no noise")
    most_series: int = Field(
        default=2_000, ge=1, description="sources and rules of one tenant; the stalest are forgotten"
    )
    lookback_minutes: int = Field(
        default=60, ge=1, description="measures that are read again at the start, where no state was kept"
    )
    changelog_replicas: int = Field(default=1, ge=1, description="on Kafka: how many brokers keep the state")

    @model_validator(mode="after")
    def _is_silence_longer_than_a_window(self) -> Self:
        if self.silence_seconds < self.window_seconds + self.lateness_seconds:
            raise ValueError("silence_seconds must be at least window_seconds + lateness_seconds")
        return self
