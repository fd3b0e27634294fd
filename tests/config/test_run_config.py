"""`RunConfig`: what it takes, what it says about the rest, and that it survives being written down."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cifar_tui.config import Flip, RunConfig, explain, override
from cifar_tui.config.errors import ConfigError
from cifar_tui.config.fields import as_text
from cifar_tui.config.overrides import with_values
from cifar_tui.models.registry import MODELS

_MODELS = st.one_of(
    st.sampled_from([{"name": name} for name in MODELS]),
    st.fixed_dictionaries(
        {"name": st.just("mlp"), "hidden_sizes": st.lists(st.integers(1, 8192), min_size=1, max_size=8)},
        optional={"dropout": st.floats(0, 0.99)},
    ),
    st.builds(
        lambda heads, width: {"name": "custom_vit", "heads": heads, "embed_dim": heads * width},
        st.integers(1, 8),
        st.integers(1, 64),
    ),
)
_TRAININGS = st.fixed_dictionaries(
    {},
    optional={
        "epochs": st.integers(1, 100_000),
        "lr": st.floats(0, 100, exclude_min=True),
        "schedule": st.sampled_from(["cosine", "epoch_cosine", "one_cycle", "constant"]),
        "clip_norm": st.floats(0, 1e6),
        "seed": st.integers(0, 2**31 - 1),
        "device": st.sampled_from(["auto", "cpu", "mps", "cuda", "cuda:1"]),
    },
)
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
_DATA = st.one_of(
    st.fixed_dictionaries({"source": st.sampled_from(["cifar100", "synthetic"])}, optional={"flip": st.booleans()}),
    st.fixed_dictionaries({"source": st.just("folder"), "path": _TEXT}),
)
_CONFIGS = st.fixed_dictionaries(
    {"model": _MODELS}, optional={"name": _TEXT, "part": st.integers(1, 5), "training": _TRAININGS, "data": _DATA}
)


def _config(**values: Any) -> RunConfig:
    return RunConfig.model_validate({"model": {"name": "mlp"}} | values)


@given(_CONFIGS)
def test_survives_json(values: dict[str, Any]) -> None:
    config = RunConfig.model_validate(values)
    assert RunConfig.model_validate_json(config.model_dump_json()) == config


def test_a_name_holds_nothing_that_a_terminal_obeys() -> None:
    config = RunConfig.model_validate({"name": "a \x1b[31m b\x9b\n\tc 👩‍🔬", "model": {"name": "mlp"}})
    assert config.name == "a �[31m b� c 👩‍🔬"


@pytest.mark.parametrize(
    ("values", "path", "words"),
    [
        ({"training": {"lr": 0}}, "training.lr", "must be greater than 0"),
        ({"training": {"lr": float("nan")}}, "training.lr", "must be a finite number"),
        ({"training": {"epochs": "many"}}, "training.epochs", "must be a whole number"),
        ({"training": {"epoch": 3}}, "training.epoch", "is not a known key"),
        (
            {"training": {"schedule": "linear"}},
            "training.schedule",
            "must be one of 'cosine', 'epoch_cosine', 'one_cycle' or 'constant'",
        ),
        (
            {"training": {"schedule": "one_cycle", "warmup_epochs": 1}},
            "training.warmup_epochs",
            "must be 0 with one_cycle",
        ),
        ({"training": {"epochs": 5, "warmup_epochs": 5}}, "training.warmup_epochs", "must be less than the 5 epochs"),
        ({"training": {"device": "tpu"}}, "training.device", "must be auto, cpu, mps, cuda or cuda:N"),
        ({"training": {"device": "cuda:01"}}, "training.device", "must be auto, cpu, mps, cuda or cuda:N"),
        ({"training": {"device": "cuda:300"}}, "training.device", "must be auto, cpu, mps, cuda or cuda:N"),
        ({"model": {"name": "alexnet"}}, "model.name", "must be one of 'softmax_regression'"),
        ({"model": {}}, "model.name", "needs a name"),
        ({"model": {"name": "mlp", "depth": 2}}, "model.depth", "is not a known key"),
        ({"model": {"name": "mlp", "hidden_sizes": [0]}}, "model.hidden_sizes", "must be greater than or equal to 1"),
        ({"model": {"name": "simple_vit", "heads": 3}}, "model.heads", "128 is not a multiple of 3"),
        ({"model": {"name": "strided_cnn", "stem": "whitened", "widths": [47, 8]}}, "model.stem", "widths is 47"),
        ({"model": {"name": "strided_cnn", "stem": "whitened", "widths": [98, 8]}}, "model.stem", "at most 96"),
        ({"data": {"source": "folder"}}, "data.path", "is needed with source = folder"),
        ({"data": {"path": "/tmp"}}, "data.path", "goes with source = folder only"),
        ({"name": "x" * 201}, "name", "at most 200 characters"),
    ],
)
def test_names_the_field_at_fault(values: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ValidationError) as error:
        _config(**values)
    messages = {".".join(where): message for where, message in explain(error.value).items()}
    assert list(messages) == [path]
    assert words in messages[path]


def test_a_name_is_one_line() -> None:
    assert _config(name=" two\nlines\t ").name == "two lines"


def test_the_title_is_the_name_else_the_preset_else_the_model() -> None:
    assert _config().title == "mlp"
    assert _config(preset="part1/mlp").title == "part1/mlp"
    assert _config(preset="part1/mlp", name="mine").title == "mine"


class TestOverride:
    def test_takes_toml_values_and_bare_words(self) -> None:
        changed = override(
            _config(),
            ["training.epochs=5", "training.schedule = constant", "model.hidden_sizes=[8, 4]", "data.flip=false"],
        )
        assert changed.training.epochs == 5
        assert changed.training.schedule == "constant"
        assert changed.model.model_dump() == {"name": "mlp", "hidden_sizes": (8, 4), "dropout": 0.3}
        assert changed.data.flip is Flip.OFF

    def test_another_model_begins_with_its_own_defaults(self) -> None:
        changed = override(_config(), ["model.name=simple_vit", "model.depth=2"])
        assert changed.model == override(_config(model={"name": "simple_vit"}), ["model.depth=2"]).model

    @pytest.mark.parametrize(
        ("assignment", "words"),
        [
            ("training.epochs", "'training.epochs' is no assignment; write KEY=VALUE"),
            ("=5", "is no assignment"),
            ("training..epochs=5", "is no assignment"),
            ("training.epochs=0", "training.epochs: must be greater than or equal to 1"),
            ("training.epochs=", "training.epochs: must be a whole number"),
            ("lr=5", "lr: is not a known key; training.lr is one"),
            ("trainig.epochs=5", "trainig.epochs: is not a known key"),
            ("training.epochs.more=5", "training.epochs.more: is not a known key"),
            ("model=5", "model: must be a valid dictionary"),
            pytest.param("training.seed=" + "9" * 5000, "training.seed: ", id="a huge number"),
            pytest.param("training.seed=" + "[" * 5000, "training.seed: must be a whole number", id="deep nesting"),
            ("training.epochs=5\nlr = 1", "training.epochs: must be a whole number"),
            ("data={source='folder', path='\udcff'}", "data.path: must be UTF-8 text"),
        ],
    )
    def test_says_what_is_wrong(self, assignment: str, words: str) -> None:
        with pytest.raises(ConfigError) as error:
            override(_config(), [assignment])
        assert words in str(error.value)
        assert "\n" not in str(error.value).replace(assignment, "")

    def test_a_model_emptied_before_it_is_named(self) -> None:
        assert override(_config(), ["model={}", "model.name=mlp"]).model == _config().model

    @given(st.lists(st.text(max_size=30).map(lambda text: f"training.{text}"), max_size=2))
    def test_never_raises_anything_else(self, assignments: list[str]) -> None:
        with contextlib.suppress(ConfigError):
            override(_config(), assignments)


def test_rename_takes_any_text() -> None:
    assert with_values(_config(), {("name",): "5"}).name == "5"
    with pytest.raises(ConfigError, match="name: "):
        with_values(_config(), {("name",): "x" * 201})


def test_a_folder_is_the_same_wherever_the_configuration_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for inside in ("first", "second"):
        (tmp_path / inside).mkdir()
    monkeypatch.chdir(tmp_path / "first")
    written = _config(data={"source": "folder", "path": "images"}).model_dump_json()
    monkeypatch.chdir(tmp_path / "second")
    assert RunConfig.model_validate_json(written).data.path == tmp_path / "first" / "images"
    assert _config(data={"source": "folder", "path": "~/images"}).data.path == tmp_path / "home" / "images"


def test_a_number_is_shown_as_it_is() -> None:
    lr = 0.00031622776601683794
    assert float(as_text(_config(training={"lr": lr}).training.lr)) == lr
    assert as_text(1e-4) == "0.0001"
