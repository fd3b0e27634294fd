"""The report's tables."""

from collections.abc import Iterable, Sequence

from cifar_tui.config import DataConfig, FieldPath, Optimiser, RunConfig, Schedule, TrainingConfig
from cifar_tui.config.model import ImageGRUConfig, ImageLSTMConfig, TransformerConfig
from cifar_tui.models.registry import MODELS
from cifar_tui.presets import Preset
from cifar_tui.report.architecture import sequence_shape, token_shape
from cifar_tui.report.content import Entry, Slot
from cifar_tui.report.document import Align, Table
from cifar_tui.report.reproduce import seeds_text
from cifar_tui.report.words import Words
from cifar_tui.runs.columns import duration
from cifar_tui.runs.compare import NOT_OF_THE_RECIPE, Difference, differences
from cifar_tui.text import printable

MEDALS = ("🥇", "🥈", "🥉")
STAR = "★"
NOTHING = "–"

_OPTIMISERS = {Optimiser.ADAMW: "AdamW", Optimiser.SGD: "SGD", Optimiser.MUON: "Muon"}
_OWN_COLUMNS: frozenset[FieldPath] = frozenset(
    ("training", key) for key in ("lr", "batch_size", "epochs", "optimiser", "schedule", "weight_decay", "clip_norm")
)
_USUAL = RunConfig(
    model=MODELS["mlp"].config(),  # any will do: models are not compared
    data=DataConfig(),
    training=TrainingConfig(schedule=Schedule.EPOCH_COSINE, decay_all=True),
)
"""The course report's recipe; what a configuration changes in it has no column of its own."""


def results_table(slots: Sequence[Slot], words: Words) -> Table:
    """Return the results of one part, best first, its gaps last."""
    entries = _best_first(slot.entry for slot in slots if slot.entry)
    missing = [slot.preset for slot in slots if slot.entry is None]
    return _results(entries, missing, words, words("table.results"))


def further_table(entries: Sequence[Entry], words: Words) -> Table:
    """Return the results of the runs that fit no row of the course report, best first."""
    titles = ("table.model", "table.data", "table.test", "table.val", "table.f1", "table.params", "table.efficiency",
              "table.seeds", "table.difference", "table.changes")  # fmt: skip
    rows = tuple(
        (
            entry.title,
            printable(entry.row.dataset),
            *_measures(entry, words),
            _seeds(entry),
            _difference(entry, words),
            ", ".join(changes_texts(entry.changes)) or NOTHING,
        )
        for entry in entries
    )
    aligns = "llrrrrrlrl"
    return _table(words("table.further"), titles, aligns, rows, words)


def summary_table(slots: Sequence[Slot], words: Words) -> Table:
    """Return all rows of the parts by rank, with medals, and the star on the best accuracy per parameter."""
    titles = ("table.rank", "table.model", "table.part", "table.family", "table.test", "table.val", "table.f1",
              "table.params", "table.efficiency", "table.difference")  # fmt: skip
    rows = [
        (
            MEDALS[entry.row.rank - 1] if entry.row.rank and entry.row.rank <= len(MEDALS) else str(entry.row.rank),
            entry.title,
            str(entry.row.part),
            _family(entry.runs[0].config, words),
            *_measures(entry, words),
            _difference(entry, words),
        )
        for entry in _best_first(slot.entry for slot in slots if slot.entry)
    ]
    missing = [slot.preset for slot in slots if slot.entry is None]
    places = tuple(range(len(rows), len(rows) + len(missing)))
    rows += [
        (
            NOTHING,
            words.title(preset),
            str(preset.config.part),
            _family(preset.config, words),
            *[NOTHING] * 3,
            words.rough(preset.reference.parameters) if preset.reference else NOTHING,
            NOTHING,
            NOTHING,
        )
        for preset in missing
    ]
    aligns = "rlrlrrrrrr"
    return _table(words("table.summary"), titles, aligns, tuple(rows), words, missing=places)


def recipe_table(slots: Sequence[Slot], words: Words) -> Table:
    """Return the hyperparameters of each row; a gap shows those of its preset."""
    titles = ("table.model", "table.lr", "table.batch", "table.epochs", "table.optimiser", "table.schedule",
              "table.decay", "table.clip", "table.other")  # fmt: skip
    rows = []
    for slot in slots:
        config = slot.entry.runs[0].config if slot.entry else slot.preset.config
        training = config.training
        rows.append(
            (
                slot.entry.title if slot.entry else words.title(slot.preset),
                f"{training.lr:g}",
                str(training.batch_size),
                str(training.epochs),
                _OPTIMISERS[training.optimiser],
                words(f"schedule.{training.schedule}"),
                f"{training.weight_decay:g}",
                f"{training.clip_norm:g}",
                ", ".join(changes_texts(_unusual(config))) or NOTHING,
            )
        )
    aligns = "lrrrllrrl"
    missing = tuple(place for place, slot in enumerate(slots) if slot.entry is None)
    return _table(words("table.recipe"), titles, aligns, tuple(rows), words, missing=missing)


