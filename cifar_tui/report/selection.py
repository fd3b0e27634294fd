"""Which runs a report is about."""

from dataclasses import dataclass

from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import NoSuchRunError, Run, RunStore, StoreError
from cifar_tui.text import printable

TRAINED_BY = {2: 1}
"""Part 2 trains nothing of its own: it compares part 1's models."""


class ReportError(Exception):
    """One sentence about a report that cannot be written."""

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


class SelectionError(ReportError):
    """The wish names a run that there is not, or one that has no results."""


@dataclass(frozen=True)
class Selection:
    """What to report on; without any wish it is every finished run that is not archived."""

    wanted: tuple[str, ...] = ()
    """Runs by their ids, by a part of an id that no other run has, or by their titles."""
    part: int | None = None
    """Finished runs of this part alone."""

    @property
    def parts(self) -> tuple[int, ...]:
        """The parts whose rows the report shows, those without a run too; none where runs were named."""
        if self.wanted:
            return ()
        return (1, 3, 4, 5) if self.part is None else (TRAINED_BY.get(self.part, self.part),)


def choose_runs(store: RunStore, selection: Selection) -> tuple[Run, ...]:
    """Return the finished runs that are meant, oldest first.

    Raises:
        SelectionError: a wanted run is not there, is one of several, or is not finished.
        ReportError: there is no finished run, or a wanted one cannot be read.
    """
    if selection.wanted:
        found = {run.id: run for run in (_find(store, wanted) for wanted in selection.wanted)}
        return tuple(sorted(found.values(), key=lambda run: run.record.created_at))
    finished = [run for run in store.scan().runs if _is_finished(run) and not run.record.archived]
    if not finished:
        raise ReportError(
            f"There is no finished run in {store.folder} to report on; `cifar-tui train PRESET` trains one, "
            "and `cifar-tui presets` lists the presets."
        )
    if selection.part is None:
        return tuple(finished)
    part = TRAINED_BY.get(selection.part, selection.part)
    chosen = tuple(run for run in finished if run.config.part == part)
    if not chosen:
        raise ReportError(
            f"No run of part {selection.part} is finished; `cifar-tui presets` lists its presets, "
            "and `cifar-tui train PRESET` trains one."
        )
    return chosen


def _find(store: RunStore, wanted: str) -> Run:
    try:
        run = store.find(wanted)
    except NoSuchRunError as error:
        raise SelectionError(str(error)) from None
    except StoreError as error:
        raise ReportError(str(error)) from None
    if not _is_finished(run):
        raise SelectionError(f"{run.id} is {run.status}; only finished runs have results to report.")
    return run


def _is_finished(run: Run) -> bool:
    return run.status is RunStatus.FINISHED and run.record.results is not None
