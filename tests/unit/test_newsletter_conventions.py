"""The same week told by many conventions: how titles are set apart, and that editors change their minds halfway."""

from collections.abc import Callable
from datetime import date
from textwrap import wrap

import pytest

from digest.core.newsletter import read_newsletter
from digest.core.when import When

ISSUED = date(2025, 5, 12)
ITEMS = (
    ("Ferry stays on Sundays", "The county voted 5-2 to keep the Sunday boat after two years of asking. Thank you all."),
    ("Sign for the mill footpath", "The owner wants it closed. Add your name at https://mill.example before 30 May."),
    ("Mending evening", "Thursday 22 May, 7 pm, Weavers' Hall. Bring whatever is torn, and a needle if you own one."),
    ("What the well survey found", "Of 41 wells nine are low. The figures are in the reading room for everybody to see."),
    ("New hands at the seed library", "Olu and Marta have taken over the drawers, and the labels can be read again."),
    ("Boat paint for the harbour hut", "We need four litres of blue. Tell Ines if there is a tin in your shed."),
)  # fmt: skip
KICKERS = ("FROM THE BOATS", "ACTION", "EVENT", "NEWS", "FROM THE BOATS", "ACTION")
BANNERS = ("GOOD NEWS", "TAKE ACTION", "EVENTS", "NEWS", "NEWS", "ACTION")
NAMES = ("Victory", "Action", "Event", "News", "News", "Action")
SUBJECTS = ("Boats", "Paths", "Weavers", "Wells", "Library", "Harbour")
LOWER = ("i", "ii", "iii", "iv", "v", "vi")
CONVENTIONS: dict[str, Callable[[int, str], list[str]]] = {
    "nothing": lambda _, title: ["", title, ""],
    "no space below": lambda _, title: ["", title],
    "arabic": lambda at, title: ["", f"{at + 1}. {title}", ""],
    "bracketed": lambda at, title: ["", f"{at + 1}) {title}", ""],
    "roman": lambda at, title: ["", f"{LOWER[at].upper()}. {title}", ""],
    "small roman": lambda at, title: ["", f"{LOWER[at]}) {title}", ""],
    "letters": lambda at, title: ["", f"{'abcdef'[at]}) {title}", ""],
    "codes": lambda at, title: ["", f"{'AABBCC'[at]}{at % 2 + 1} {title}", ""],
    "item numbers": lambda at, title: ["", f"Item {at + 1}: {title}", ""],
    "colons": lambda _, title: ["", f"{title}:", ""],
    "slashes": lambda _, title: ["", "/" * 20, "", title, ""],
    "boxes": lambda _, title: ["", "+" + "-" * 30, f"| {title}", "+" + "-" * 30],
    "kickers": lambda at, title: ["", KICKERS[at], title, ""],
    "kickers apart": lambda at, title: ["", "-" * 40, BANNERS[at], "", title, ""],
    "roman, then arabic": lambda at, title: ["", f"{LOWER[at].upper() if at < 3 else at + 1}. {title}", ""],
    "stars, then bold": lambda at, title: ["", f"*** {title} ***" if at < 3 else f"** {title} **", ""],
    "capitals, then nothing": lambda at, title: ["", title.upper() if at < 3 else title, ""],
    "numbers, then capitals": lambda at, title: ["", f"{at + 1}. {title}" if at < 3 else title.upper(), ""],
    "frames, then lines, then nothing": lambda at, title: (
        ["", "=" * 30, title, "=" * 30] if at < 2 else ["", title, "-" * len(title)] if at < 4 else ["", title, ""]
    ),
    "titles named": lambda _, title: ["", f"Title: {title}"],
    "kinds in brackets": lambda at, title: ["", f"[{NAMES[at]}] {title}"],
    "kinds in brackets behind": lambda at, title: ["", f"{title} [{NAMES[at].upper()}]", ""],
    "subjects with colons": lambda at, title: ["", f"{SUBJECTS[at]}: {title}", ""],
    "numbers through banners": lambda at, title: [
        "",
        *(["", ("THE RIVER", "THE TOWN AND ITS PEOPLE", "SMALL THINGS")[at // 2], ""] if at % 2 == 0 else []),
        f"{at + 1}) {title}",
        "",
    ],
    "kinds with colons": lambda at, title: ["", f"{NAMES[at]}: {title}", ""],
    "capitals, lines for two, capitals": lambda at, title: (
        ["", title, "-" * len(title), ""] if at in (2, 3) else ["", title.upper(), ""]
    ),
    "codes, then nothing": lambda at, title: ["", f"{'ABC'[at]}1 {title}" if at < 3 else title, ""],
}


def newsletter(convention: str, *, contents: bool) -> tuple[str, list[int]]:
    """A text and the lines of its titles."""
    lines = [
        "The Weir Newsletter",
        "12 May 2025",
        "",
        "Dear all,",
        "",
        "A short one, as the river is up again and so are we.",
    ]
    if contents:
        lines[4:4] = ["", "In this issue", "", *(f"  {title}" for title, _ in ITEMS), ""]
    titles = []
    for at, (title, body) in enumerate(ITEMS):
        heading = CONVENTIONS[convention](at, title)
        titles.append(
            len(lines) + next(row for row, line in enumerate(heading, 1) if title.casefold() in line.casefold())
        )
        lines += [*heading, body]
    return "\n".join([*lines, "", "--", "You get this because you asked for it. Unsubscribe: reply LEAVE"]), titles


@pytest.mark.parametrize("contents", [False, True])
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_titles_are_found_by_whatever_convention(convention: str, contents: bool):
    text, lines = newsletter(convention, contents=contents)
    found = read_newsletter(text, ISSUED)
    assert [(each.line, each.title.casefold().rstrip(":")) for each in found] == [
        (line, title.casefold()) for line, (title, _) in zip(lines, ITEMS, strict=True)
    ]


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_kinds_and_dates_do_not_depend_on_how_titles_are_set_apart(convention: str):
    text, _ = newsletter(convention, contents=False)
    victory, action, event, *news, wanted = read_newsletter(text, ISSUED)
    assert [victory.kind, action.kind, event.kind, wanted.kind] == ["victory", "action", "event", "action"]
    assert (action.deadline, event.starts) == (When.parse("2025-05-30"), When.parse("2025-05-22T19:00"))
    assert [each.kind for each in news] == ["news", "news"]


MASTHEADS = (
    "THE WEIR TRUST OF LOWER MILL\nQuay Road 4\n\nNotes for all members\n12 May 2025",
    "*****\nTHE WEIR\nof the Trust of Lower Mill\nSpring number, 12 May 2025\n*****",
    "🌊 THE WEIR 🌊\nWhat goes on in Lower Mill, told by those who live by the water\nMay 2025",
)


@pytest.mark.parametrize("convention", ["no space below", "arabic", "frames, then lines, then nothing"])
@pytest.mark.parametrize("masthead", MASTHEADS)
def test_what_tells_the_issue_above_all_texts_is_no_item(masthead: str, convention: str):
    text, lines = newsletter(convention, contents=False)
    found = read_newsletter(f"{masthead}\n\n{text.split('2025', 1)[1].lstrip()}", ISSUED)
    assert [each.title.casefold() for each in found] == [title.casefold() for title, _ in ITEMS], lines


@pytest.mark.parametrize(
    "foot",
    [
        "The Weir Trust, Quay Road 4, Lower Mill",
        "Office: Quay Road 4, Lower Mill. Phone 555-0114\nopen to all who ask",
    ],
)
def test_an_address_below_a_signature_or_the_masthead_again_is_a_footer(foot: str):
    text, lines = newsletter("no space below", contents=False)
    news = text.partition("\n\n--")[0].replace("The Weir Newsletter", "The Weir Trust\nNewsletter")
    found = read_newsletter(
        f"{news}\n\nTake care and see you at the lock,\n\nInes Prado\nSecretary\n\n{foot}\n", ISSUED
    )
    assert [each.title for each in found] == [title for title, _ in ITEMS], lines
    assert foot.split(",", maxsplit=1)[0] not in found[-1].body_markdown


def test_a_title_that_a_person_names_is_read_by_the_convention_as_well():
    text, lines = newsletter("subjects with colons", contents=False)
    found = read_newsletter(text, ISSUED, titles=lines)
    assert [each.title for each in found] == [title for title, _ in ITEMS]


def test_a_heading_of_spaced_letters_is_a_section():
    news = "N E W S   A N D   V I E W S\n\nThe pond is back\n\nIt rained for a week."
    text = f"{news}\n\nE V E N T S\n\nPond day\n\nSunday 18 May at noon."
    found = read_newsletter(text, ISSUED)
    assert [each.title for each in found][-1] == "Pond day"
    assert "E V E N T S" not in "".join(each.body_markdown for each in found)


def test_sub_headings_of_the_last_item_are_no_items_though_they_share_a_mark():
    text, lines = newsletter("frames, then lines, then nothing", contents=False)
    more = "\n\nBackground\n----------\n\nIt began in 1902.\n\nNext steps\n----------\n\nWe wait.\n\n--\nUnsubscribe: reply LEAVE"
    found = read_newsletter(text.partition("\n\n--")[0] + more, ISSUED)
    assert [each.line for each in found] == lines
    assert "## Background" in found[-1].body_markdown


@pytest.mark.parametrize(
    "line",
    [
        "Signed: The Weir Trust; Lock Keepers; Friends of the Mill",
        "Ciao, your Ines (and Olu, who did the commas)",
        "FROM OUR PARTNERS",
        "Dear neighbours",
        "How to reach us",
    ],
)
def test_what_looks_like_a_title_and_is_none(line: str):
    text, lines = newsletter("capitals, then nothing", contents=False)
    head, _, foot = text.partition("\n\n--")
    found = read_newsletter(f"{head}\n\n{line}\n\n--{foot}", ISSUED)
    assert [each.line for each in found] == lines


def test_a_title_may_run_into_its_text_where_the_numbers_say_so():
    text = (
        "1) Summer fair\n\nThe tea tent made £212.\n\n2) Fees are due. Please pay Dave £20 by 1 June, or see him at training on "
        "Thursday.\n\n3) Pitch closed\n\nNo games on the top pitch.\n"
    )
    fair, fees, pitch = read_newsletter(text, ISSUED)
    assert (fair.line, fees.line, pitch.line) == (1, 5, 7)
    assert (fees.title, fees.body_markdown) == (
        "Fees are due", "Please pay Dave £20 by 1 June, or see him at training on Thursday.",
    )  # fmt: skip
    kept = read_newsletter(text, ISSUED, not_titles={5})
    assert [each.line for each in kept] == [1, 7], "unless a person says that it is none"
    listed = "1. Wash. Use soap, and water that is as warm as it can be without burning the hands of a child.\n"
    assert [each.line for each in read_newsletter(text.replace("No games", f"{listed}\nNo games"), ISSUED)] == [1, 5, 7]


def sectioned(over: Callable[[int, str], list[str]], items: Callable[[int, str], list[str]]) -> tuple[str, list[int]]:
    """A text of three sections with two items each, and the lines of the titles."""
    lines, titles = ["The Weir Newsletter", "12 May 2025", "", "Dear all,", "", "The river is up again."], []
    for at, (title, body) in enumerate(ITEMS):
        if at % 2 == 0:
            lines += ["", *over(at // 2, ("ON DECK", "ROUND THE WEIR", "ODDMENTS")[at // 2])]
        heading = items(at, title)
        titles.append(len(lines) + next(row for row, line in enumerate(heading, 1) if title.lower() in line.lower()))
        lines += [*heading, body]
    return "\n".join([*lines, "", "--", "You get this because you asked for it. Unsubscribe: reply LEAVE"]), titles


@pytest.mark.parametrize(
    "items",
    [
        lambda _, title: ["", title, ""],
        lambda _, title: ["", title],
        lambda _, title: ["", f"* {title}"],
        lambda at, title: ["", f"{at + 1}. {title}"],
    ],
    ids=["alone", "on top of its text", "starred", "numbered"],
)
@pytest.mark.parametrize(
    "over",
    [
        lambda _, name: [name],
        lambda _, name: [name, "=" * len(name)],
        lambda _, name: ["-" * 30, name, "-" * 30],
        lambda _, name: [f"=== {name} ==="],
        lambda at, name: [f"{'ABC'[at]}. {name}"],
    ],
    ids=["capitals", "underlined", "framed", "decorated", "lettered"],
)
def test_sections_of_two_items_each(over: Callable[[int, str], list[str]], items: Callable[[int, str], list[str]]):
    text, lines = sectioned(over, items)
    assert [each.line for each in read_newsletter(text, ISSUED)] == lines


def test_one_numbered_item_of_several_may_be_a_section():
    text, _ = newsletter("arabic", contents=False)
    bits = "7. bits and bobs\n\nLost oars\nTwo, by the lock.\n\nKettle wanted\nFor the hut, by 1 June. Tell Ines."
    head, _, foot = text.partition("\n\n--")
    found = read_newsletter(f"{head}\n\n{bits}\n\n--{foot}", ISSUED)
    assert [each.title for each in found] == [*(title for title, _ in ITEMS), "Lost oars", "Kettle wanted"]


def test_a_word_in_capitals_above_one_line_and_its_text_is_no_title():
    text, lines = newsletter("nothing", contents=False)
    head, _, foot = text.partition("\n\n--")
    found = read_newsletter(
        f"{head}\n\nMEMBERSHIP\nFive pounds and you are in\n\nAsk Olu at the lock.\n\n--{foot}", ISSUED
    )
    assert [each.title for each in found][len(lines) :] == ["Five pounds and you are in"]


@pytest.mark.parametrize(
    ("more", "doubt"),
    [
        ("SMALL ADS\n\npunt pole, plot 9\nkettle, Ines\nmarrows (free)", "nothing but a list below"),
        (
            "LOCK FUND\nWhere we stand\n\nThe fund has £212, and the gates cost far more than that.",
            "the line right below",
        ),
    ],
)
def test_what_may_be_no_title_is_doubted_and_says_why(more: str, doubt: str):
    text, lines = newsletter("capitals, then nothing", contents=False)
    text = text.replace(f"{ITEMS[3][0]}\n", f"{more}\n\n{ITEMS[3][0]}\n")
    doubted = [each for each in read_newsletter(text, ISSUED) if each.line == lines[3]]
    assert [each.title for each in doubted] == [more.partition("\n")[0]]
    assert doubted[0].confidence < 0.6
    assert doubt in doubted[0].evidence["title"]


@pytest.mark.parametrize(
    "line", ["(Ines, take this out before it goes)", "June 27 - The Weir in Winter\nJuly 25 - Locks and Keys"]
)
def test_a_note_in_brackets_and_a_list_of_days_are_no_titles(line: str):
    text, lines = newsletter("nothing", contents=False)
    head, _, foot = text.partition("\n\n--")
    assert [each.line for each in read_newsletter(f"{head}\n\n{line}\n\n--{foot}", ISSUED)] == lines


@pytest.mark.parametrize("dressed", ["{}", "*** {} ***", "# {}", "{}\n" + "=" * 20, "spaced", "wide"])
def test_sections_that_nobody_knows_are_known_by_the_titles_below_them(dressed: str):
    lines = ["The Weir Newsletter", "12 May 2025", "", "Dear all,", ""]
    for at, (title, body) in enumerate(ITEMS):
        if at in (0, 3):
            name = "ROUND THE WEIR" if at else "ON DECK"
            spaced = "   ".join(" ".join(word) for word in name.split())
            written = {"spaced": spaced, "wide": spaced.replace(" ", "  ")}.get(dressed, dressed.format(name))
            lines += ["", written, ""]
        lines += [title, "", body, ""]
    found = read_newsletter("\n".join(lines), ISSUED)
    assert [each.title for each in found] == [title for title, _ in ITEMS]
    assert not any("ROUND" in each.body_markdown or "DECK" in each.body_markdown for each in found)


def test_a_timetable_is_no_list_of_titles():
    table = "Timetable\n\nPalm Sunday, 13 April\n11:30 Blessing in the square\n12:00 Mass\n\n20.30 Procession\n\nWalk slowly."
    found = read_newsletter(f"Spring\n\nThe pond is back.\n\n{table}", ISSUED)
    assert not any(each.title[0].isdigit() for each in found)
    assert "Procession" in found[-1].body_markdown


def test_starred_titles_on_top_of_their_texts_are_no_list_though_no_space_parts_them():
    starred = "\n".join(
        f"{'*' if at else '-'} {title}\n{body} And that is all that there is to say about it this week, or nearly so."
        for at, (title, body) in enumerate(ITEMS)
    )
    found = read_newsletter(f"The Weir Newsletter\n12 May 2025\n\n=====\nNEWS\n=====\n\n{starred}\n", ISSUED)
    assert [each.title for each in found] == [title for title, _ in ITEMS]


def test_a_line_that_says_its_kind_ends_where_it_ends_though_the_text_below_is_wrapped():
    text, _ = newsletter("kinds in brackets", contents=False)
    wrapped = "\n".join("\n".join(wrap(line, 56)) if len(line) > 70 else line for line in text.split("\n"))
    long = "[Press release] The lock keepers say that nobody has told them of the plan"
    release = f"{long}\nIssued 10 May 2025. For immediate use.\n\nLock keepers said today that nobody had told them.\n"
    found = read_newsletter(wrapped.replace("\n\n--", f"\n\n{release}\n--"), ISSUED)
    assert [each.title for each in found][-1] == long.partition("] ")[2]
    assert [each.kind for each in found][-1] == "press_release"


def test_a_line_over_a_section_is_no_title():
    text, lines = sectioned(lambda _, name: ["=" * 20, name, "=" * 20], lambda _, title: ["", f"* {title}"])
    told = text.replace("The river is up again.", "Good evening listeners, here goes for this week")
    assert [each.line for each in read_newsletter(told, ISSUED)] == lines


@pytest.mark.parametrize("width", [0, 66])
@pytest.mark.parametrize(
    "run_in",
    ["**{}.** {}", "**{}** {}", "*{}*: {}", "{!u}. {}", "{!u} - {}", "{!u}: {}", "* {}: {}", "- {!u}: {}", "7. {}. {}"],
)
def test_titles_run_into_their_texts_where_most_texts_begin_with_one(run_in: str, width: int):
    form = run_in.replace("{!u}", "{}")
    written = [(title.upper() if "{!u}" in run_in else title, body) for title, body in ITEMS]
    texts = [form.format(*item) for item in written]
    body = "\n\n".join("\n".join(wrap(text, width)) if width else text for text in texts)
    opening = "Dear all,\n\nA short one, as the river is up again and so are we, all of us who live by it."
    text = f"The Weir Newsletter\n12 May 2025\n\n{opening}\n\n{body}\n\n--\nUnsubscribe: reply LEAVE"
    found = read_newsletter(text, ISSUED)
    assert [each.title for each in found] == [title for title, _ in written]
    assert [each.body_markdown for each in found] == [body for _, body in ITEMS]


def test_a_calendar_is_no_list_of_items():
    days = "\n\n".join(
        f"SUNDAY {day} MAY: Coffee in the hut from ten, and the paint is where the paint always is."
        for day in (4, 11, 18, 25)
    )
    assert read_newsletter(f"Coming up\n\n{days}", ISSUED)[0].line == 1
    assert not any(each.title.startswith("SUNDAY") for each in read_newsletter(f"Coming up\n\n{days}", ISSUED))


def test_some_texts_that_begin_with_a_few_words_and_a_colon_are_no_items():
    text, lines = newsletter("capitals, then nothing", contents=False)
    told = "\n\n".join(
        f"- {who}: said that the boats should stay, and that the rest of us should go."
        for who in ("Olu", "Ines", "Ana")
    )
    assert [each.line for each in read_newsletter(text.replace("\n\n--", f"\n\n{told}\n\n--"), ISSUED)] == lines
