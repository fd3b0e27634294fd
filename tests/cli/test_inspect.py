"""`cifar-tui inspect`: finished runs seen from inside."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from typer.testing import Result

from cifar_tui.config import RunConfig
from cifar_tui.events import RunStarted
from cifar_tui.paths import Paths
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import RunStore

Call = Callable[..., Result]
Sentence = Callable[[Result], str]
EVIL = "b[red]\x1b[31m\u202ex"
NAMES = ("ant", EVIL, "cat", "dog")


def _made(store: RunStore, name: str, taken: list[int] | None) -> str:
    """A run tested on eight images, two a class; `taken` is what each was taken for."""
    run = store.create(RunConfig.model_validate({"name": name, "model": {"name": "mlp"}}), RunStatus.FINISHED)
    started = RunStarted("tiny", "cpu", 1, 1, 1, 8, 1)
    store.change(run.id, lambda record: record.model_copy(update={"started": started}))
    if taken is not None:
        probabilities = np.full((8, 4), 0.1, dtype=np.float16)
        probabilities[np.arange(8), taken] = 0.7
        np.savez(
            run.folder / "predictions.npz", labels=np.repeat(np.arange(4), 2), probabilities=probabilities,
            class_names=np.array(NAMES), superclass_names=np.array(["insects", "mammals"]),
            superclass_of=np.array([0, 0, 1, 1]),
        )  # fmt: skip
    return run.id


@pytest.fixture
def runs(paths: Paths) -> dict[str, str]:
    store = RunStore(paths.runs)
    return {
        "good": _made(store, "good", [0, 0, 1, 1, 2, 2, 3, 2]),
        "poor": _made(store, f"poor {EVIL}", [0, 1, 1, 2, 2, 3, 2, 2]),
        "cut": _made(store, "cut short", None),
    }


def test_all_of_one_run(call: Call, runs: dict[str, str]) -> None:
    output = call("inspect", "good").stdout
    assert "tiny, 8 test images of 4 classes" in output
    assert "top-1 87.50 %" in output
    assert "superclass 100.00 %" in output
    rows = [line.split() for line in output.splitlines()]
    assert ["dog", "mammals", "50.00", "100.00", "66.67", "2", "1", "cat"] in rows
    assert ["dog", "cat", "1", "50.00", "0"] in rows
    assert "ECE 17.48 %" in output  # |0.875 - 0.7002|, the latter being float16's 0.7
    assert "less sure than it is right" in output
    assert "\x1b[31m" not in output
    assert "b[red]�[31m�x" in output


def test_the_worst_come_first_and_no_others(call: Call, runs: dict[str, str]) -> None:
    for sort, expected in (("recall", ["dog"]), ("precision", ["cat"])):
        found = json.loads(call("inspect", "good", "--worst", "1", "--sort", sort, "--json").stdout)
        assert [score["name"] for score in found["classes"]] == expected
    by_name = json.loads(call("inspect", "poor", "--sort", "name", "--json").stdout)["classes"]
    assert [score["name"] for score in by_name] == ["ant", EVIL, "cat", "dog"]
    best_first = json.loads(call("inspect", "poor", "--json").stdout)["classes"]
    assert [score["recall"] for score in best_first] == [0.5, 0.5, 0.5, 0]


def test_superclasses(call: Call, runs: dict[str, str]) -> None:
    found = json.loads(call("inspect", "poor", "--by", "superclass", "--json", "--pairs", "1").stdout)
    assert [(score["name"], score["recall"]) for score in found["classes"]] == [("mammals", 1.0), ("insects", 0.75)]
    assert [(pair["true_name"], pair["predicted_name"], pair["count"]) for pair in found["confused"]] == [
        ("insects", "mammals", 1)
    ]
    assert found["superclass_accuracy"] == 0.875
    assert "Superclasses" in call("inspect", "poor", "--by", "superclass").stdout


def test_two_runs(call: Call, runs: dict[str, str]) -> None:
    found = json.loads(call("inspect", "good", "poor", "--json").stdout)
    # One alone is right on 4 images, always the first: p = 2 / 2^4.
    assert (found["only_first"], found["only_second"], found["both_right"], found["both_wrong"]) == (4, 0, 3, 1)
    assert (found["p_value"], found["agreement"]) == (0.125, 0.5)
    assert [run["run"] for run in found["runs"]] == [runs["good"], runs["poor"]]
    output = call("inspect", "good", "poor").stdout
    assert ["A", "right,", "B", "wrong", "4", "50.00"] in [line.split() for line in output.splitlines()]
    assert "p = 0.125" in output
    assert "no more than chance may explain" in output
    assert "\x1b[31m" not in output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("cut",), "cut short has no predictions.npz"),
        (("nowhere",), "No run is called 'nowhere'"),
        (("good", "cut"), "cut short has no predictions.npz"),
        (("good", "--sort", "luck"), "--sort takes recall, precision, f1, support, name."),
        (("good", "--sort", "name", "--worst", "3"), "--worst needs a number to sort by"),
        (("good", "poor", "--worst", "3"), "--sort, --worst and --pairs are for one run"),
        (("good", "poor", "--pairs", "3"), "--sort, --worst and --pairs are for one run"),
        (("good", "poor", "--by", "superclass", "--json"), "leave out --by, or --json"),
    ],
)
def test_what_cannot_be_shown(
    call: Call, sentence: Sentence, runs: dict[str, str], arguments: tuple[str, ...], expected: str
) -> None:
    result = call("inspect", *arguments)
    assert expected in sentence(result)
    assert result.exit_code


def test_runs_on_other_images(call: Call, sentence: Sentence, runs: dict[str, str], paths: Paths) -> None:
    file = paths.runs / runs["poor"] / "predictions.npz"
    with np.load(file) as arrays:
        kept = dict(arrays)
    np.savez(file, **kept | {"labels": kept["labels"][::-1]})
    assert "were tested on different images" in sentence(call("inspect", "good", "poor"))
    np.savez(file, labels=kept["labels"], probabilities=kept["probabilities"])
    assert "without superclasses" in sentence(call("inspect", "poor", "--by", "superclass"))
    assert "class 3" in call("inspect", "poor").stdout
