"""`cifar-tui presets` and `cifar-tui models`."""

import json
from collections.abc import Callable

import pytest
from typer.testing import Result

from cifar_tui.config import RunConfig
from cifar_tui.models.registry import MODELS
from cifar_tui.models.summary import summarise
from cifar_tui.paths import Paths

Call = Callable[..., Result]


def test_presets_are_grouped_by_part(call: Call) -> None:
    result = call("presets")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    headings = [line for line in lines if line.startswith("Part ")]
    assert [heading[:7] for heading in headings] == [f"Part {part}:" for part in range(1, 6)]
    compared = lines[lines.index(headings[1]) + 1]
    assert compared.split(", ") == ["  part1/mlp", "part1/simple_cnn", "part1/simple_vit", "part1/softmax_regression"]
    row = next(line.split() for line in lines if "part1/softmax_regression " in line)
    assert row[:6] == ["part1/softmax_regression", "SoftmaxRegression", "30", "0.1", "256", "7.94"]


def test_a_tuned_preset_stands_beside_the_report_and_beside_what_was_measured(call: Call, paths: Paths) -> None:
    paths.presets.mkdir(parents=True)
    measured = "[measured]\ntest_accuracy = 0.55\nseeds = 1\nepochs = 9\nseconds = 60\ndevice = 'cpu'\n"
    (paths.presets / "mine.toml").write_text(
        f"title = 'Mine'\nagainst = 'part1/simple_cnn'\n[model]\nname = 'simple_cnn'\n{measured}date = 2026-03-02\n"
    )
    row = call("presets").stdout.splitlines()[-1].split()
    assert row == ["my/mine", "Mine", "(SimpleCNN)", "50", "0.001", "128", "35.88", "55.00"]


def test_presets_as_json_can_be_read_back(call: Call) -> None:
    presets = json.loads(call("presets", "--json").stdout)
    mlp = next(preset for preset in presets if preset["key"] == "part1/mlp")
    assert RunConfig.model_validate(mlp["config"]).training.epochs == 50
    assert (mlp["title"], mlp["reference"]["test_accuracy"]) == ("MLP", 0.2063)


def test_users_presets_and_their_problems(call: Call, paths: Paths, sentence: Callable[[Result], str]) -> None:
    paths.presets.mkdir(parents=True)
    (paths.presets / "mine.toml").write_text('title = "[red]Mine\\u001b"\n[model]\nname = "mlp"\n')
    (paths.presets / "bad.toml").write_text("title = 3")
    result = call("presets")
    assert sentence(result).startswith(f"warning: {paths.presets / 'bad.toml'}: title: ")
    assert result.stdout.splitlines()[-1].split()[:2] == ["my/mine", "[red]Mine�"]


def test_models_list_their_arguments(call: Call) -> None:
    result = call("models")
    assert result.exit_code == 0
    assert "simple_cnn  SimpleCNN (CNN, part 1, 346,628 parameters)" in result.stdout
    row = next(line.split() for line in result.stdout.splitlines() if "model.hidden_sizes" in line)
    assert row[:3] == ["model.hidden_sizes", "[512,", "256]"]


@pytest.mark.parametrize("name", MODELS)
def test_models_as_json_count_their_parameters(call: Call, name: str) -> None:
    models = {model["name"]: model for model in json.loads(call("models", "--json").stdout)}
    assert list(models) == list(MODELS)
    spec = MODELS[name]
    assert models[name]["parameters"] == summarise(spec.config()).parameters
    assert [argument["name"] for argument in models[name]["arguments"]] == [
        argument.name for argument in spec.arguments
    ]
