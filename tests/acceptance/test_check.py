"""Staff look before the week goes out: what blocks is said with what to do, and is in the way until somebody decides."""

from .conftest import BEFORE, SLOT, Terminal


def test_what_blocks_is_in_the_way_until_somebody_decides_otherwise(week: Terminal) -> None:
    assert week("edition", "check", "latest", "--offline", "--now", BEFORE).out.startswith("warning: item ")
    week.write("x.md", "---\nkind: news\ntitle: Dear *|FNAME|*\nmust_see: true\n---\nRents rise.\n")
    week("items", "add", "x.md", "--now", BEFORE)
    week("edition", "assemble", "--now", BEFORE)
    found = week("edition", "check", "latest", "--offline", "--now", BEFORE, code=1)
    assert found.out.startswith("blocking: item ")
    assert "“*|FNAME|*” is a token that nothing replaces. Replace it by what it should say." in found.out
    for command in ("approve", "send"):
        refused = week("edition", command, "latest", "--now", BEFORE, code=1)
        assert "2026-W11 is not approved: item " in refused.err
        assert "`digest edition check 2026-W11` says what to do" in refused.err
    assert week("edition", "show", "latest", "--json").json["state"] == "draft"
    week("edition", "approve", "latest", "--anyway", "--now", BEFORE)
    assert week("edition", "show", "latest", "--json").json["state"] == "approved"


def test_the_scheduler_holds_what_blocks_and_says_so(week: Terminal) -> None:
    week("edition", "assemble", "--subject", "Hello {{ first_name }}", "--now", BEFORE)
    assert week("tick", "--json", "--now", SLOT).json == {"sent": []}
    held = week("edition", "show", "latest", "--json").json
    assert held["state"] == "draft"
    assert held["held_reason"].startswith("subject (en): “{{ first_name }}” is a token that nothing replaces")
