"""What waits and what confirms it, on each database that digest runs on; and two who confirm at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from tide import NOW, nothing

from digest.core.address import parse
from digest.core.token import Keyring, Purpose
from digest.pipeline import confirm, consent, retention, signup
from digest.pipeline.receive import Keys
from digest.pipeline.signup import Consent
from digest.pipeline.story import story
from digest.store import letters
from digest.store.database import Database

KEYS = Keys(Keyring("a secret"), "a pepper")
AGREED = Consent("I want it.", "https://news.example.org/subscribe", "198.51.100.0/24")
ANA, ZOE = "ana@example.org", "zoe@example.net"


def ask(database: Database, email: str) -> str:
    signup.ask(database, signup.wish(email, ["housing"], "en", "monthly"), AGREED, KEYS, NOW)
    with database.read() as session:
        newest = max(each.confirmation_id or 0 for each in letters.due(session, NOW, 10))
    return KEYS.ring.issue(Purpose.CONFIRM, newest)


def test_a_person_from_the_form_to_another_address_and_away(database: Database) -> None:
    token = ask(database, ANA)
    assert [each.state for each in consent.everyone(database)] == ["pending"]
    with ThreadPoolExecutor(4) as several:
        found = list(several.map(lambda _: confirm.confirm(database, token, KEYS, NOW), range(4)))
    assert len([each for each in found if each and each.preferences]) == 1
    page = KEYS.ring.issue(Purpose.PREFERENCES, consent.find(database, ANA).id)
    assert signup.ask_to_move(database, page, parse(ZOE), AGREED, KEYS, NOW)
    with database.read() as session:
        [asked] = [each for each in letters.due(session, NOW, 10) if each.kind == "move"]
    moved = confirm.confirm(database, KEYS.ring.issue(Purpose.CONFIRM, asked.confirmation_id or 0), KEYS, NOW)
    assert moved
    assert moved.moves
    told = story(database, ZOE, KEYS.pepper, NOW)
    assert [each["action"] for each in told["consents"]] == ["confirmed", "confirmed"]
    assert [each["said"] for each in told["events"]] == ["they moved to this address from another one"]
    assert [each.email for each in consent.everyone(database)] == [ZOE]
    later = NOW + timedelta(days=31)
    assert retention.expire(database, None, pepper=KEYS.pepper, clear=nothing, now=later)
    assert not retention.expire(database, None, pepper=KEYS.pepper, clear=nothing, now=later)
    assert confirm.waiting(database, token, KEYS, later) is None
    consent.unsubscribe(database, ZOE, pepper=KEYS.pepper, now=NOW)
    assert retention.expire(database, timedelta(days=30), pepper=KEYS.pepper, clear=nothing, now=later)
    assert list(consent.everyone(database)) == []
