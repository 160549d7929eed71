"""The names of months and weekdays in English, Spanish, German and French, with their abbreviations."""

from collections.abc import Collection

_MONTHS = (
    "january jan enero ene januar jänner janvier janv",
    "february feb febrero februar février févr fév",
    "march mar marzo märz mrz mars",
    "april apr abril abr avril avr",
    "may mayo mai",
    "june jun junio juni juin",
    "july jul julio juli juillet juil",
    "august aug agosto ago août aout",
    "september sept sep septiembre setiembre septembre",
    "october oct octubre oktober okt octobre",
    "november nov noviembre novembre",
    "december dec diciembre dic dezember dez décembre déc",
)
_DAYS = (
    "monday mon lunes lun montag lundi",
    "tuesday tues tue martes dienstag mardi",
    "wednesday weds wed miércoles mié mittwoch mercredi",
    "thursday thurs thur thu jueves jue donnerstag jeudi",
    "friday fri viernes vie freitag vendredi",
    "saturday sat sábado sáb samstag sonnabend samedi",
    "sunday sun domingo dom sonntag dimanche",
)
_WEEKDAY_NUMBERS = {name: number for number, names in enumerate(_DAYS) for name in names.split()}
_MONTH_NUMBERS = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}


def _one_of(names: Collection[str]) -> str:
    """Any of the names as a whole word; a short one, an abbreviation perhaps, with its full stop."""
    whole, short = (
        "(?:" + "|".join(each for each in names if (len(each) > 5) is long) + r")(?![^\W\d_])" for long in (True, False)
    )
    return rf"(?:{whole}|{short}\.?)"


MONTH = _one_of(_MONTH_NUMBERS)
WEEKDAY = _one_of(_WEEKDAY_NUMBERS)


def month_number(name: str) -> int:
    """1 to 12."""
    return _MONTH_NUMBERS[name.rstrip(".").casefold()]


def weekday_number(name: str) -> int:
    """As `date.weekday` has it: Monday is 0."""
    return _WEEKDAY_NUMBERS[name.rstrip(".").casefold()]
