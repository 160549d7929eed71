"""Topics that are likely one and the same, spelt in two ways."""

import difflib
from collections.abc import Iterable


def close(slug: str, others: Iterable[str]) -> list[str]:
    """Those of the other slugs that look like a slip or another form of this one (`repair`, `repairs`), the closest first."""
    return difflib.get_close_matches(slug, [other for other in others if other != slug], n=3, cutoff=0.84)
