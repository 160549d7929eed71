"""What leads on from an item, where it takes place, and how the newsletter takes its leave: read where they plainly stand."""

from datetime import date

import pytest

from digest.core.newsletter import Found, places, read_article, read_newsletter

TODAY = date(2026, 11, 24)
ITEMS = """1. Sign for the lifts

The lifts have been out for six weeks, and the landlord does not answer.
Sign here: https://letter.example/lifts

2. New bins

The blue bins are for paper only, says the council. Glass goes into the green ones.

"""


def article(body: str, title: str = "Neighbours' meeting") -> Found:
    found = read_article(title, body, TODAY)
    assert found
    return found


@pytest.mark.parametrize(
    ("body", "url"),
    [
        ("We ask for repairs.\nSign here: https://a.example/letter", "https://a.example/letter"),
        ("We ask for repairs.\n- RSVP: <https://a.example/rsvp>", "https://a.example/rsvp"),
        ("Pedimos arreglos.\nMás información: https://a.example/mas.", "https://a.example/mas"),
        ("Pedimos arreglos.\n\nhttps://a.example/solo", "https://a.example/solo"),
        ("The minutes are on www.a.example/minutes, all of them.", "https://www.a.example/minutes"),
        ("Read it (https://a.example/a_(b)), then write to us.", "https://a.example/a_(b)"),
        ("All of it is in [the plan](https://a.example/plan).", "https://a.example/plan"),
        # What asks comes before what tells, wherever it stands; what is told before what is said by the way.
        ("More information: https://a.example/more\nSign the petition: https://a.example/sign", "https://a.example/sign"),
        ("Programa: https://a.example/programa\nInscríbete aquí:\nhttps://a.example/plaza", "https://a.example/plaza"),
        ("As https://b.example/news has it, rents rise.\nDetails: https://a.example/rents", "https://a.example/rents"),
        ("Photo: https://b.example/photo.jpg\n\nRents rise, as https://a.example/rents has it.", "https://a.example/rents"),
        ("Write to ana@a.example or ring her.", None),
    ],
)  # fmt: skip
def test_an_address_that_stands_in_an_item_is_its_url(body, url):
    found = article(body)
    assert found.url == url
    assert not url or found.evidence["url"] in f"{body}\n"


@pytest.mark.parametrize(
    ("line", "venue"),
    [
        ("Wednesday 2 December, 6.30pm, Community Room, Block 2", "Community Room, Block 2"),
        ("Wednesday 2 December – 18:30 – Sala comunitaria, bloque 2", "Sala comunitaria, bloque 2"),
        ("Miércoles 2 de diciembre, 18.30 h, Local Social, Calle Olmo 3", "Local Social, Calle Olmo 3"),
        ("Miércoles 2 de diciembre a las 18:30 en la Biblioteca del Barrio", "Biblioteca del Barrio"),
        ("Wednesday 2 December at 6.30pm in the old bakery", "the old bakery"),
        ("Wednesday 2 December | 6.30 pm | Meet at Harmon Landing", "Harmon Landing"),
        ("When: Wednesday 2 December, 6.30pm. Where: Elm Court, ground floor.", "Elm Court, ground floor"),
        ("Wednesday 2 December, 6.30pm, Everybody Welcome", None),
        ("Wednesday 2 December, 6.30pm, Annual general meeting", None),
    ],
)
def test_what_ends_a_line_that_begins_with_day_and_hour_is_the_venue(line, venue):
    found = article(f"{line}\nTea and biscuits. We talk about the heating of next winter.")
    assert (found.starts and found.starts.isoformat(), found.venue) == ("2026-12-02T18:30", venue)


@pytest.mark.parametrize(
    "farewell",
    [
        "See you soon,\nThe committee",
        "See you next week!\n\nAna Lee",
        "Until next time",
        "Thanks for reading,\nYour team at Elm Court",
        "Best wishes,\nThe editors",
        "Hasta pronto,\nLa junta directiva",
        "¡Hasta la semana que viene!",
        "Un saludo,\nEl equipo de redacción",
    ],
)
@pytest.mark.parametrize(
    "footer", ["", "\n\n--\nElm Court Tenants, 12 High Street\nTo unsubscribe, answer with STOP.\n"]
)
def test_the_farewell_is_no_part_of_the_last_item(farewell, footer):
    text = f"{ITEMS}{farewell}{footer}"
    last = read_newsletter(text, TODAY)[-1]
    assert (last.title, last.byline) == ("New bins", None)
    assert last.body_markdown.endswith("the green ones.")
    lines = text.splitlines()
    placed = places(text, TODAY)
    assert {placed[number] for number in placed if lines[number - 1] in farewell.splitlines()} == {"furniture"}


@pytest.mark.parametrize(
    "signed",
    [
        "In solidarity,\nThe committee",
        "Best wishes,\nAna Lee\nChair",
        "See you there,\nAna Lee",
        "Atentamente,\nLa junta directiva",
    ],
)
def test_what_signs_the_last_item_stays_with_it(signed):
    last = read_newsletter(f"{ITEMS}{signed}", TODAY)[-1]
    assert last.byline is not None
    assert signed.splitlines()[0] in last.body_markdown


def test_verse_that_ends_in_a_comma_is_signed_by_nobody():
    body = "As she said at the last meeting, and everybody laughed:\n\nCount it twice,\nwrite it down,\nand never lend the key."
    assert article(body).byline is None
