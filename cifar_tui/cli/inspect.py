"""`cifar-tui inspect`: what a finished run predicts, by class, pair and confidence; or two runs image by image."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cifar_tui.analysis.calibration import Calibration
from cifar_tui.analysis.classes import SORTS, ClassScore, sorted_scores
from cifar_tui.analysis.errors import PredictionsError
from cifar_tui.analysis.inspection import Inspection, Level, inspect_run
from cifar_tui.analysis.mcnemar import PairedTest, paired_test
from cifar_tui.analysis.wording import calibration_sentence, p_text, verdict
from cifar_tui.cli.console import USAGE, fail, make_console
from cifar_tui.cli.stores import open_store
from cifar_tui.cli.train import find_run
from cifar_tui.paths import Paths
from cifar_tui.runs.columns import percent, points
from cifar_tui.runs.store import Run
from cifar_tui.text import printable

_WIDE = 110
"""Columns of a terminal that has room for the superclass of each class, too."""
_LONGEST_NAME = 32
_GAP = 2
_MOST_DIFFERENCES = 10
_BAR = 20
"""Cells of the histogram's longest bar."""


def inspect_one(paths: Paths, wanted: str, *, by: str, sort: str, worst: int | None, pairs: int, as_json: bool) -> None:
    """Print what a finished run predicts.

    Args:
        paths: where the run is kept.
        wanted: the run's id, any part of it that no other run has, or its name.
        by: `class` or `superclass`.
        sort: a key of `analysis.classes.SORTS`; the best stand first, names in the order of the alphabet.
        worst: only so many classes, the worst first; None prints all.
        pairs: how many of the most confused pairs.
        as_json: print an object with all of it in place of tables; shares are fractions.
    """
    if sort not in SORTS:
        fail(f"There is no order {sort!r}; --sort takes {', '.join(SORTS)}.", USAGE)
    if worst is not None and sort == "name":
        fail("--worst needs a number to sort by, and a name is none: leave out --sort name, or --worst.", USAGE)
    run = find_run(open_store(paths), wanted)
    inspection = _inspected(run)
    level = _level(inspection, by, run)
    scores = sorted_scores(level.scores, sort, reverse=sort != "name" and worst is None)[:worst]
    if as_json:
        print(json.dumps(_as_json(run, inspection, by, level, scores, pairs), indent=2))
        return
    console = make_console()
    console.print(Text.assemble((printable(run.title), "bold"), (f"  {run.id}", "dim")))
    console.print(_summary(inspection, run))
    _print_heading(console, "Classes" if by == "class" else "Superclasses")
    console.print(_class_table(inspection, level, scores, console.width, with_superclass=by == "class"))
    _print_heading(console, "Most confused")
    console.print(_pair_table(level, pairs))
    _print_heading(console, "Calibration")
    console.print(Text(calibration_sentence(inspection.calibration)))
    console.print(_bin_table(inspection.calibration))


def inspect_two(paths: Paths, first: str, second: str, *, by: str, as_json: bool) -> None:
    """Print how two runs did on the same images.

    Args:
        paths: where the runs are kept.
        first: the id of run A, a part of it that no other run has, or its name.
        second: that of run B.
        by: `class` or `superclass`: in what the largest differences are told.
        as_json: print an object in place of tables; shares are fractions.
    """
    store = open_store(paths)
    runs = [find_run(store, wanted) for wanted in (first, second)]
    inspections = [_inspected(run) for run in runs]
    try:
        test = paired_test(*(inspection.predictions for inspection in inspections))
    except PredictionsError as error:
        fail(str(error))
    levels = [_level(inspection, by, run) for inspection, run in zip(inspections, runs, strict=True)]
    if as_json:
        print(json.dumps(_pair_as_json(runs, inspections, test), indent=2))
        return
    console = make_console()
    for letter, run, inspection in zip("AB", runs, inspections, strict=True):
        title = (printable(run.title), "bold")
        console.print(
            Text.assemble(f"{letter}  ", title, (f"  {run.id}", "dim"), f"  {percent(inspection.accuracy)} %")
        )
    console.print()
    console.print(_test_table(test))
    difference = f"on these images, the difference of these two runs is {verdict(test)}"
    console.print(Text(f"McNemar's exact test: {p_text(test)}; {difference}."))
    _print_heading(console, "Largest differences in recall")
    console.print(_difference_table(*(level.scores for level in levels)))


def _inspected(run: Run) -> Inspection:
    try:
        return inspect_run(run)
    except PredictionsError as error:
        fail(str(error))


def _level(inspection: Inspection, by: str, run: Run) -> Level:
    if by == "class":
        return inspection.classes
    if inspection.superclasses is None:
        fail(f"{run.title} was tested on a data set without superclasses; leave out --by superclass.", USAGE)
    return inspection.superclasses


def _print_heading(console: Console, title: str) -> None:
    console.print()
    console.print(Text(title, style="bold"))


