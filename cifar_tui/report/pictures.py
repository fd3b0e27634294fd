"""What the report's pictures show, as data; `figures` draws them."""

from dataclasses import dataclass

from cifar_tui.report.curves import LearningCurves


@dataclass(frozen=True)
class CurvesPicture:
    """Loss and accuracy over the epochs, training and validation."""

    curves: tuple[LearningCurves, ...]
    """At most as many as there are line styles that can be told apart."""
    epoch: str
    loss: str
    accuracy: str
    training: str
    validation: str


@dataclass(frozen=True)
class Bar:
    """One row of a bar chart; accuracies are fractions."""

    label: str
    text: str
    """What stands at its end."""
    accuracy: float
    deviation: float | None
    reference: float | None
    """What the course report measured."""


@dataclass(frozen=True)
class BarsPicture:
    """Test accuracies side by side, best first."""

    bars: tuple[Bar, ...]
    accuracy: str
    reference: str


@dataclass(frozen=True)
class Point:
    """One model in the plane of size and accuracy."""

    mark: str
    """The number that stands in it."""
    parameters: int
    accuracy: float


@dataclass(frozen=True)
class SizesPicture:
    """Test accuracy over the number of parameters."""

    points: tuple[Point, ...]
    parameters: str
    accuracy: str


Picture = CurvesPicture | BarsPicture | SizesPicture
