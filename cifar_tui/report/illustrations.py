"""The report's figures: what each shows, its caption, and its words for who cannot see it."""

from collections.abc import Iterator, Sequence

from cifar_tui.presets import Preset
from cifar_tui.report.content import Entry, Slot
from cifar_tui.report.curves import learning_curves
from cifar_tui.report.document import Block, Figure, Gap, Paragraph
from cifar_tui.report.pictures import Bar, BarsPicture, CurvesPicture, Point, SizesPicture
from cifar_tui.report.reproduce import command_to_fill
from cifar_tui.report.tables import NOTHING
from cifar_tui.report.words import Words

MOST_CURVES = 8
"""In one figure."""
_SIZES = "9"
"""The number of the figure that follows the course report's eight."""


def curve_figures(number: str, slots: Sequence[Slot], words: Words) -> Iterator[Block]:
    """Yield the curves of the filled rows in one figure, and a mark for each gap."""
    drawn = [entry for entry in [slot.entry for slot in slots if slot.entry] if not learning_curves(entry).is_empty]
    if drawn:
        yield curves_figure(number, drawn, words)
    label = words("figure.label", number=number)
    for slot in slots:
        if slot.entry is None:
            yield _gap(label, slot.preset, words)
        elif slot.entry not in drawn:
            yield Paragraph(words("figure.no_history", label=label, name=slot.entry.title))


def curves_figure(number: str, entries: Sequence[Entry], words: Words) -> Figure:
    """Return the curves of at most `MOST_CURVES` rows, each of which has some."""
    names = words.join([entry.title for entry in entries])
    curves = tuple(learning_curves(entry) for entry in entries)
    ends = [
        words(
            "figure.curve_end",
            name=curve.title,
            epochs=curve.train_loss.epochs[-1],
            loss=f"{curve.train_loss.means[-1]:.2f}",
            accuracy=words.percent(curve.val_accuracy.means[-1]) if curve.val_accuracy.means else NOTHING,
        )
        for curve in curves
    ]
    caption = words("figure.curves", names=names)
    if any(len(entry.runs) > 1 for entry in entries):
        caption += " " + words("figure.band")
    picture = CurvesPicture(
        curves, words("axis.epoch"), words("axis.loss"), words("axis.accuracy"), words("axis.training"),
        words("axis.validation"),
    )  # fmt: skip
    alt = words("figure.curves_alt", lines="; ".join(ends))
    return Figure(f"figure-{number}", picture, words("figure.label", number=number), caption, alt)


def bar_figure(number: str, slots: Sequence[Slot], caption: str, words: Words) -> Iterator[Block]:
    """Yield the test accuracies of the filled rows, best first; nothing where there are none."""
    entries = sorted([slot.entry for slot in slots if slot.entry], key=lambda entry: -(entry.row.test_accuracy or 0.0))
    if not entries:
        return
    bars = [
        Bar(
            entry.title,
            words.percent(entry.row.test_accuracy or 0.0, entry.row.test_deviation),
            entry.row.test_accuracy or 0.0,
            entry.row.test_deviation,
            entry.preset.reference.test_accuracy if entry.preset and entry.preset.reference else None,
        )
        for entry in entries
    ]
    picture = BarsPicture(tuple(bars), words("axis.test"), words("axis.reference"))
    alt = words("figure.bars_alt", lines=words.join(_scores(entries, words)))
    yield Figure(f"figure-{number}", picture, words("figure.label", number=number), caption, alt)


def sizes_figure(entries: Sequence[Entry], words: Words) -> Figure:
    """Return the test accuracies over the numbers of parameters."""
    points = [
        Point(str(entry.row.rank), entry.row.parameters or 1, entry.row.test_accuracy or 0.0)
        for entry in sorted(entries, key=lambda entry: entry.row.rank or 0)
    ]
    return Figure(
        f"figure-{_SIZES}",
        SizesPicture(tuple(points), words("axis.parameters"), words("axis.test")),
        words("figure.label", number=_SIZES),
        words("figure.sizes"),
        words("figure.sizes_alt", lines=words.join(_scores(entries, words))),
    )


def _gap(label: str, preset: Preset, words: Words) -> Gap:
    text = words("gap.text", name=words.title(preset), preset=preset.key)
    return Gap(label, text, command_to_fill(preset))


def _scores(entries: Sequence[Entry], words: Words) -> list[str]:
    return [f"{e.title} {words.percent(e.row.test_accuracy or 0.0, e.row.test_deviation)}\u00a0%" for e in entries]
