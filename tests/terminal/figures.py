"""A measured figure beside its limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    name: str
    value: float
    unit: str = ""
    limit: float | None = None
    """The most that it may be, or the least; None where there is none."""
    is_least: bool = False

    @property
    def verdict(self) -> str:
        """`ok`, `over`, `under`, or nothing where there is no limit."""
        if self.limit is None:
            return ""
        if self.is_least:
            return "ok" if self.value >= self.limit else "under"
        return "ok" if self.value <= self.limit else "over"


def delays(name: str, seconds: Sequence[float], most_median: float, most_p95: float) -> list[Figure]:
    """Return the median and the 95th percentile of `seconds`, in milliseconds, beside their limits."""
    return [
        Figure(f"{name}, median of {len(seconds)}", median(seconds) * 1e3, "ms", most_median),
        Figure(f"{name}, p95", quantiles(seconds, n=20)[-1] * 1e3, "ms", most_p95),
    ]


def table(figures: Sequence[Figure]) -> str:
    """Lay the figures out in columns."""
    rows = [("figure", "value", "limit", "")]
    for figure in figures:
        limit = "" if figure.limit is None else f"{'≥' if figure.is_least else '≤'} {figure.limit:g} {figure.unit}"
        rows.append((figure.name, f"{figure.value:.4g} {figure.unit}", limit.strip(), figure.verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"{name:<{widths[0]}}  {value:>{widths[1]}}  {limit:>{widths[2]}}  {verdict}".rstrip()
        for name, value, limit, verdict in rows
    )
