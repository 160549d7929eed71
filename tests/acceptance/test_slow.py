"""The pace, as somebody at a terminal meets it."""

from collections import Counter

from digest.mailbox.inbox import Mail

from .conftest import SLOT, Terminal

TOMORROW = "2026-03-16T09:00Z"
POLICY = """From: MAILER-DAEMON@mx.example.org\r
To: {sender}\r
Subject: Undelivered Mail Returned to Sender\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example.org\r
\r
Final-Recipient: rfc822; {recipient}\r
Action: failed\r
Status: 5.7.1\r
Diagnostic-Code: smtp; 554 5.7.1 blocked for policy\r
\r
--b--\r
"""


def test_a_warm_up_spreads_an_edition_over_days_and_says_when_it_goes_on(week: Terminal, inbox: list[Mail]) -> None:
    week.env["WARM_UP"] = "10/day"
    done = week("edition", "send", "latest", "--json", "--now", SLOT, code=1)
    assert (done.json["accepted"], len(inbox)) == (10, 10)
    assert "wait: the next try is due on Monday 16 March 2026, 00:00 (Europe/Lisbon)" in done.err
    [whole] = week("pacing", "--json", "--now", SLOT).json["pacing"]
    assert (whole["domain"], whole["sent"], whole["until"]) == ("*", 10, "2026-03-16T00:00:00+00:00")
    assert whole["why"] == "the 10 messages of the warm-up plan's day are sent"
    shown = week("pacing", "--now", SLOT).out
    assert "2026-03-16 00:00:00" in shown
    done = week("edition", "send", "latest", "--json", "--now", TOMORROW)
    assert done.json["pending"] == 0
    assert len(inbox) == done.json["accepted"] == done.json["eligible"] > 20


def test_policy_that_comes_back_pauses_its_domain_and_says_so_until_it_is_reset(
    week: Terminal, inbox: list[Mail]
) -> None:
    assert "as fast as it goes" in week("pacing").out
    week("edition", "send", "latest", "--now", SLOT)
    [(domain, _)] = Counter(mail.recipient.rpartition("@")[2] for mail in inbox).most_common(1)
    for mail in [each for each in inbox if each.recipient.endswith("@" + domain)][:3]:
        report = POLICY.format(sender=mail.sender, recipient=mail.recipient).encode()
        week("inbound", "--recipient", mail.sender, "--now", SLOT, stdin=report)
    [row] = week("pacing", "--json", "--now", SLOT).json["pacing"]
    assert (row["domain"], row["refused"], row["until"]) == (domain, 3, "2026-03-16T09:00:00+00:00")
    assert row["why"].startswith("3 messages of 2026-W11 came back for policy, the last with: 5.7.1")
    [held] = week("edition", "show", "latest", "--json", "--now", SLOT).json["held_back"]
    assert held == {"domain": domain, "until": row["until"], "why": row["why"]}
    told = week("edition", "show", "latest", "--now", SLOT).out
    assert f"Mail to {domain} waits until 2026-03-16 09:00 UTC: 3 messages of 2026-W11" in told
    assert f"digest pacing reset '{domain}'" in told
    week("pacing", "reset", domain)
    assert week("pacing", "--json").json == {"pacing": []}
    assert "Nothing was learned of elsewhere.example" in week("pacing", "reset", "elsewhere.example", code=1).err
