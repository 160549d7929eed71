"""A mailbox is gone: the bounce comes, staff read the story, undo it, and look at the figures."""

import pytest

from digest.mailbox.inbox import Mail, bounce

from .conftest import SLOT, Terminal

BOUNCED, UNDONE = "2026-03-15T10:00Z", "2026-03-16T10:00Z"


@pytest.mark.usefixtures("inbox")
def test_a_bounce_and_what_staff_make_of_it(week: Terminal, inbox: list[Mail]) -> None:
    assert week("stats").out == "No edition has gone out yet.\n"
    week("edition", "approve", "latest", "--anyway", "--now", SLOT)
    week("edition", "send", "latest", "--now", SLOT)
    gone, leaving = inbox[0], inbox[1]
    returned = bounce(gone, "mx.example.org")
    for _ in range(2):
        week("inbound", "--recipient", gone.sender, "--now", BOUNCED, stdin=returned)
    unsubscribe = leaving.message["List-Unsubscribe"].partition("mailto:")[2].partition(">")[0].partition("?")[0]
    week("inbound", "--recipient", unsubscribe, "--now", BOUNCED, stdin=b"Subject: unsubscribe\r\n\r\n")

    told = week("subscribers", "show", gone.recipient).out
    assert "is suppressed" in told
    assert "2026-03-15 10:00:00 UTC: a hard bounce of 2026-W11 (rfc3464: 5.1.1 and “" in told
    assert (
        "; it made them suppressed, since the address does not exist any more: one hard bounce is enough (2026-W11).\n"
        "They get nothing; staff who know better can use `digest subscribers resume`.\n"
    ) in told

    figures = week("stats", "latest", "--json").json
    names = ("eligible", "accepted", "arrived", "hard", "soft", "policy", "complaints", "unsubscribes")
    count = len(inbox)
    assert [figures[name] for name in names] == [count, count, count - 1, 1, 0, 0, 0, 1]
    assert sum(each["eligible"] for each in figures["domains"]) == count
    assert f"{count - 1} of {count}\n" in week("stats").out
    [row] = week("stats", "--json").json["editions"]
    assert row == {name: value for name, value in figures.items() if name != "domains"}
    assert " all " in f" {week('stats', '2026-W11').out.splitlines()[-1]}"

    assert "active" in week("subscribers", "resume", gone.recipient, "--reason", "It works again", "--now", UNDONE).out
    assert "staff made them active again: It works again." in week("subscribers", "show", gone.recipient).out
    refused = week("subscribers", "resume", leaving.recipient, "--reason", "We miss them", "--now", UNDONE, code=1)
    assert "only they themselves" in refused.err
    assert week("subscribers", "held").out == "Nothing waits for you.\n"
    assert "not both" in week("subscribers", "held", "--suppress", "--let-be", code=2).err
