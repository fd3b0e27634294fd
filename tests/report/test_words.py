"""Both languages have every sentence, and the report is composed of them alone."""

import string
from collections.abc import Callable
from pathlib import Path

import pytest

from cifar_tui.config import Schedule, SequenceMode
from cifar_tui.models.registry import MODELS, Family
from cifar_tui.report.document import Document
from cifar_tui.report.words import LANGUAGES, Language, Words, read_texts

from .homes import course_presets, write_course

Composed = Callable[..., Document]


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_no_key_is_missing_in_either() -> None:
    english, vietnamese = (read_texts(language) for language in LANGUAGES)
    assert set(english) == set(vietnamese)
    assert all(text.strip() or key == "number.thousands" for key, text in {**english, **vietnamese}.items())


def test_both_fill_in_the_same_values() -> None:
    english, vietnamese = (read_texts(language) for language in LANGUAGES)
    assert {key: _fields(text) for key, text in english.items()} == {k: _fields(t) for k, t in vietnamese.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_named_by_the_configuration_has_words(language: Language) -> None:
    words = Words(language)
    keys = [f"model.{name}" for name in MODELS]
    keys += [f"schedule.{schedule}" for schedule in Schedule] + [f"mode.{mode}" for mode in SequenceMode]
    keys += [f"family.{family.name.lower()}" for family in Family]
    assert all(words(key) for key in keys)


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_presets_are_those_of_presets(home: Path, language: Language) -> None:
    named = [key.removeprefix("titles.") for key in read_texts(language) if key.startswith("titles.")]
    assert set(named) <= {preset.key for preset in course_presets(home)}


def test_no_sentence_was_left_untranslated() -> None:
    english, vietnamese = (read_texts(language) for language in LANGUAGES)
    assert [key for key, text in english.items() if text == vietnamese[key] and len(text.split()) > 3] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_whole_course_can_be_told(home: Path, composed: Composed, language: Language) -> None:
    write_course(home)
    document = composed(language)
    assert (document.language, len(document.sections), len(document.figures)) == (language, 9, 12)


def test_values_are_filled_in_as_they_are() -> None:
    text = Words("en")("note.changed", name="{x} %s {0}", preset="p", changes="{}")
    assert text == "{x} %s {0}: these runs changed the preset p: {}."


def test_numbers() -> None:
    english, vietnamese = Words("en"), Words("vi")
    assert (english.whole(1731940), vietnamese.whole(1731940)) == ("1,731,940", "1\u00a0731\u00a0940")
    assert (english.points(-0.0264), english.points(0.0001), english.points(-0.00001)) == ("−2.64", "+0.01", "0.00")
    assert english.percent(0.3625, 0.0018) == "36.25 ± 0.18"
    assert (english.join(["a"]), english.join(["a", "b", "c"])) == ("a", "a, b and c")
    assert vietnamese.join(["a", "b"]) == "a và b"
