"""What a server answered: its enhanced status, whether it is for good, whose fault it is."""

import pytest

from digest.core.reply import Rejected, Reply, Stage


@pytest.mark.parametrize(
    ("text", "enhanced"),
    [
        ("5.1.1 no such user", "5.1.1"),
        ("Requested action not taken: 4.2.2 over quota", "4.2.2"),
        ("mailbox unavailable", None),
        ("host [4.2.2.1] refused", None),
        ("client 10.5.1.1 is listed", None),
        ("5.7.1. Go away", "5.7.1"),
        ("3.1.1 is no class", None),
        ("x" * 90 + " 5.1.1", None),
    ],
)
def test_enhanced_status(text, enhanced):
    assert Reply(550, text).enhanced == enhanced


def test_a_reply_is_kept_on_one_line_and_short():
    said = str(Reply(550, "5.7.1 no\r\nFrom: x\x00\x1b[31m" + "y" * 1000))
    assert said.isprintable()
    assert len(said) == 500
    assert said.startswith("550 5.7.1 no From: x ")


@pytest.mark.parametrize("stage", Stage)
def test_permanent_by_code_and_ours_by_stage(stage):
    assert Rejected(Reply(550, ""), stage).permanent
    assert not Rejected(Reply(450, ""), stage).permanent
    assert Rejected(Reply(550, ""), stage).ours == (stage in ("connect", "mail"))
    assert Rejected(Reply(450, "4.1.8 unknown sender domain"), stage).ours
    assert Rejected(Reply(530, "5.7.0 log in first"), stage).ours
