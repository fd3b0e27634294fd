"""The filter language of the results table: words, and terms such as `part:4 test>35% -is:starred`.

A row must hold every word, in any case, and fulfil every term. `-` before a word or term means the rows that do not;
double quotes hold spaces together, and keep what looks like a term a word. Accuracies are fractions up to 1, percent
above it or before a `%`; the difference to the report is in percentage points; numbers of parameters may end in K or
M; times are seconds.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cifar_tui.runs.table import Row
from cifar_tui.text import printable

Test = Callable[[Row], bool]


class FilterError(ValueError):
    """One sentence, ready for a person, about a filter that cannot be understood."""

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


@dataclass(frozen=True)
class Filter:
    """What a person asked to see."""

    tests: tuple[Test, ...] = ()
    """A row is shown that passes each of them."""
    with_archived: bool = False
    """Whether it asks for archived rows, which otherwise never match."""

    def matches(self, row: Row) -> bool:
        """Whether `row` is to be shown."""
        return (self.with_archived or not row.archived) and all(test(row) for test in self.tests)


@dataclass(frozen=True)
class _Token:
    text: str
    unquoted: int
    """So many characters from the start on stood outside of quotes; a term's key and operator must."""


def parse_filter(text: str) -> Filter:
    """Read a filter; an empty one shows everything but archived rows.

    Raises:
        FilterError: a term that is none, in one sentence that names it.
    """
    tests: list[Test] = []
    with_archived = False
    for token in _tokens(text):
        negated = token.unquoted > 0 and token.text.startswith("-") and len(token.text) > 1
        term = _Token(token.text[1:], token.unquoted - 1) if negated else token
        test = _term(term) or _word(term.text)
        with_archived |= test is _IS["archived"] and not negated
        tests.append(_negation(test) if negated else test)
    return Filter(tuple(tests), with_archived)


def _tokens(text: str) -> Iterator[_Token]:
    # An odd part stood between quotes: `name:"my cnn" x` → `name:`, `my cnn`, ` x`.
    parts = text.split('"')
    if len(parts) % 2 == 0:
        raise FilterError('A double quote is not closed: the filter needs another ".')
    held, unquoted = "", None
    for place, part in enumerate(parts):
        if place % 2:
            unquoted = len(held) if unquoted is None else unquoted
            held += part
            continue
        first, *others = re.split(r"\s+", part)
        held += first
        for other in others:
            if held:
                yield _Token(held, len(held) if unquoted is None else unquoted)
            held, unquoted = other, None
    if held:
        yield _Token(held, len(held) if unquoted is None else unquoted)


def _term(token: _Token) -> Test | None:
    match = _TERM.match(token.text)
    if match is None or match.end(2) > token.unquoted:
        return None
    key, sign, value = match[1].lower(), match[2], match[3]
    if key not in (*_TEXTS, *_NUMBERS, "is"):
        raise FilterError(
            f"{token.text!r} asks for {key!r}, which no row has; there are {', '.join(KEYS)} "
            "(put it in double quotes to look for it as a word)."
        )
    if not value:
        raise FilterError(f"{token.text!r} needs a value after the {sign}.")
    if key in _NUMBERS:
        return _number_test(token.text, *_NUMBERS[key], sign, value)
    if sign not in (":", "="):
        raise FilterError(f"{token.text!r} compares text; write {key}:{value}.")
    if key == "is":
        if value.lower() not in _IS:
            raise FilterError(f"{token.text!r} is none of {', '.join(f'is:{state}' for state in _IS)}.")
        return _IS[value.lower()]
    return _text_test(_TEXTS[key], value.lower())


def _word(word: str) -> Test:
    lower = word.lower()
    return lambda row: lower in _searchable(row)


def _searchable(row: Row) -> str:
    part = f"part {row.part}" if row.part else ""
    return "\n".join(
        [
            row.name,
            row.model,
            part,
            row.dataset,
            row.status,
            row.device or "",
            row.key,
            row.sweep or "",
            *row.tags,
            row.note,
        ]
    ).lower()


def _negation(test: Test) -> Test:
    return lambda row: not test(row)


def _text_test(holds: Callable[[Row, str], bool], value: str) -> Test:
    return lambda row: holds(row, value)


def _number_test(term: str, kind: str, get: Callable[[Row], float | None], sign: str, value: str) -> Test:
    wanted = _number(term, kind, value)
    tolerance = _TOLERANCES.get(kind, 0.0)

    def test(row: Row) -> bool:
        found = get(row)
        if found is None:
            return False
        if math.isclose(found, wanted, rel_tol=1e-9, abs_tol=tolerance):
            return sign not in ("<", ">")
        return sign.startswith(">" if found > wanted else "<")

    return test


def _number(term: str, kind: str, value: str) -> float:
    unit = value[-1].lower()
    scale = _UNITS[kind].get(unit)
    try:
        number = float(value[:-1] if scale else value) * (scale or 1.0)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise FilterError(f"{term!r} needs {_EXAMPLES[kind]} after the sign.")
    is_percent = kind == "points" or (kind == "accuracy" and not scale and abs(number) > 1)
    return number / 100 if is_percent else number


_TERM = re.compile(r"([^\W\d][\w/]*)(:|>=|<=|>|<|=)(.*)", re.DOTALL)

_UNITS: Mapping[str, Mapping[str, float]] = {
    "accuracy": {"%": 0.01},
    "points": {"%": 1.0},
    "count": {"k": 1e3, "m": 1e6},
    "number": {},
}
_EXAMPLES: Mapping[str, str] = {
    "accuracy": "a fraction or a percentage, such as 0.35 or 35%,",
    "points": "percentage points, such as -2.5,",
    "count": "a number, such as 500K or 1.5M,",
    "number": "a number",
}

_TOLERANCES = {"accuracy": 0.5e-4, "points": 0.5e-3}
"""What the table shows as equal is equal: accuracies have two decimals there, differences one."""

_IS: Mapping[str, Test] = {
    "starred": lambda row: row.starred,
    "archived": lambda row: row.archived,
    "report": lambda row: row.is_report,
    "measured": lambda row: row.is_measured,
}

_TEXTS: Mapping[str, Callable[[Row, str], bool]] = {
    "name": lambda row, value: value in row.name.lower(),
    "model": lambda row, value: value in row.model.lower(),
    "data": lambda row, value: value in row.dataset.lower(),
    "device": lambda row, value: value in (row.device or "").lower(),
    "optimiser": lambda row, value: value in (row.optimiser or ""),
    "note": lambda row, value: value in row.note.lower(),
    "tag": lambda row, value: value in row.tags,
    "sweep": lambda row, value: value == (row.sweep or "").lower(),
    "status": lambda row, value: row.status.startswith(value),
}

_NUMBERS: Mapping[str, tuple[str, Callable[[Row], float | None]]] = {
    "part": ("number", lambda row: row.part),
    "seed": ("number", lambda row: row.seed),
    "test": ("accuracy", lambda row: row.test_accuracy),
    "val": ("accuracy", lambda row: row.val_accuracy),
    "f1": ("accuracy", lambda row: row.macro_f1),
    "report": ("points", lambda row: row.report_difference),
    "params": ("count", lambda row: row.parameters),
    "acc/param": ("number", lambda row: row.accuracy_per_million),
    "epochs": ("number", lambda row: row.epochs),
    "time": ("number", lambda row: row.seconds),
    "lr": ("number", lambda row: row.learning_rate),
    "batch": ("number", lambda row: row.batch_size),
}

KEYS = (*_TEXTS, *_NUMBERS, *(f"is:{state}" for state in _IS))
"""What a term can ask for."""
