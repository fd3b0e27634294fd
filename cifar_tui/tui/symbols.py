"""Signs beyond ASCII, and what stands for them on a terminal that has no others."""

import locale
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

VARIABLE = "CIFAR_TUI_ASCII"


@dataclass(frozen=True)
class Symbols:
    """One set of signs."""

    medals: tuple[str, str, str]
    star: str
    marked: str
    choice: str
    """Beside a value that is one of several."""
    bars: str
    """From low to high."""
    gauge: tuple[str, str]
    """What is taken, and what is free."""
    curve: str
    """plotext's name of the marker that curves are drawn with."""
    points: tuple[str, ...]
    """What tells curves apart besides their colour, one for each."""
    status: dict[str, str]


UNICODE = Symbols(
    medals=("🥇", "🥈", "🥉"),
    star="★",
    marked="◉",
    choice="▼",
    bars="▁▂▃▄▅▆▇█",
    gauge=("█", "░"),
    curve="braille",
    points=("●", "◆", "▲", "■", "▼", "✚", "○", "◇"),
    status={
        "queued": "…",
        "running": "●",
        "finished": "✓",
        "stopped": "■",
        "failed": "✗",
        "interrupted": "!",
        "report": "¶",
        "measured": "§",
        "unreadable": "?",
    },
)
ASCII = Symbols(
    medals=("1st", "2nd", "3rd"),
    star="*",
    marked="+",
    choice="v",
    bars="_.-=+*#",
    gauge=("#", "."),
    curve="dot",
    points=("o", "x", "^", "#", "v", "+", "O", "%"),
    status={
        "queued": ".",
        "running": ">",
        "finished": "v",
        "stopped": "=",
        "failed": "x",
        "interrupted": "!",
        "report": "r",
        "measured": "m",
        "unreadable": "?",
    },
)


@cache
def symbols() -> Symbols:
    """Return the signs for this terminal: ASCII with `CIFAR_TUI_ASCII=1`, on the Linux console and without UTF-8."""
    if os.environ.get(VARIABLE, "") not in ("", "0"):
        return ASCII
    has_utf8 = "UTF-8" in locale.getpreferredencoding(False).upper().replace("UTF8", "UTF-8")
    return UNICODE if has_utf8 and os.environ.get("TERM") != "linux" else ASCII


def sparkline(values: Sequence[float], width: int, *, from_zero: bool = False) -> str:
    """Return the last `width` values as a row of bars, from their lowest, or from zero, to their highest."""
    shown = values[-width:]
    if not shown:
        return ""
    bars = symbols().bars
    low, high = 0.0 if from_zero else min(shown), max(shown)
    if high <= low:
        return bars[0 if from_zero else len(bars) // 2] * len(shown)
    return "".join(bars[round((value - low) / (high - low) * (len(bars) - 1))] for value in shown)
