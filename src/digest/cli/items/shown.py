"""An item, for people and as JSON."""

from collections.abc import Sequence
from typing import Any

from digest.core.item import DATES, missing
from digest.store.items import Stored


def row_of(stored: Stored) -> dict[str, Any]:
    item = stored.item
    return {
        "id": stored.id,
        "kind": str(item.kind),
        "title": item.title,
        "status": str(stored.status),
        "topics": list(item.topics),
        "language": item.language,
        "translation_of": stored.original,
        **written(item, ("deadline", "starts", "ends")),
        "url": item.url,
        "missing": list(missing(item)),
    }


def written(item: Any, names: Sequence[str] = DATES) -> dict[str, str | None]:
    """The dates of an item, or of what may become one, as a document has them."""
    return {name: when.isoformat() if (when := getattr(item, name)) else None for name in names}


def needs(stored: Stored) -> str:
    return f"lacks {', '.join(lacking)}" if (lacking := missing(stored.item)) else ""
