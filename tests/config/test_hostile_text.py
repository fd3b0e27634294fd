"""Whatever people type or put into a preset: one sentence, or a configuration."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cifar_tui.config import ConfigError, RunConfig, explain, override
from cifar_tui.config.cross import MOST_RUNS, alternatives, cross
from cifar_tui.config.fields import FormField, as_text, data_fields, model_fields, model_names, parse, training_fields
from cifar_tui.paths import Paths
from cifar_tui.presets import load_presets, read_preset

from ..hostile import JSON, assert_sentence, damaged, hostile, mutated

CONFIG = RunConfig.model_validate({"model": {"name": "mlp"}})
TITLED = {"title": "Mine", "part": 3, **CONFIG.model_dump(mode="json", include={"model", "data", "training"})}
TITLED["data"] = {key: value for key, value in TITLED["data"].items() if value is not None}
FIELDS = [*(field for name in model_names() for field in model_fields(name)), *training_fields(), *data_fields()]
TYPED = st.text(max_size=20) | st.sampled_from(
    ["1e-3, 3e-4", "0..4", "9..0", "0..999999999", "1e999", "nan", "-inf", "٣..٥", "²", "3×3", ",,", "[" * 3000, "1_0",
     "9" * 5000, "a\nb", "\x1b[31m", "true", "{a=1}", '"x', "1979-05-27T07:32:00Z", "07:32:00", "0x10", "1\nb = 2"]
)  # fmt: skip


def _toml(values: object) -> bytes:
    """`values` as TOML, where it can be; else as the JSON that it is."""
    try:
        return tomli_w.dumps(values).encode()  # type: ignore[arg-type]
    except (TypeError, ValueError, AttributeError):
        return json.dumps(values).encode()


def _loaded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")


@pytest.fixture(scope="module")
def presets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("presets")


@given(
    content=st.binary(max_size=60)
    | JSON.map(_toml)
    | mutated(TITLED).map(_loaded).map(_toml)
    | damaged(tomli_w.dumps(TITLED).encode())
)
@hostile(300)
def test_any_preset(presets: Path, content: bytes) -> None:
    file = presets / "any.toml"
    file.write_bytes(content)
    try:
        preset = read_preset(file)
    except ConfigError as error:
        assert_sentence(error)
    else:
        assert preset.config.preset == "any"


@pytest.mark.timeout(60)
def test_presets_that_are_no_files_cost_only_themselves(tmp_path: Path) -> None:
    paths = Paths(data=tmp_path, datasets=tmp_path, presets=tmp_path / "presets")
    paths.presets.mkdir()
    sound = len(load_presets(paths).presets)
    os.mkfifo(paths.presets / "a.toml")
    (paths.presets / "b.toml").symlink_to("/dev/zero")
    (paths.presets / "c.toml").symlink_to(paths.presets / "c.toml")
    (paths.presets / "d.toml").mkdir()
    (paths.presets / "loop").symlink_to(paths.presets)
    with (paths.presets / "e.toml").open("wb") as file:
        file.truncate(10**10)
    (paths.presets / "f.toml").write_bytes(tomli_w.dumps(TITLED).encode())
    library = load_presets(paths)
    assert len(library.presets) == sound + 1
    assert [problem.partition("presets/")[2][:6] for problem in library.problems] == [
        f"{name}.toml" for name in "abcde"
    ]
    assert "it is larger than 1,048,576 bytes" in library.problems[-1]


@given(
    assignments=st.lists(
        st.tuples(
            st.sampled_from([".".join(field.path) for field in FIELDS]) | st.text(max_size=12),
            st.sampled_from(["=", "", " = "]),
            TYPED,
        ).map("".join),
        min_size=1,
        max_size=2,
    )
)
@hostile(400)
def test_any_override(assignments: list[str]) -> None:
    try:
        config = override(CONFIG, assignments)
    except ConfigError as error:
        assert_sentence(error)
    else:
        assert RunConfig.model_validate_json(config.model_dump_json()) == config


def _sections(field: FormField, text: object) -> Mapping[str, object]:
    values = CONFIG.model_dump(mode="json")
    if field.path[0] == "model":
        name = next(name for name in model_names() if field in model_fields(name))
        values["model"] = {"name": name}
    values[field.path[0]][field.path[-1]] = text
    return values


@given(field=st.sampled_from(FIELDS), text=TYPED)
@hostile(500)
def test_any_text_in_any_field(field: FormField, text: str) -> None:
    several = alternatives(text)
    assert 1 <= len(several) <= MOST_RUNS + 1 + text.count(",") * (MOST_RUNS + 1)
    try:
        configs = cross(_sections(field, ""), {field.path: [parse(field, part) for part in several]})
    except ConfigError as error:
        assert_sentence(error)
    except ValidationError as error:
        for message in explain(error).values():
            assert_sentence(message)
    else:
        assert len(configs) == len(several)
        for config in configs:
            as_text(getattr(getattr(config, field.path[0]), field.path[1]))
