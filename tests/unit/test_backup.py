"""The manifest of a backup: what was written is read, and nothing else is believed."""

import json
from datetime import UTC, datetime

import pytest

from digest.core.backup import Manifest, Member

HASH = "0" * 64
GOOD = Manifest(datetime(2026, 3, 14, tzinfo=UTC), "0.1.0", (Member("digest.db", 3, HASH), Member("pepper", 65, HASH)))


def test_it_is_read_as_it_was_written():
    assert Manifest.loads(GOOD.dumps()) == GOOD


@pytest.mark.parametrize(
    "changed",
    [
        {"made_at": "yesterday"},
        {"made_at": "2026-03-14T10:00"},
        {"members": []},
        {"members": [{"name": "pepper", "size": 1, "sha256": HASH}]},
        {"members": [{"name": "digest.db", "size": 1, "sha256": HASH}] * 2},
        {"members": [{"name": "digest.db", "size": -1, "sha256": HASH}]},
        {"members": [{"name": "digest.db", "size": 1, "sha256": "0"}]},
        {"members": [{"name": "digest.db", "size": 1, "sha256": HASH}, {"name": "../.env", "size": 1, "sha256": HASH}]},
        {
            "members": [
                {"name": "digest.db", "size": 1, "sha256": HASH},
                {"name": "media/../x", "size": 1, "sha256": HASH},
            ]
        },
        {"members": 3},
    ],
)
def test_one_that_is_damaged_is_refused(changed):
    with pytest.raises(ValueError, match="its manifest is damaged"):
        Manifest.loads(json.dumps(json.loads(GOOD.dumps()) | changed))


@pytest.mark.parametrize("text", ["", "[]", "{}", "3", b"\xff"])
def test_what_is_no_manifest_is_refused(text):
    with pytest.raises(ValueError, match="it has no manifest of one"):
        Manifest.loads(text)
