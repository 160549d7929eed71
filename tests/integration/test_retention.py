"""What is kept no longer: nobody goes a day too early, and who goes is gone."""

from datetime import timedelta
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from tide import NOW, contents
from town import DAY, MINUTE, OURS, URL, ZOE, Town, fill_in, joined, link

from digest.core.token import Purpose
from digest.pipeline import consent, lists
from digest.web import serve


@pytest.mark.parametrize("state", ["unsubscribed", "suppressed"])
async def test_who_left_goes_when_the_settings_say_so(town: Town, pages: AsyncClient, state: str) -> None:
    joined(town), joined(town, "stays@example.org")
    with town.db.write() as session:
        person = consent.person(session, "ana@example.org")
        consent.leave(session, person, pepper=town.here.pepper, now=NOW, reason=state, state=state)
    town.now = NOW + 400 * DAY
    await town.post()
    assert town.state("ana@example.org") == state, "nothing is erased where nobody set a time"
    town.here.settings.retention = "60d"
    town.now = NOW + 60 * DAY
    await town.post()
    assert town.state("ana@example.org") == state
    town.now += MINUTE
    await town.post()
    assert town.state("ana@example.org") == "nobody"
    assert town.state("stays@example.org") == "active"
    assert not any("ana@example.org" in line for line in contents(town.db))
    path = town.outbox.parent / "list.csv"
    path.write_text("email\nana@example.org\n")
    assert lists.import_list(town.db, path, pepper=town.here.pepper, now=town.now).suppressed == 1
    await fill_in(pages, "ana@example.org")
    await pages.post(link((await town.post())["ana@example.org"]), headers=OURS)
    assert town.state("ana@example.org") == "active"


async def test_who_came_back_is_no_longer_counted_as_gone(town: Town, pages: AsyncClient) -> None:
    page = joined(town)
    town.here.settings.retention = "30d"
    number = consent.find(town.db, "ana@example.org").id
    token = town.here.keyring.issue(Purpose.UNSUBSCRIBE, number)
    await pages.post(f"/unsubscribe/{token}", data={"List-Unsubscribe": "One-Click"})
    town.now += 20 * DAY
    await pages.post(page, data={"do": "undo"}, headers=OURS)
    town.now += timedelta(days=999)
    await town.post()
    assert town.state("ana@example.org") == "active"


async def test_who_is_pending_in_a_list_goes_after_thirty_days_and_may_come_again(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"email,state\n{ZOE},pending\n")
    lists.import_list(town.db, path, pepper=town.here.pepper, now=NOW)
    town.now = NOW + 30 * DAY
    await town.post()
    assert town.state() == "pending"
    town.now += MINUTE
    await town.post()
    assert town.state() == "nobody"
    assert lists.import_list(town.db, path, pepper=town.here.pepper, now=town.now).added == 1


async def test_the_notice_says_for_how_long(town: Town) -> None:
    for retention, said in ((None, False), ("60d", True)):
        town.here.settings.retention = retention
        async with AsyncClient(transport=ASGITransport(serve.public_pages(town.here)), base_url=URL) as to:
            assert ("60 days after you left" in (await to.get("/privacy")).text) is said