def tokens_table(slots: Sequence[Slot], words: Words) -> Table | None:
    """Return what the image becomes a sequence of; None for models that read none."""
    rows: list[tuple[str, ...]] = []
    for slot in slots:
        config = slot.entry.runs[0].config if slot.entry else slot.preset.config
        title = slot.entry.title if slot.entry else words.title(slot.preset)
        model = config.model
        if isinstance(model, ImageLSTMConfig | ImageGRUConfig):
            steps, values = sequence_shape(model)
            rows.append((title, words(f"mode.{model.sequence}"), words.whole(steps), words.whole(values)))
        elif isinstance(model, TransformerConfig):
            tokens, width = token_shape(model)
            cost = f"{words.whole(tokens)}² = {words.whole(tokens**2)}"
            rows.append((title, words.whole(tokens), words.whole(width), cost))
    if len(rows) != len(slots):
        return None
    is_recurrent = isinstance(slots[0].preset.config.model, ImageLSTMConfig | ImageGRUConfig)
    last = (
        ("table.mode", "table.steps", "table.values") if is_recurrent else ("table.tokens", "table.width", "table.cost")
    )
    aligns = "llrr" if is_recurrent else "lrrr"
    caption = words("table.sequences" if is_recurrent else "table.tokens_caption")
    return _table(caption, ("table.model", *last), aligns, tuple(rows), words)


def runs_table(entry: Entry, words: Words) -> Table:
    """Return each run of a row by itself."""
    titles = ("table.run", "table.seed", "table.started", "table.time", "table.test", "table.val", "table.f1")
    rows = []
    for run, results in zip(entry.runs, entry.results, strict=True):
        began = run.record.started_at or run.record.created_at
        rows.append(
            (
                printable(run.id),
                str(run.config.training.seed),
                f"{began:%Y-%m-%d %H:%M}",
                duration(results.seconds),
                words.percent(results.test_accuracy),
                words.percent(results.val_accuracy),
                words.percent(results.macro_f1),
            )
        )
    aligns = "lrlrrrr"
    return _table(words("table.runs"), titles, aligns, tuple(rows), words, has_code=(0,))


def environment_table(entry: Entry, words: Words) -> Table:
    """Return what the runs of a row ran on; where they differ, all of it."""
    environments = [run.record.environment for run in entry.runs if run.record.environment]
    started = [run.record.started for run in entry.runs if run.record.started]
    values = (
        ("environment.device", [start.device for start in started]),
        ("environment.precision", [start.precision for start in started]),
        ("environment.version", [environment.version for environment in environments]),
        ("environment.commit", [environment.commit or NOTHING for environment in environments]),
        ("environment.torch", [environment.torch for environment in environments]),
        ("environment.python", [environment.python for environment in environments]),
        ("environment.platform", [environment.platform for environment in environments]),
        ("environment.parent", [run.record.parent for run in entry.runs if run.record.parent]),
    )
    rows = tuple((words(key), printable("; ".join(dict.fromkeys(found)))) for key, found in values if found)
    return _table(words("table.environment"), ("table.what", "table.value"), "ll", rows, words)


def changes_texts(changes: Iterable[Difference], *, with_old: bool = False) -> list[str]:
    """Return settings as `--set` takes them: training.lr = 0.001; with the old values: training.lr = 0.1 → 0.001."""
    texts = []
    for change in changes:
        old, new = (printable(text) or NOTHING for text in change.texts)
        texts.append(f"{'.'.join(change.path)} = {f'{old} → {new}' if with_old else new}")
    return texts


def _unusual(config: RunConfig) -> list[Difference]:
    usual = _USUAL.model_copy(update={"model": config.model})
    found = differences([usual, config])
    return [change for change in found if change.path not in _OWN_COLUMNS | NOT_OF_THE_RECIPE]


def _results(entries: Sequence[Entry], missing: Sequence[Preset], words: Words, caption: str) -> Table:
    titles = ("table.model", "table.test", "table.val", "table.f1", "table.params", "table.efficiency", "table.seeds",
              "table.report", "table.difference")  # fmt: skip
    rows = [
        (
            entry.title,
            *_measures(entry, words),
            _seeds(entry),
            _reported(entry.preset, words),
            _difference(entry, words),
        )
        for entry in entries
    ]
    places = tuple(range(len(rows), len(rows) + len(missing)))
    rows += [
        (
            words.title(preset),
            *[NOTHING] * 3,
            words.rough(preset.reference.parameters) if preset.reference else NOTHING,
            NOTHING,
            NOTHING,
            _reported(preset, words),
            NOTHING,
        )
        for preset in missing
    ]
    aligns = "lrrrrrlrr"
    return _table(caption, titles, aligns, tuple(rows), words, missing=places)


def _table(
    caption: str,
    titles: Sequence[str],
    aligns: str,
    rows: tuple[tuple[str, ...], ...],
    words: Words,
    *,
    missing: tuple[int, ...] = (),
    has_code: tuple[int, ...] = (),
) -> Table:
    """Make a table; `aligns` has an l or an r for each column."""
    sides: tuple[Align, ...] = tuple("right" if letter == "r" else "left" for letter in aligns)
    return Table(caption, tuple(words(title) for title in titles), sides, rows, missing, has_code)


def _measures(entry: Entry, words: Words) -> tuple[str, ...]:
    row = entry.row
    return (
        words.percent(row.test_accuracy or 0.0, row.test_deviation),
        words.percent(row.val_accuracy or 0.0, row.val_deviation),
        words.percent(row.macro_f1 or 0.0, row.f1_deviation),
        words.rough(row.parameters or 0),
        f"{row.accuracy_per_million or 0.0:.1f}{f' {STAR}' if row.is_most_efficient else ''}",
    )


def _best_first(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: -(entry.row.test_accuracy or 0.0))


def _seeds(entry: Entry) -> str:
    return seeds_text(entry.seeds)


def _reported(preset: Preset | None, words: Words) -> str:
    return words.percent(preset.reference.test_accuracy) if preset and preset.reference else NOTHING


def _difference(entry: Entry, words: Words) -> str:
    difference = entry.row.report_difference
    return NOTHING if difference is None else words.points(difference)


def _family(config: RunConfig, words: Words) -> str:
    return words(f"family.{MODELS[config.model.name].family.name.lower()}")
