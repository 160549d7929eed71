"""The days that an article tells: by when, from when, in four languages, and told from the day on which it came out."""

from datetime import date

import pytest

from digest.core.newsletter import read_article, read_newsletter

WEDNESDAY = date(2024, 7, 3)
BY = {
    "Sign by 5pm on Friday 12th.": "2024-07-12T17:00",
    "The comment period runs through Friday, July 12. Send yours.": "2024-07-12",
    "Ring for a new paper up to 12 July.": "2024-07-12",
    "Comments are accepted through Friday, July 12.": "2024-07-12",
    "Please sign up by next Friday, 12 July.": "2024-07-12",
    "You have until midnight on Sunday 14 July to vote.": "2024-07-14",
    "Last day to register is July 12": "2024-07-12",
    "The consultation closes 4/7/2024, the council says; it opened on 12 June.": "2024-07-04",
    "The consultation closes 7/4/2024, the council says; it opened on June 12.": "2024-07-04",
    "Bitte unterschreibt bis 12. Juli!": "2024-07-12",
    "Anmeldung bis spätestens 12.07.2024 bei Ute.": "2024-07-12",
    "Signez avant le vendredi 12.": "2024-07-12",
    "Inscrivez-vous jusqu’au 12 juillet à midi.": "2024-07-12T12:00",
    "Plazo: hasta el viernes 12 de julio a las 14 h": "2024-07-12T14:00",
    "Tenéis hasta el día 12 para apuntaros.": "2024-07-12",
    "Hay que encargarlas antes del viernes que viene, día 12, incluido.": "2024-07-12",
    "Send your form back by 12 noon on Friday 12 July.": "2024-07-12T12:00",
    "Last date for receipt of forms is Friday, 12th July 2024. Please fill it in.": "2024-07-12",
    "Enviad la carta hasta las 5 p.m. del viernes 12 de julio.": "2024-07-12T17:00",
    # from the day of issue, where something is asked
    "Sign the petition by this Friday.": "2024-07-05",
    "Sign the petition by next Friday.": "2024-07-12",
    "Write to them before Monday.": "2024-07-08",
    "Write to them by tomorrow.": "2024-07-04",
    "Escribid antes del viernes.": "2024-07-05",
    "Please return the form and sign it by the end of July.": "2024-07-31",
}
FROM = {
    "The course begins on Friday 5 July and ends on Friday 19 July. Come and join us.": ("2024-07-05", "2024-07-19"),
    "El curso comienza el viernes 5 de julio y termina el sábado 20 de julio. Os esperamos.": (
        "2024-07-05",
        "2024-07-20",
    ),
    "Martes de 18:30 a 20:00, del 9 de julio al 27 de agosto. Os esperamos.": ("2024-07-09T18:30", "2024-08-27"),
    "Every second Wednesday at 6 pm in the hall. The next one is on 10 July. Join us.": ("2024-07-10T18:00", None),
    "She is with us from 9 to 12 July. Ayr: 9 July, 7 pm. Oban: 11 July, 6 pm. Join us.": ("2024-07-09", "2024-07-12"),
    "Saturday the 13th of July, 10 til 3.30, in the church.": ("2024-07-13T10:00", "2024-07-13T15:30"),
    "We start back on Thursday 11th July at 7.30pm in the hall.": ("2024-07-11T19:30", None),
    "We meet on Thursday 11 July at 7.30 in the hall as usual.": ("2024-07-11T19:30", None),
    "The coach leaves on Thursday 11 July at 7.30 from the green. Bring lunch.": ("2024-07-11T07:30", None),
    "On Thursday 11 July from 2 to 4 in the hall. Join us!": ("2024-07-11T14:00", "2024-07-11T16:00"),
    "Tomorrow evening, Thursday July 4, at 8 o'clock in the square. Bring candles.": ("2024-07-04T20:00", None),
    "Join us this Saturday at 10am in the library.": ("2024-07-06T10:00", None),
    "Sunday, 14th July, 10 til 1. Bring gloves.": ("2024-07-14T10:00", "2024-07-14T13:00"),
    "Saturday, July 13, 9 to 4, in the hall. Doors open for members at 8.": ("2024-07-13T09:00", "2024-07-13T16:00"),
    "Thurs 11 July 2024, 7.30 in the clubhouse. All welcome.": ("2024-07-11T19:30", None),
    "El jueves 11 de julio, a las ocho de la tarde, en la plaza. Os esperamos.": ("2024-07-11T20:00", None),
    "El jueves 11 de julio a las siete y media de la tarde, en la sala. Os esperamos.": ("2024-07-11T19:30", None),
    "Thursday 11 July at seven in the evening, in the hall. All welcome.": ("2024-07-11T19:00", None),
    "Donnerstag, 11. Juli, 19 Uhr 30, Rathaus. Eintritt frei.": ("2024-07-11T19:30", None),
    "Three evenings: Fridays 5, 12 and 19 July, 7 to 9 pm, in the hall. Join us.": (
        "2024-07-05T19:00",
        "2024-07-05T21:00",
    ),
    "Tres sesiones: viernes 5, 12 y 19 de julio, de 16 a 19 h, en la sala. Os esperamos.": (
        "2024-07-05T16:00",
        "2024-07-05T19:00",
    ),
    "5./6. Juli im Stadtpark. Eintritt frei.": ("2024-07-05", "2024-07-06"),
    "Freitag, 12. Juli, 8 Uhr abends, Rathaus. Eintritt frei.": ("2024-07-12T20:00", None),
    "Vendredi 12 juillet, 8 heures du soir, salle des fêtes. Entrée libre.": ("2024-07-12T20:00", None),
}
NOT_BY = (
    "The bridge is closed until 15 November.",
    "The council says until the 15th of November, as far as it can tell.",
    "The library is open Monday to Friday until Friday noon.",
    "Creche if you ask by Tuesday. We meet on Thursday 11 July at 7pm in the hall.",
    "Every Friday until Friday the thing goes round.",
    "They were there before Friday.",
)


@pytest.mark.parametrize("text", BY)
def test_deadlines(text: str):
    found = read_article("What the town asks", text, WEDNESDAY)
    assert found
    assert found.deadline
    assert found.deadline.isoformat() == BY[text]


@pytest.mark.parametrize("text", FROM)
def test_events(text: str):
    found = read_article("A meeting of the choir", text, WEDNESDAY)
    assert found
    assert found.starts
    assert (found.starts.isoformat(), found.ends and found.ends.isoformat()) == FROM[text]


@pytest.mark.parametrize("text", NOT_BY)
def test_what_is_so_until_a_day_asks_for_nothing(text: str):
    found = read_article("What goes on in town", text, WEDNESDAY)
    assert found
    assert found.deadline is None


def test_days_are_told_from_the_issue_and_not_from_the_day_of_reading():
    text = "THE WEEKLY\n3 July 2024\n\nDear all,\n\nSign for the ferry\n\nPlease sign the petition by Friday.\n"
    [found] = read_newsletter(text, date(2024, 9, 1), {6})
    assert found.deadline
    assert found.deadline.isoformat() == "2024-07-05"
    [undated] = read_newsletter(text.replace("3 July 2024", "Number 3"), date(2024, 9, 1), {6})
    assert undated.deadline is None
