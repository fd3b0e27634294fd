"""What people, other programs and failing disks may leave in a file, and what must be said of it."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 10**18, 10**400, -(10**30)])
    | st.floats()
    | st.sampled_from([1e308, -1e308, 5e-324, -0.0])
    | st.text(max_size=20)
    | st.sampled_from(
        ["", "nan", "Infinity", "1e999", "\x1b[31m", "a\nb", "\u202e", "x" * 5000, "9999-12-31T23:59:59Z"]
    )
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def hostile(examples: int) -> settings:
    """Settings that try the same examples each time."""
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None)


@st.composite
def mutated(draw: st.DrawFn, valid: Any) -> bytes:
    """JSON like `valid`, with a value changed or taken out, or with some of its bytes."""
    content = json.loads(json.dumps(valid))
    for _ in range(draw(st.integers(0, 2))):
        parent, key = draw(st.sampled_from(list(_places(content))))
        if draw(st.booleans()):
            parent[key] = draw(JSON)
        elif isinstance(parent, dict):
            del parent[key]
        if not content:
            break
    return draw(damaged(json.dumps(content).encode()))


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """`content`, whole, cut, or with other bytes somewhere."""
    match draw(st.integers(0, 3)):
        case 0:
            place = draw(st.integers(0, len(content)))
            return content[:place]
        case 1:
            place = draw(st.integers(0, len(content)))
            return content[:place] + draw(st.binary(max_size=4)) + content[place + draw(st.integers(0, 4)) :]
        case _:
            return content


def assert_sentence(error: Exception | str) -> None:
    """Hold that a person can be shown this: something, in one line, that does not steer the terminal."""
    text = str(error)
    assert text.strip()
    assert text.isprintable(), repr(text)


def _places(value: Any) -> Sequence[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found += [(value, key), *_places(inner)]
    return found
