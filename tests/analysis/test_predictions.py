"""Reading `predictions.npz`: of this version, of those before, and of nobody's."""

import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cifar_tui.analysis.errors import PredictionsError
from cifar_tui.analysis.predictions import FILE, read_predictions
from cifar_tui.data import cifar100_names
from cifar_tui.paths import find_paths
from cifar_tui.runs.execute import execute_now
from cifar_tui.runs.store import RunStore

from .conftest import MakeRun

LABELS = np.array([0, 1, 1])
PROBABILITIES = np.array([[0.75, 0.25], [0.5, 0.5], [0.125, 0.875]], dtype=np.float16)


def test_what_a_run_writes_is_read_with_the_names(tmp_path: Path, images: Path) -> None:
    from cifar_tui.config import RunConfig

    paths = find_paths(tmp_path)
    config = RunConfig.model_validate(
        {
            "model": {"name": "softmax_regression"},
            "data": {"source": "folder", "path": str(images)},
            "training": {"epochs": 1, "batch_size": 8, "device": "cpu"},
        }
    )
    run, ended = execute_now(paths, RunStore(paths.runs), config, lambda: False, lambda *_: None)
    predictions = read_predictions(run)
    assert ended.results
    assert predictions.accuracy == pytest.approx(ended.results.test_accuracy)
    assert predictions.top_k_accuracy() == pytest.approx(ended.results.top5_accuracy)
    assert predictions.class_names == tuple(f"class{label}" for label in range(6))
    assert predictions.by_superclass() is None


def test_superclasses_are_written_too(make_run: MakeRun) -> None:
    run = make_run(
        labels=LABELS, probabilities=PROBABILITIES, class_names=np.array(["ant", "owl"]),
        superclass_names=np.array(["insects", "birds"]), superclass_of=np.array([0, 1]),
    )  # fmt: skip
    labelling = read_predictions(run).by_superclass()
    assert labelling is not None
    assert labelling.names == ("insects", "birds")
    assert (labelling.labels.tolist(), labelling.predicted.tolist()) == ([0, 1, 1], [0, 0, 1])


def test_a_file_without_names_has_cifar100s_where_the_run_was_tested_on_it(make_run: MakeRun) -> None:
    arrays = {"labels": np.arange(100), "probabilities": np.eye(100, dtype=np.float16)}
    predictions = read_predictions(make_run(**arrays))
    assert predictions.class_names == cifar100_names.CLASS_NAMES
    assert predictions.superclass_names == cifar100_names.SUPERCLASS_NAMES
    assert predictions.is_named
    other = read_predictions(make_run("synthetic", **arrays))
    assert (other.class_names[7], other.superclass_names, other.is_named) == ("class 7", (), False)


def test_a_file_of_the_first_schema_is_read(make_run: MakeRun) -> None:
    run = make_run("tiny")
    shutil.copy(Path(__file__).parents[1] / "runs" / "data" / "schema-1" / FILE, run.folder)
    predictions = read_predictions(run)
    assert (len(predictions), predictions.class_names[-1]) == (12, "class 5")


def test_the_predicted_classes_are_those_from_before_the_rounding(make_run: MakeRun) -> None:
    arrays = {"labels": LABELS, "probabilities": PROBABILITIES}
    assert read_predictions(make_run(**arrays)).predicted.tolist() == [0, 0, 1]
    exact = read_predictions(make_run(**arrays, predicted=np.array([0, 1, 1])))
    assert exact.predicted.tolist() == [0, 1, 1]
    assert (exact.accuracy, exact.confidence.tolist()) == (1.0, [0.75, 0.5, 0.875])


def test_a_run_without_the_file(make_run: MakeRun) -> None:
    with pytest.raises(PredictionsError, match=r"^mine has no predictions.npz: .* tested; train it again\.$"):
        read_predictions(make_run())


GOOD: dict[str, Any] = {
    "labels": LABELS,
    "probabilities": PROBABILITIES,
    "class_names": np.array(["a", "b"]),
    "superclass_names": np.array([], dtype=np.str_),
    "superclass_of": np.array([], dtype=np.int64),
}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"labels": LABELS[:2]}, "it has not as many labels as probabilities"),
        ({"labels": np.array([0, 1, 2])}, "a label is none of its classes"),
        ({"labels": np.array([0.5, 1, 1])}, "its labels are no list of classes"),
        ({"labels": LABELS[:0], "probabilities": PROBABILITIES[:0]}, "its labels are no list of classes"),
        ({"probabilities": PROBABILITIES[0]}, "its probabilities are no table of numbers"),
        ({"probabilities": PROBABILITIES * np.float16(np.nan)}, "a probability is not between 0 and 1"),
        ({"probabilities": PROBABILITIES * 2}, "a probability is not between 0 and 1"),
        ({"predicted": LABELS[:2]}, "its predicted classes are no list of classes"),
        ({"predicted": PROBABILITIES[:, 0]}, "its predicted classes are no list of classes"),
        ({"predicted": np.array([0, 1, 2])}, "a predicted class is none of its classes"),
        ({"class_names": np.array(["a"])}, "it has not one name for each class"),
        ({"class_names": np.array([1, 2])}, "it has not one name for each class"),
        ({"superclass_names": np.array(["x"]), "superclass_of": np.array([0, 1])}, "a superclass has no name"),
        ({"superclass_names": np.array(["x"])}, "not every class has a superclass"),
    ],
)
def test_arrays_that_make_no_sense(make_run: MakeRun, changes: dict[str, Any], reason: str) -> None:
    assert read_predictions(make_run(**GOOD)).class_names == ("a", "b")
    with pytest.raises(PredictionsError) as caught:
        read_predictions(make_run(**GOOD | changes))
    assert f"predictions.npz is damaged ({reason})" in str(caught.value)


def test_nothing_is_unpickled(make_run: MakeRun, malice) -> None:
    run = make_run(labels=np.array([malice], dtype=object), probabilities=PROBABILITIES)
    with pytest.raises(PredictionsError, match="is damaged"):
        read_predictions(run)
    (run.folder / FILE).write_bytes(pickle.dumps(malice))
    with pytest.raises(PredictionsError, match="it holds no arrays"):
        read_predictions(run)
    assert not malice.was_run


def test_files_that_are_cut_or_no_files(make_run: MakeRun) -> None:
    run = make_run(**GOOD)
    file = run.folder / FILE
    whole = file.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 10):
        file.write_bytes(whole[:length])
        with pytest.raises(PredictionsError, match="is damaged"):
            read_predictions(run)
    file.unlink()
    file.mkdir()
    with pytest.raises(PredictionsError, match="cannot be read"):
        read_predictions(run)
