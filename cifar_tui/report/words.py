"""The report's language: every sentence of it, and how its numbers are written."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from cifar_tui.presets import Preset
from cifar_tui.runs.columns import count
from cifar_tui.text import printable

Language = Literal["en", "vi"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_MINUS = "\N{MINUS SIGN}"


class Words:
    """The texts of one language, by dotted keys such as `finding.leader`."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._texts = read_texts(language)

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with `values` filled in; they may hold braces and whatever else people type."""
        return self._texts[key].format(**values)

    def title(self, preset: Preset) -> str:
        """Return what a preset is called in the report, safe to show."""
        return printable(self._texts.get(f"titles.{preset.key}", preset.title))

    def join(self, items: list[str]) -> str:
        """Return an enumeration: A, B and C."""
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])}{self('number.and')}{items[-1]}"

    def percent(self, value: float, deviation: float | None = None) -> str:
        """Return a fraction as percent with two decimals, and its standard deviation: 36.25 ± 0.18."""
        return f"{value * 100:.2f}" + ("" if deviation is None else f" ± {deviation * 100:.2f}")

    def points(self, difference: float) -> str:
        """Return a difference of fractions as signed percentage points: +2.64."""
        text = f"{difference * 100:+.2f}"
        return text.replace("-", _MINUS) if float(text) else "0.00"

    def whole(self, value: int) -> str:
        """Return a whole number with its thousands set apart."""
        return f"{value:,}".replace(",", self("number.thousands"))

    def rough(self, value: int) -> str:
        """Return a number of parameters as a person reads it: 346.6K, 1.73M."""
        return count(value)


@cache
def read_texts(language: Language) -> Mapping[str, str]:
    """Return all texts of a language by dotted keys."""
    source = files("cifar_tui.report").joinpath("languages", f"{language}.toml")
    return dict(_flat(tomllib.loads(source.read_text("utf-8"))))


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        found += _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [(f"{prefix}{key}", str(value))]
    return found
