"""Which of the languages there are somebody gets, and what goes into their copy."""

import pytest

from digest.pipeline.compile import topic_name
from digest.pipeline.compose import Copy, extras, served, speaks


@pytest.mark.parametrize(
    ("wanted", "gets"),
    [
        ("es", "es"),
        ("es-mx", "es"),
        ("pt-br", "pt-BR"),
        ("PT-BR", "pt-BR"),
        ("de", "en"),
        ("pt-pt", "en"),
        ("en-gb", "en"),
    ],
)
def test_a_reader_gets_their_own_language_or_its_base_or_english(wanted: str, gets: str) -> None:
    assert served(wanted, ["ar", "en", "es", "pt-BR"]) == gets


def test_without_english_it_is_the_first() -> None:
    assert served("de", ["es", "ar"]) == "es"


def test_another_form_of_a_language_is_spoken() -> None:
    assert speaks(["en", "es"], "es-mx")
    assert speaks(["en", "es"], "EN-gb")
    assert not speaks(["en", "es"], "fr")


def test_a_topic_has_its_name_in_the_nearest_language() -> None:
    names = {"housing": {"en": "Housing", "es": "Vivienda", "pt-BR": "Moradia"}}
    said = [topic_name(names, "housing", language) for language in ("es-mx", "pt-br", "fr")]
    assert said == ["Vivienda", "Moradia", "Housing"]
    assert topic_name(names, "schools", "es") == "schools"


def test_a_short_digest_has_no_list_of_what_is_in_it() -> None:
    copy = Copy((1, 2, 3), "Hello,", "Why.")
    assert extras(copy, {1, 2, 3}, {"view": ""}) == {"contents"}
    assert extras(copy, {1, 2}, {"view": ""}) == set(), "one of them closed"


def test_a_preheader_names_the_first_three_that_a_reader_gets() -> None:
    copy, teasers = Copy((1, 2, 3, 4), "Hello,", "Why."), (9, 4, 2, 1, 3)
    assert {"preheader:4", "preheader:2", "preheader:1", "contents"} == extras(
        copy, {1, 2, 3, 4}, {"view": ""}, teasers
    )
    assert extras(copy, {1}, {"view": ""}, teasers) == {"preheader:1"}, "the others closed"
