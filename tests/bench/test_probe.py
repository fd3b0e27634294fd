"""The probe, asked as the app asks it: in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from cifar_tui.bench.probe import Cost, Layers, Request, read_answer
from cifar_tui.config import RunConfig


@pytest.fixture(scope="module")
def probe() -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "cifar_tui.bench.probe"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        assert process.stdin
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def ask(process: subprocess.Popen[bytes], number: int, *, measure: bool, **training: object) -> None:
    config = RunConfig.model_validate({"model": {"name": "softmax_regression"}, "training": training})
    assert process.stdin
    process.stdin.write(Request(number=number, config=config, measure=measure).model_dump_json().encode() + b"\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[bytes]) -> Layers | Cost:
    assert process.stdout
    return read_answer(process.stdout.readline())


def test_layers_first_then_time_and_memory(probe: subprocess.Popen[bytes]):
    ask(probe, 1, measure=True, batch_size=4096, device="cpu")
    layers = answer(probe)
    assert isinstance(layers, Layers)
    assert (layers.number, layers.parameters, layers.layers[-1].output_shape) == (1, 307_300, (100,))
    cost = answer(probe)
    assert isinstance(cost, Cost)
    assert cost.error is None
    assert cost.device.startswith("cpu")
    assert cost.seconds_per_epoch > 0
    assert cost.memory > 4096 * 3072 * 4  # the images of one batch alone


def test_what_cannot_run_is_a_sentence(probe: subprocess.Popen[bytes]):
    ask(probe, 2, measure=True, device="cuda:99")
    assert isinstance(answer(probe), Layers)
    cost = answer(probe)
    assert isinstance(cost, Cost)
    assert cost.error == "There is no cuda:99 on this machine; device = auto takes what there is."


def test_a_new_question_ends_the_measurement_for_the_one_before(probe: subprocess.Popen[bytes]):
    ask(probe, 3, measure=True, batch_size=65_536, device="cpu")
    assert answer(probe).number == 3
    ask(probe, 4, measure=False)
    ask(probe, 5, measure=True, batch_size=65_536, device="cpu")
    answers = [answer(probe) for _ in range(3)]
    assert [(said.number, said.kind) for said in answers] == [(4, "layers"), (5, "layers"), (5, "cost")]
