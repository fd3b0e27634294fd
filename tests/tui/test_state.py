import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cifar_tui.tui.state import ViewState, load_state, save_state


def test_what_was_saved_is_loaded(tmp_path: Path):
    state = ViewState(tab="live", theme="light", sort="val", hidden_columns=("device",))
    save_state(tmp_path / "new" / "state.json", state)
    assert load_state(tmp_path / "new" / "state.json") == state


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


@given(content=st.binary(max_size=200))
def test_any_file_is_forgiven(tmp_path_factory: pytest.TempPathFactory, content: bytes):
    file = tmp_path_factory.mktemp("state") / "state.json"
    file.write_bytes(content)
    assert isinstance(load_state(file), ViewState)


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path: Path):
    (tmp_path / "file").write_text("")
    save_state(tmp_path / "file" / "state.json", ViewState())
    assert load_state(tmp_path / "file" / "state.json") == ViewState()
