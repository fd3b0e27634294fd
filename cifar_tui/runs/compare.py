"""Runs beside one another: in which settings they differ, and what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cifar_tui.config import FieldPath, RunConfig
from cifar_tui.config.fields import as_text, data_fields, model_fields, training_fields
from cifar_tui.events import EpochFinished, Results
from cifar_tui.runs.columns import count, duration, percent
from cifar_tui.runs.record import RunRecord

SEED_SPREAD = 0.011
"""Within it lie the test accuracies of two seeds of one recipe, 95 times of 100.

The accuracy of one seed has a standard deviation of 0.2 to 0.4 points; the difference of two has √2 of that, and 95 %
of differences lie within 1.96 of theirs: 1.1 points at 0.4. Of the pairs of seeds measured with this project's presets
one of 53 lies farther apart.
"""

NOT_OF_THE_RECIPE: frozenset[FieldPath] = frozenset({("training", "seed"), ("training", "device")})
"""Settings in which the runs of one recipe may differ."""

TEST_ACCURACY = "Test %"
"""The title of the metric that runs are ranked by."""

_ABSENT = object()


@dataclass(frozen=True)
class Difference:
    """A setting that is not the same in all runs."""

    path: FieldPath
    title: str
    texts: tuple[str, ...]
    """The setting as the form shows it, one a run; empty where a run's model has no such setting."""


@dataclass(frozen=True)
class Metric:
    """A measure of several runs."""

    title: str
    values: tuple[float | None, ...]
    """Accuracies are fractions, times seconds; None where it is not known (yet)."""
    texts: tuple[str, ...]
    changes: tuple[float | None, ...]
    """Each value minus the first run's; None where either is missing, and for the first run itself."""
    change_texts: tuple[str, ...]
    """Signed; accuracies in percentage points."""


@dataclass(frozen=True)
class SoFar:
    """What is known of a run that has no results."""

    parameters: int | None = None
    val_accuracy: float | None = None
    """Of the last epoch with a validation, as on the leaderboard."""
    train_val_gap: float | None = None
    """Of the same epoch."""
    seconds: float | None = None


def outcome(record: RunRecord, epochs: Sequence[EpochFinished]) -> Results | SoFar:
    """Return what came of a run, or what its start and its history say so far."""
    if record.results is not None:
        return record.results
    validated = [(epoch, epoch.val_accuracy) for epoch in epochs if epoch.val_accuracy is not None]
    last, accuracy = validated[-1] if validated else (None, None)
    return SoFar(
        parameters=record.started.parameters if record.started else None,
        val_accuracy=accuracy,
        train_val_gap=last.train_accuracy - accuracy if last is not None and accuracy is not None else None,
        seconds=sum(epoch.seconds for epoch in epochs) if epochs else None,
    )


def shortened(names: Sequence[str], width: int) -> list[str]:
    """Cut the longer of `names` to `width` characters, with … where it costs least of what tells them apart."""
    best: list[str] = []
    start = _common_start(names)
    cuts = [(head, width - 1 - head) for head in sorted(range(width), key=lambda head: abs(2 * head - width + 1))]
    candidates = [[name if len(name) <= width else _without_middle(name, *cut) for name in names] for cut in cuts]
    candidates.append([name if len(name) <= width else _from(name, start, width) for name in names])
    for candidate in candidates:
        if len(set(candidate)) > len(set(best)):
            best = candidate
    return best


def differences(configs: Sequence[RunConfig]) -> list[Difference]:
    """Return the settings in which `configs` differ, in the order of the form.

    What a run is called, and the preset and part that it belongs to, are no settings.
    """
    titles: dict[FieldPath, str] = {("model", "name"): "Model"}
    for config in configs:
        titles |= {field.path: field.title for field in model_fields(config.model.name) if field.path not in titles}
    titles |= {field.path: field.title for field in (*data_fields(), *training_fields())}
    found: list[Difference] = []
    for path, title in titles.items():
        values = [_value(config, path) for config in configs]
        if any(value != values[0] for value in values):
            found.append(Difference(path, title, tuple(setting_text(config, path) for config in configs)))
    return found


