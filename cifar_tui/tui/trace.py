"""What a run said within its present epoch, gathered while somebody watches."""

from cifar_tui.events import BatchProgress
from cifar_tui.runs.index import History
from cifar_tui.runs.record import RunStatus


class Trace:
    """The progress of one epoch of one run; begins anew with the next."""

    def __init__(self) -> None:
        self._run: str | None = None
        self._points: list[BatchProgress] = []

    @property
    def points(self) -> tuple[BatchProgress, ...]:
        """What was said, oldest first."""
        return tuple(self._points)

    def note(self, history: History) -> None:
        """Take up what `history` says of the epoch under way."""
        progress = under_way(history)
        if (
            history.run.id != self._run
            or progress is None
            or (self._points[:1] and self._points[0].epoch != progress.epoch)
        ):
            self._run, self._points = history.run.id, []
        if progress is not None and progress not in self._points[-1:]:
            self._points.append(progress)


def under_way(history: History) -> BatchProgress | None:
    """Return the progress within the epoch that trains now; None between epochs, and when nothing trains."""
    progress = history.progress
    done = history.epochs[-1].epoch if history.epochs else 0
    if history.run.status is not RunStatus.RUNNING or progress is None or progress.epoch != done + 1:
        return None
    return progress
