"""What keeps an item from being ready, and when it is of no use any more."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from digest.core.item import Item, Kind, closes_at, missing
from digest.core.when import When

ITEM = Item(Kind.NEWS, "A title", "A body", timezone="Europe/Madrid")


@pytest.mark.parametrize(
    ("item", "lacks"),
    [
        (ITEM, ()),
        (replace(ITEM, body=""), ("body",)),
        (replace(ITEM, title="", body=""), ("title", "body")),
        (replace(ITEM, kind=Kind.ACTION), ("url",)),
        (replace(ITEM, kind=Kind.ACTION, url="https://a.example"), ()),
        (replace(ITEM, kind=Kind.EVENT), ("starts", "venue")),
        (replace(ITEM, kind=Kind.EVENT, starts=When.parse("2024-06-30"), venue="The hall"), ()),
        (replace(ITEM, image="https://a.example/a.png"), ("alt",)),
    ],
)
def test_missing(item, lacks):
    assert missing(item) == lacks


DAY, HOUR = When.parse("2024-06-29"), When.parse("2024-06-30T18:00")


@pytest.mark.parametrize(
    ("fields", "closes"),
    [
        ({}, None),
        ({"kind": Kind.NEWS, "starts": HOUR, "ends": HOUR}, None),
        ({"kind": Kind.ACTION, "deadline": HOUR}, datetime(2024, 6, 30, 16, tzinfo=UTC)),
        ({"kind": Kind.ACTION, "deadline": DAY}, datetime(2024, 6, 29, 22, tzinfo=UTC)),
        ({"kind": Kind.EVENT, "starts": DAY}, datetime(2024, 6, 29, 22, tzinfo=UTC)),
        ({"kind": Kind.EVENT, "starts": DAY, "ends": HOUR}, datetime(2024, 6, 30, 16, tzinfo=UTC)),
        ({"kind": Kind.EVENT, "starts": HOUR, "deadline": DAY}, datetime(2024, 6, 29, 22, tzinfo=UTC)),
    ],
)
def test_closes_at(fields, closes):
    assert closes_at(replace(ITEM, **fields)) == closes
