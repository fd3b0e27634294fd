"""Runs that differ in their seed alone as one row: means, and how far the runs lie apart."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.table import Row


def grouped(rows: Iterable[Row]) -> list[Row]:
    """Make one row of finished runs with equal settings on the same data set; all other rows stay as they are.

    Of runs that have their seed in common, too, only the newest is in it: the others would count a seed twice. A group
    stands where its first run stood; its key is `group:` and what its runs have in common. Ranks are for `ranked` to
    give afterwards. Archived runs keep to themselves.
    """
    rows = tuple(rows)
    repeats = repeated(rows)
    gathered: dict[Hashable, list[Row]] = {}
    for row in rows:
        group = None if row.key in repeats else _group_of(row)
        gathered.setdefault(group or row.key, []).append(row)
    return [members[0] if len(members) == 1 else _mean_row(members) for members in gathered.values()]


def repeated(rows: Iterable[Row]) -> frozenset[str]:
    """Return the keys of those finished runs of which there is a newer one with equal settings and an equal seed."""
    newest: dict[Hashable, Row] = {}
    older: set[str] = set()
    for row in rows:
        if (group := _group_of(row)) is None:
            continue
        other = newest.setdefault((group, row.seed), row)
        if other is not row:
            old, new = sorted((other, row), key=lambda one: one.date.timestamp() if one.date else 0.0)
            newest[group, row.seed] = new
            older.add(old.key)
    return frozenset(older)


def _group_of(row: Row) -> Hashable:
    """Return what a row has in common with those that become one row with it; None for a row that stays by itself."""
    is_one_of_several = row.status == RunStatus.FINISHED and row.group is not None and not row.members
    return (row.group, row.dataset, row.archived) if is_one_of_several else None


def _mean_row(members: Sequence[Row]) -> Row:
    first = members[0]
    test_accuracy, test_deviation = _mean_and_deviation([row.test_accuracy for row in members])
    val_accuracy, val_deviation = _mean_and_deviation([row.val_accuracy for row in members])
    macro_f1, f1_deviation = _mean_and_deviation([row.macro_f1 for row in members])
    epochs, _ = _mean_and_deviation([row.epochs for row in members])
    return replace(
        first,
        key=f"group:{first.group}:{first.dataset}{':archived' if first.archived else ''}",
        name=_common_name([row.name for row in members]),
        epochs=None if epochs is None else round(epochs),
        test_accuracy=test_accuracy,
        val_accuracy=val_accuracy,
        macro_f1=macro_f1,
        test_deviation=test_deviation,
        val_deviation=val_deviation,
        f1_deviation=f1_deviation,
        accuracy_per_million=_mean_and_deviation([row.accuracy_per_million for row in members])[0],
        report_difference=_mean_and_deviation([row.report_difference for row in members])[0],
        seconds=sum(row.seconds or 0.0 for row in members),
        device=first.device if len({row.device for row in members}) == 1 else None,
        date=max((row.date for row in members if row.date is not None), default=None),
        rank=None,
        is_most_efficient=False,
        seed=None,
        tags=tuple(sorted({tag for row in members for tag in row.tags})),
        note="",
        starred=any(row.starred for row in members),
        members=tuple(row.key for row in members),
    )


def _mean_and_deviation(values: Iterable[float | None]) -> tuple[float | None, float | None]:
    """Return the mean, and the sample standard deviation where there are two values or more."""
    import statistics  # not before the first frame

    known = [value for value in values if value is not None]
    if not known:
        return None, None
    return statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else None


def _common_name(names: Sequence[str]) -> str:
    """Return the words that the names begin with, such as `wide, seed` of `wide, seed 1` and 2; else the first name.

    Those that begin otherwise than most, as one that a person gave a name of its own, are passed over.
    """
    split = [words for name in names if (words := name.split())]
    beginnings = Counter(words[0] for words in split).most_common(1)
    alike = [words for words in split if words[0] == beginnings[0][0]]
    common: list[str] = []
    for column in zip(*alike, strict=False):
        if len(set(column)) > 1:
            break
        common.append(column[0])
    return " ".join(common) or names[0]