def setting_text(config: RunConfig, path: FieldPath) -> str:
    """Return a setting as the form shows it; nothing where the configuration's model has no such setting."""
    value = _value(config, path)
    return "" if value is _ABSENT else as_text(value)


def changes_from(config: RunConfig, base: RunConfig) -> list[Difference]:
    """Return what `config` changed in `base`, such as its preset: the texts are the base's, then its own."""
    return differences([base, config])


def metrics(outcomes: Sequence[Results | SoFar | None]) -> list[Metric]:
    """Return what the runs are judged by, each also as the difference to the first run."""
    return [_metric(measure, outcomes) for measure in _MEASURES]


def within_spread(change: float) -> str:
    """Tell whether a difference of two accuracies, each of a single run, could be the seed's doing.

    Args:
        change: a fraction.
    """
    return "within the seed spread" if abs(change) <= SEED_SPREAD else "beyond the seed spread"


def _value(config: RunConfig, path: FieldPath) -> object:
    value: object = config
    for name in path:
        value = getattr(value, name, _ABSENT)
    return value


def _common_start(names: Sequence[str]) -> int:
    return next((place for place, letters in enumerate(zip(*names, strict=False)) if len(set(letters)) > 1), 0)


def _without_middle(name: str, head: int, tail: int) -> str:
    return f"{name[:head]}…{name[len(name) - tail :]}"


def _from(name: str, start: int, width: int) -> str:
    # Alike at both ends: what differs stands in the middle.
    start = max(start - 1, 0)
    return f"…{name[start : start + width - 2]}…"


@dataclass(frozen=True)
class _Measure:
    title: str
    get: Callable[[Results], float | None]
    text: Callable[[float], str]
    so_far: Callable[[SoFar], float | None] = lambda _: None

    def value(self, outcome: Results | SoFar | None) -> float | None:
        if outcome is None:
            return None
        return self.so_far(outcome) if isinstance(outcome, SoFar) else self.get(outcome)


def _metric(measure: _Measure, outcomes: Sequence[Results | SoFar | None]) -> Metric:
    values = tuple(measure.value(outcome) for outcome in outcomes)
    first = values[0] if values else None
    changes = tuple(
        None if place == 0 or value is None or first is None else value - first for place, value in enumerate(values)
    )
    return Metric(
        title=measure.title,
        values=values,
        texts=tuple("" if value is None else measure.text(value) for value in values),
        changes=changes,
        change_texts=tuple("" if change is None else _signed(measure.text, change) for change in changes),
    )


def _signed(text: Callable[[float], str], change: float) -> str:
    return ("+" if change >= 0 else "-") + text(abs(change))


def _gap(results: Results) -> float:
    return results.train_accuracy - results.val_accuracy


_MEASURES = (
    _Measure(TEST_ACCURACY, lambda results: results.test_accuracy, percent),
    _Measure("Val %", lambda results: results.val_accuracy, percent, lambda so_far: so_far.val_accuracy),
    _Measure("F1 %", lambda results: results.macro_f1, percent),
    _Measure("Top-5 %", lambda results: results.top5_accuracy, percent),
    _Measure("Superclass %", lambda results: results.superclass_accuracy, percent),
    _Measure("Train - val", _gap, percent, lambda so_far: so_far.train_val_gap),
    _Measure(
        "Params",
        lambda results: results.parameters,
        lambda value: count(round(value)),
        lambda so_far: so_far.parameters,
    ),
    _Measure("Time", lambda results: results.seconds, duration, lambda so_far: so_far.seconds),
    _Measure("img/s", lambda results: results.images_per_second, lambda value: f"{value:,.0f}"),
)
