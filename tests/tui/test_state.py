import json
import os
import pickle
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cifar_tui.bench.costs import Costs
from cifar_tui.bench.probe import Cost
from cifar_tui.config import RunConfig
from cifar_tui.tui.app import TABS
from cifar_tui.tui.probe import Probe
from cifar_tui.tui.state import ViewState, load_state, save_state

from ..hostile import JSON, hostile, mutated

CONFIG = RunConfig.model_validate({"model": {"name": "mlp"}})


def test_what_was_saved_is_loaded(tmp_path: Path):
    state = ViewState(tab="live", theme="light", sort="val", hidden_columns=("device",))
    save_state(tmp_path / "new" / "state.json", state)
    assert load_state(tmp_path / "new" / "state.json") == state


def test_a_state_of_each_tab_is_loaded(tmp_path: Path):
    file = tmp_path / "state.json"
    for tab in TABS:
        file.write_text(json.dumps({"tab": tab}))
        assert load_state(file).tab == tab


def test_a_wrong_field_costs_only_itself(tmp_path: Path):
    file = tmp_path / "state.json"
    file.write_text('{"tab": "nowhere", "theme": "light", "sort": 5, "unknown": 1}')
    assert load_state(file) == ViewState(theme="light")


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"[]", b"null", b'{"tab": ', b'{"theme": {"a": [1]}}'])
def test_a_broken_file_is_forgiven(tmp_path: Path, content: bytes):
    file = tmp_path / "state.json"
    file.write_bytes(content)
    assert load_state(file) == ViewState()


def test_only_its_owner_reads_it(tmp_path: Path):
    file = tmp_path / "new" / "home" / "state.json"
    save_state(file, ViewState())
    assert [entry.stat().st_mode & 0o777 for entry in (tmp_path / "new", file.parent, file)] == [0o700, 0o700, 0o600]


def test_a_pickle_in_its_place_is_not_run(tmp_path: Path, malice):
    file = tmp_path / "state.json"
    file.write_bytes(pickle.dumps(malice))
    assert load_state(file) == ViewState()
    assert not malice.was_run


@given(
    content=st.binary(max_size=200)
    | JSON.map(lambda value: json.dumps(value).encode())
    | mutated(ViewState(filter="test>35", hidden_columns=("device",)).model_dump(mode="json"))
)
@hostile(200)
def test_any_file_is_forgiven(tmp_path_factory: pytest.TempPathFactory, content: bytes):
    file = tmp_path_factory.getbasetemp() / "any-state.json"
    file.write_bytes(content)
    assert isinstance(load_state(file), ViewState)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("put", [os.mkfifo, Path.mkdir, lambda file: file.symlink_to("/dev/zero")])
def test_what_is_no_file_is_forgiven(tmp_path: Path, put: Callable[[Path], object]):
    put(tmp_path / "file")
    assert load_state(tmp_path / "file") == ViewState()
    assert Probe(tmp_path / "file", lambda config, answer: None).known_cost(CONFIG) is None


def test_what_a_run_costs_is_known_on_the_machine_where_it_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    cost = Cost(1, "cpu", 2.5, 10**9)
    Costs(tmp_path / "costs.json").keep(CONFIG, cost)
    assert Costs(tmp_path / "costs.json").known(CONFIG) == cost
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("platform.node", lambda: "node7")
        assert Costs(tmp_path / "costs.json").known(CONFIG) is None
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert Costs(tmp_path / "costs.json").known(CONFIG) is None


def _kept_costs() -> dict[str, object]:
    return {"0123456789abcdef": asdict(Cost(1, "cpu", 2.5, 10**9))}


@given(content=st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()) | mutated(_kept_costs()))
@hostile(200)
def test_any_memory_of_costs_is_forgiven(tmp_path_factory: pytest.TempPathFactory, content: bytes):
    file = tmp_path_factory.getbasetemp() / "any-costs.json"
    file.write_bytes(content)
    assert Probe(file, lambda config, answer: None).known_cost(CONFIG) is None


def test_a_memory_of_costs_that_is_nested_too_deeply_is_forgiven(tmp_path: Path):
    (tmp_path / "costs.json").write_text("[" * 100_000)
    assert Probe(tmp_path / "costs.json", lambda config, answer: None).known_cost(CONFIG) is None


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path: Path):
    (tmp_path / "file").write_text("")
    save_state(tmp_path / "file" / "state.json", ViewState())
    assert load_state(tmp_path / "file" / "state.json") == ViewState()
