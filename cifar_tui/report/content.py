"""What a report tells, as plain data: which runs stand for which row of the course report, and which rows are empty."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cifar_tui.config.model import ImageGRUConfig, ImageLSTMConfig, SequenceMode
from cifar_tui.data.cifar100_names import CIFAR100
from cifar_tui.events import EpochFinished, Results
from cifar_tui.models.registry import MODELS
from cifar_tui.presets import Preset
from cifar_tui.report.selection import Selection
from cifar_tui.report.words import Words
from cifar_tui.runs.compare import NOT_OF_THE_RECIPE, Difference, changes_from
from cifar_tui.runs.groups import grouped, repeated
from cifar_tui.runs.references import references_of
from cifar_tui.runs.store import Run, RunStore
from cifar_tui.runs.table import Row, ranked, rows_of
from cifar_tui.text import printable


@dataclass(frozen=True)
class Entry:
    """One configuration and its finished runs, one or several seeds of it: a row of the report's tables."""

    key: str
    """Unlike any other's in the report, of letters, digits and hyphens."""
    title: str
    row: Row
    """Means and sample standard deviations over the runs; ranked among the rows of the parts."""
    runs: tuple[Run, ...]
    """By seed; each has results."""
    histories: tuple[tuple[EpochFinished, ...], ...]
    """One a run."""
    preset: Preset | None
    """What the runs began from, where it is still there."""
    changes: tuple[Difference, ...] = ()
    """In which settings they differ from the preset: its texts, then theirs."""
    others: int = 0
    """Finished configurations of the same preset that stand under the further runs."""

    @property
    def results(self) -> tuple[Results, ...]:
        """What came of each run."""
        return tuple(run.record.results for run in self.runs if run.record.results is not None)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seed of each run, rising."""
        return tuple(run.config.training.seed for run in self.runs)

    @property
    def finished_at(self) -> datetime:
        """When the last of its runs came to its end."""
        return max(run.record.ended_at or run.record.created_at for run in self.runs)

    @property
    def is_trained_on(self) -> bool:
        """Whether the runs go on from finished ones."""
        return any(run.record.parent is not None for run in self.runs)

    @property
    def is_shipped(self) -> bool:
        """Whether the runs trained their preset exactly as it comes with the project."""
        return self.preset is not None and not self.preset.is_own and not self.changes and not self.is_trained_on


@dataclass(frozen=True)
class Slot:
    """A row that the report has a place for: filled, or a gap."""

    preset: Preset
    entry: Entry | None


@dataclass(frozen=True)
class Content:
    """All that the report is made of."""

    parts: Mapping[int, tuple[Slot, ...]]
    """The rows of parts 1, 3, 4 and 5, in the course report's order; parts that are not asked for are left out."""
    further: tuple[Entry, ...]
    """The runs that fit none of these rows, best first."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The filled rows of the parts."""
        return tuple(slot.entry for slots in self.parts.values() for slot in slots if slot.entry)

    @property
    def all_entries(self) -> tuple[Entry, ...]:
        """The filled rows of the parts, then the further ones."""
        return (*self.entries, *self.further)

    @property
    def gaps(self) -> tuple[Preset, ...]:
        """The presets whose rows are empty."""
        return tuple(slot.preset for slots in self.parts.values() for slot in slots if slot.entry is None)


def gather(
    store: RunStore, runs: Sequence[Run], presets: Sequence[Preset], selection: Selection, words: Words
) -> Content:
    """Sort `runs` into the rows of the course report.

    A row is filled by the runs of its preset on CIFAR-100: by those that trained it exactly as it comes, else by the
    configuration whose run finished last. All others are further runs. Of runs with equal settings and an equal seed
    the newest counts alone.

    Args:
        store: where the runs lie.
        runs: finished ones.
        presets: all that could be read.
        selection: which rows are shown though no run fills them.
        words: the language that the rows are named in.
    """
    entries = _entries(store, runs, presets, words)
    parts: dict[int, tuple[Slot, ...]] = {}
    placed: set[str] = set()
    for part in (1, 3, 4, 5):
        slots: list[Slot] = []
        for preset in sorted((p for p in presets if p.config.part == part and not p.is_own), key=_report_order):
            fitting = [entry for entry in entries if _fits(entry, preset)]
            if fitting:
                taken = max(fitting, key=lambda entry: (entry.is_shipped, entry.finished_at))
                placed.add(taken.key)
                slots.append(Slot(preset, replace(taken, others=len(fitting) - 1)))
            elif part in selection.parts and preset.reference is not None:
                slots.append(Slot(preset, None))
        if slots:
            parts[part] = tuple(slots)
    further = [entry for entry in entries if entry.key not in placed]
    further.sort(key=lambda entry: -(entry.row.test_accuracy or 0.0))
    return _numbered(parts, further, words)


