"""What is in it, and where that comes from."""

from pathlib import Path

from pydantic import BaseModel, Field

from digest.settings.forms import File, Folder


class Contents(BaseModel):
    item_weeks: int = Field(default=4, ge=1, le=520)
    max_items: int = Field(default=12, ge=1, le=100)
    feeds: File | None = None
    templates: Folder | None = None
    media: Path | None = None
