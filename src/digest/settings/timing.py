"""When it goes out."""

from datetime import timedelta
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, field_validator

from digest.core.slot import Schedule
from digest.core.when import zone
from digest.settings.forms import Span, span


class Timing(BaseModel):
    timezone: str = "UTC"
    schedule: str = "sun 09:00"
    lead: Span = "24h"
    approval: Literal["automatic", "required"] = "automatic"
    late_limit: Span = "6h"

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        zone(value)
        return value

    @field_validator("schedule")
    @classmethod
    def _weekly(cls, value: str) -> str:
        Schedule.parse(value, "UTC")
        return value

    @field_validator("late_limit")
    @classmethod
    def _longer_than_a_tick(cls, value: str) -> str:
        if span(value) < timedelta(minutes=1):
            raise ValueError("every edition would come too late; write at least 1m")
        return value

    @cached_property
    def weekly(self) -> Schedule:
        return Schedule.parse(self.schedule, self.timezone)