def _fits(entry: Entry, preset: Preset) -> bool:
    """Whether a row's runs may stand for the preset: not those that `--set model.name` made another architecture of."""
    is_of_preset = entry.preset == preset and entry.runs[0].config.model.name == preset.config.model.name
    return is_of_preset and entry.row.dataset == CIFAR100


def _entries(store: RunStore, runs: Sequence[Run], presets: Sequence[Preset], words: Words) -> list[Entry]:
    by_id = {run.id: run for run in runs}
    by_key = {preset.key: preset for preset in presets}
    found: list[Entry] = []
    # Who asks for an archived run by its name wants it ranked as any other.
    rows = [replace(row, archived=False) for row in rows_of(store, runs, references_of(presets))]
    repeats = repeated(rows)
    for row in grouped(row for row in rows if row.key not in repeats):
        members = sorted(
            (by_id[run_id] for run_id in row.members or (row.key,)),
            key=lambda run: (run.config.training.seed, run.record.created_at),
        )
        preset = by_key.get(members[0].config.preset or "")
        changes = _changes(members[0], preset)
        # As the preset is called, unless a person called the runs something else.
        is_plain = not changes and row.dataset == CIFAR100 and members[0].record.parent is None
        is_unnamed = preset is not None and row.name.startswith(preset.key)
        title = words.title(preset) if preset is not None and is_plain and is_unnamed else printable(row.name)
        histories = tuple(store.epochs(run.id) for run in members)
        found.append(Entry(row.key, title, row, tuple(members), histories, preset, changes))
    return found


def _changes(run: Run, preset: Preset | None) -> tuple[Difference, ...]:
    if preset is None:
        return ()
    return tuple(change for change in changes_from(run.config, preset.config) if change.path not in NOT_OF_THE_RECIPE)


def _report_order(preset: Preset) -> tuple[int, int, str]:
    model = preset.config.model
    mode = list(SequenceMode).index(model.sequence) if isinstance(model, ImageLSTMConfig | ImageGRUConfig) else 0
    return list(MODELS).index(model.name), mode, preset.key


def _numbered(parts: Mapping[int, tuple[Slot, ...]], further: Sequence[Entry], words: Words) -> Content:
    """Give the entries their ranks, and keys that a file or an anchor can be called after."""
    rows = ranked(slot.entry.row for slots in parts.values() for slot in slots if slot.entry)
    by_key = {row.key: row for row in rows}

    def filled(slot: Slot) -> Slot:
        if slot.entry is None:
            return slot
        key = slot.preset.key.replace("/", "-").replace("_", "-")
        title = words.title(slot.preset)
        return replace(slot, entry=replace(slot.entry, key=key, title=title, row=by_key[slot.entry.row.key]))

    filled_parts = {part: tuple(filled(slot) for slot in slots) for part, slots in parts.items()}
    taken = {slot.entry.title for slots in filled_parts.values() for slot in slots if slot.entry}
    titles = _told_apart([entry.title for entry in further], taken)
    return Content(
        filled_parts,
        tuple(
            replace(entry, key=f"further-{place}", title=title)
            for place, (entry, title) in enumerate(zip(further, titles, strict=True), start=1)
        ),
    )


def _told_apart(titles: Sequence[str], taken: Collection[str]) -> list[str]:
    """Number the titles that are there already: what only its settings set apart is often called alike."""
    found: list[str] = []
    for title in titles:
        number = 2
        own = title
        while own in found or own in taken:
            own, number = f"{title} ({number})", number + 1
        found.append(own)
    return found