def _summary(inspection: Inspection, run: Run) -> Text:
    predictions, started = inspection.predictions, run.record.started
    dataset = f"{printable(started.dataset)}, " if started else ""
    text = Text(f"{dataset}{len(predictions):,} test images of {len(predictions.class_names):,} classes\n", style="dim")
    values = [("top-1", inspection.accuracy), ("top-5", inspection.top5_accuracy), ("macro-F1", inspection.macro_f1)]
    if inspection.superclasses is not None:
        values.append(("superclass", inspection.superclasses.accuracy))
    values.append(("ECE", inspection.calibration.ece))
    for title, value in values:
        text.append(f"{title} ", style="dim").append(f"{percent(value)} %  ", style="not dim")
    return text


def _plain_table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")


def _add_columns(table: Table, *titles: str) -> None:
    """Add columns of text, and of numbers where a title begins with a blank."""
    for title in titles:
        table.add_column(
            title.strip(),
            justify="right" if title.startswith(" ") else "left",
            no_wrap=True,
            overflow="ellipsis",
            max_width=_LONGEST_NAME,
        )


def _class_table(
    inspection: Inspection, level: Level, scores: Sequence[ClassScore], width: int, *, with_superclass: bool
) -> Table:
    predictions = inspection.predictions
    with_superclass &= bool(predictions.superclass_names) and width >= _WIDE
    table = _plain_table()
    _add_columns(table, "class", *(("superclass",) if with_superclass else ()))
    _add_columns(table, " recall %", " precision %", " F1 %", " images", "mostly taken for")
    used = max(min(len(score.name), _LONGEST_NAME) for score in scores) + sum(
        len(title) + _GAP for title in ("", "recall %", "precision %", "F1 00", "images")
    )
    table.columns[-1].max_width = min(_LONGEST_NAME + len("  999"), max(width - used, len("mostly taken for")))
    for score in scores:
        pair = level.taken_for(score.index)
        cells = [score.name]
        if with_superclass:
            cells.append(predictions.superclass_names[predictions.superclass_of[score.index]])
        cells += [percent(score.recall), percent(score.precision), percent(score.f1), str(score.support)]
        cells.append(f"{pair.count:>3}  {pair.predicted_name}" if pair else "")
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _pair_table(level: Level, pairs: int) -> Table:
    table = _plain_table()
    _add_columns(table, "true", "taken for", " images", " of true %", " back")
    for pair in level.pairs[:pairs]:
        cells = (pair.true_name, pair.predicted_name, str(pair.count), percent(pair.share), str(pair.back))
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _bin_table(calibration: Calibration) -> Table:
    table = _plain_table()
    _add_columns(table, " confidence %", " mean %", " accuracy %", " gap", " images", "")
    most = max(part.count for part in calibration.bins)
    for part in calibration.bins:
        gap = points(part.accuracy - part.confidence) if part.accuracy is not None and part.confidence else ""
        table.add_row(
            f"{part.low * 100:.0f}-{part.high * 100:.0f}",
            percent(part.confidence),
            percent(part.accuracy),
            gap,
            str(part.count),
            "#" * round(part.count / most * _BAR),
        )
    return table


def _test_table(test: PairedTest) -> Table:
    table = _plain_table()
    _add_columns(table, "", " images", " %")
    rows = (
        ("both right", test.both_right),
        ("A right, B wrong", test.only_first),
        ("B right, A wrong", test.only_second),
        ("both wrong", test.both_wrong),
        ("the same class predicted", test.same_class),
    )
    for title, images in rows:
        table.add_row(title, f"{images:,}", percent(images / test.images))
    return table


def _difference_table(first: Sequence[ClassScore], second: Sequence[ClassScore]) -> Table:
    table = _plain_table()
    _add_columns(table, "class", " A %", " B %", " B - A", " images")
    both = sorted(zip(first, second, strict=True), key=lambda pair: -abs(pair[1].recall - pair[0].recall))
    for one, other in both[:_MOST_DIFFERENCES]:
        difference = points(other.recall - one.recall)
        cells = (one.name, percent(one.recall), percent(other.recall), difference, str(one.support))
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _as_json(
    run: Run, inspection: Inspection, by: str, level: Level, scores: Sequence[ClassScore], pairs: int
) -> dict[str, object]:
    superclasses = inspection.superclasses
    return {
        "run": run.id,
        "name": run.title,
        "test_images": len(inspection.predictions),
        "accuracy": inspection.accuracy,
        "top5_accuracy": inspection.top5_accuracy,
        "macro_f1": inspection.macro_f1,
        "superclass_accuracy": superclasses.accuracy if superclasses is not None else None,
        "by": by,
        "classes": [asdict(score) for score in scores],
        "confused": [asdict(pair) for pair in level.pairs[:pairs]],
        "calibration": asdict(inspection.calibration),
    }


def _pair_as_json(runs: Sequence[Run], inspections: Sequence[Inspection], test: PairedTest) -> dict[str, object]:
    return {
        "runs": [
            {"run": run.id, "name": run.title, "accuracy": inspection.accuracy}
            for run, inspection in zip(runs, inspections, strict=True)
        ],
        **asdict(test),
        "agreement": test.agreement,
    }
