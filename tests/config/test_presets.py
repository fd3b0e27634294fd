"""Presets: the shipped ones say what the report says, and a bad one costs only itself."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cifar_tui.config import ConfigError
from cifar_tui.models.summary import summarise
from cifar_tui.paths import Paths, find_paths
from cifar_tui.presets import PARTS, PresetLibrary, load_presets, read_preset, save_preset

# REPORT, "Results": part, test accuracy, validation accuracy and macro-F1 in percent, parameters.
REPORT = {
    "part4/cnn_transformer": (4, 37.25, 38.90, 35.87, 446_052),
    "part5/gru_row": (5, 36.57, 36.44, 35.68, 1_777_764),
    "part1/simple_cnn": (1, 35.88, 36.38, 34.48, 346_628),
    "part5/gru_patch4": (5, 35.64, 35.76, 34.99, 1_704_036),
    "part3/custom_vit": (3, 34.56, 35.80, 33.11, 819_428),
    "part3/simple_vit": (3, 31.92, 33.00, 30.39, 820_964),
    "part5/lstm_row": (5, 29.36, 29.62, 28.34, 2_353_252),
    "part5/lstm_patch4": (5, 27.73, 27.78, 26.41, 2_254_948),
    "part1/simple_vit": (1, 24.47, 25.54, 22.35, 820_964),
    "part1/mlp": (1, 20.63, 20.68, 18.31, 1_731_940),
    "part4/channel_token_vit": (4, 17.56, 18.18, 15.29, 549_476),
    "part4/spatial_token_vit": (4, 13.10, 13.12, 9.86, 172_388),
    "part1/softmax_regression": (1, 7.94, 8.34, 6.09, 307_300),
}

# REPORT, "Hyperparameters the report states": learning rate, batch size, epochs.
RECIPES = {
    "part1/softmax_regression": (0.1, 256, 30),
    "part1/mlp": (1e-3, 128, 50),
    "part1/simple_cnn": (1e-3, 128, 50),
    "part1/simple_vit": (3e-4, 128, 100),
}

GOOD = 'title = "Mine"\n[model]\nname = "mlp"\n'


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths(tmp_path)


@pytest.fixture
def library(paths: Paths) -> PresetLibrary:
    return load_presets(paths)


def _write(folder: Path, name: str, content: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def test_all_shipped_presets_load(library: PresetLibrary) -> None:
    assert library.problems == ()
    assert {preset.config.part for preset in library.presets} == {1, 3, 4, 5, None}
    assert all(preset.config.preset == preset.key for preset in library.presets)


def test_references_are_the_reports_table(library: PresetLibrary) -> None:
    found = {
        preset.key: (
            preset.config.part,
            pytest.approx(preset.reference.test_accuracy * 100),
            pytest.approx(preset.reference.val_accuracy * 100),
            pytest.approx(preset.reference.macro_f1 * 100),
            preset.reference.parameters,
        )
        for preset in library.presets
        if preset.reference
    }
    assert found == REPORT


@pytest.mark.parametrize("key", RECIPES)
def test_stated_hyperparameters(library: PresetLibrary, key: str) -> None:
    training = library.find(key).config.training
    assert (training.lr, training.batch_size, training.epochs) == RECIPES[key]
    assert (training.weight_decay, training.clip_norm, training.schedule) == (1e-4, 1.0, "epoch_cosine")


def test_each_part_has_its_presets(library: PresetLibrary) -> None:
    assert {part: len(library.of_part(part)) for part in PARTS} == {1: 4, 2: 4, 3: 2, 4: 3, 5: 8}
    assert library.of_part(2) == library.of_part(1)


def test_users_presets_come_after_the_shipped_ones(paths: Paths) -> None:
    shipped = load_presets(paths).without_part()
    _write(paths.presets / "vits", "wide.toml", GOOD)
    library = load_presets(paths)
    assert library.presets[-1].key == "my/vits/wide"
    assert library.presets[-1].group == "my/vits"
    assert library.without_part() == (*shipped, library.presets[-1])


def test_those_beyond_the_report_have_its_parameters_and_what_they_are_held_against(library: PresetLibrary) -> None:
    by_key = {preset.key: preset for preset in library.presets}
    beyond = [preset for preset in library.presets if preset.group == "beyond"]
    assert beyond
    for preset in beyond:
        if preset.against is not None:
            report = by_key[preset.against]
            assert report.reference is not None
            # A tuned preset is the report's network; the sprint is another one, against the report's best accuracy.
            if preset.config.model.name == report.config.model.name:
                assert summarise(preset.config.model).parameters == report.reference.parameters, preset.key
            else:
                assert preset.key == "beyond/sprint"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("title = ", "is not valid TOML"),
        (b"title = '\xff'", "is not UTF-8 text"),
        (GOOD + "layers = 3\n", "model.layers: is not a known key"),
        (GOOD + "hidden_sizes = 'wide'\n", "model.hidden_sizes: must be a valid"),
        (GOOD + "dropout = 1.5\n", "model.dropout: must be less than 1"),
        ('title = "No model"\n', "model: is missing"),
        ('[model]\nname = "mlp"\n', "title: is missing"),
        ('title = "Which?"\n[model]\nname = "alexnet"\n', "model.name: must be one of 'softmax_regression', 'mlp'"),
        (GOOD + "[training]\nlr = -1\n", "training.lr: must be greater than 0"),
        (GOOD + "[reference]\ntest_accuracy = 20.63\n", "reference.test_accuracy: must be less than or equal to 1"),
        pytest.param("a = " + "[" * 5000, "is nested too deeply", id="deep nesting"),
        pytest.param("a = " + "9" * 5000, "is not valid TOML", id="a huge number"),
    ],
)
def test_a_bad_preset_costs_one_sentence(paths: Paths, content: str | bytes, words: str) -> None:
    good = _write(paths.presets, "good.toml", GOOD)
    bad = _write(paths.presets, "bad.toml", content)
    library = load_presets(paths)
    (problem,) = library.problems
    assert problem.startswith(f"{bad}: ")
    assert words in problem
    assert "\n" not in problem
    assert library.find("my/good") == read_preset(good, "my/good")


def test_a_preset_that_could_not_be_read_again_is_not_written(paths: Paths, library: PresetLibrary) -> None:
    with pytest.raises(ConfigError, match="title: must have at most 80 characters"):
        save_preset(paths, "x " * 50, library.find("part1/mlp").config)
    assert not list(paths.presets.rglob("*.toml"))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read \(No such file or directory\)"):
        read_preset(tmp_path / "none.toml")


def test_a_file_whose_name_is_too_long_for_a_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="preset: must have at most 200"):
        read_preset(_write(tmp_path, "x" * 240 + ".toml", GOOD))


def test_an_unknown_key_is_answered_with_the_nearest(library: PresetLibrary) -> None:
    with pytest.raises(ConfigError, match="did you mean beyond/simple_vit or part1/simple_vit or part3/simple_vit"):
        library.find("simple_vit")
    with pytest.raises(ConfigError, match=r"did you mean part1/simple_cnn( or |\?)"):
        library.find("part1/simplecnn")
    with pytest.raises(ConfigError, match="did you mean beyond/simple_cnn or part1/simple_cnn"):
        library.find("simplecnn")
    for unlike in ("alexnet", "part9/x", ""):
        with pytest.raises(ConfigError, match="`cifar-tui presets` lists them"):
            library.find(unlike)


_WORDS = ["title", "part", "model", "[model]", "[training]", "name", "lr", " = ", "\n", '"mlp"', "1", "1e999", "nan"]
_MARKS = ["[", "]", "{", "}", "'", "2020-01-01", "true", "-", "."]
_TOML_LIKE = st.lists(st.sampled_from([*_WORDS, *_MARKS]), max_size=25).map("".join)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=80).map(str.encode), _TOML_LIKE.map(str.encode)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_a_preset_or_a_config_error(tmp_path: Path, content: bytes) -> None:
    file = _write(tmp_path, "any.toml", content)
    error: ConfigError | None = None
    try:
        read_preset(file)
    except ConfigError as raised:
        error = raised
    assert error is None or str(error).startswith(str(file))
