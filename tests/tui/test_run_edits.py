"""What is done with runs on the leaderboard."""

import errno
import json
import os
import time
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, SelectionList, Static

from cifar_tui.runs.record import RunStatus
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.screens.ask import AskScreen
from cifar_tui.tui.screens.columns import ColumnsScreen
from cifar_tui.tui.screens.compare import CompareScreen
from cifar_tui.tui.screens.run import RunScreen
from cifar_tui.tui.widgets.chart import Chart
from cifar_tui.tui.widgets.config_form import ConfigForm
from cifar_tui.tui.widgets.curves import Curves
from cifar_tui.tui.widgets.run_table import RunTable

from .conftest import RunMaker, curve, running, until


async def at(app: CifarApp, pilot: Pilot[None], run_id: str) -> RunTable:
    """Go to the leaderboard, with the cursor on a run."""
    await pilot.press("3")
    table = app.query_one(RunTable)
    await until(pilot, lambda: run_id in keys(table))
    table.move_cursor(row=keys(table).index(run_id))
    await until(pilot, lambda: table.chosen is not None and table.chosen.key == run_id)
    return table


def keys(table: RunTable) -> list[str]:
    return [str(key.value) for key in table.rows]


async def answer(app: CifarApp, pilot: Pilot[None], text: str) -> None:
    await until(pilot, lambda: isinstance(app.screen, AskScreen))
    app.screen.query_one("#answer", Input).value = text
    await pilot.press("enter")


def shown(app: CifarApp, selector: str) -> str:
    """The text of a part of the screen, as it is drawn."""
    widget = app.screen.query_one(selector, Static)
    return "\n".join(strip.text for strip in widget.render_lines(widget.size.region))


async def test_rename_tag_note_and_star(app: CifarApp, furnished: RunMaker):
    async with running(app, (200, 50)) as pilot:
        table = await at(app, pilot, "run-01")
        await pilot.press("n")
        await answer(app, pilot, "[b]Best[/] one")
        await until(pilot, lambda: "[b]Best[/] one" in str(table.get_cell("run-01", "name")))
        await pilot.press("t")
        await answer(app, pilot, "final part1")
        await until(pilot, lambda: str(table.get_cell("run-01", "tags")) == "final part1")
        await pilot.press("N")
        await answer(app, pilot, "for the report")
        await until(pilot, lambda: str(table.get_cell("run-01", "note")) == "for the report")
        await pilot.press("*")
        await until(pilot, lambda: str(table.get_cell("run-01", "name")).endswith("★"))
        record = app.store.get("run-01").record
        assert (record.name, record.tags, record.starred) == ("[b]Best[/] one", ("final", "part1"), True)
        assert record.config.name == ""


async def test_a_wrong_tag_is_told_in_the_question(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        await at(app, pilot, "run-01")
        await pilot.press("t")
        await answer(app, pilot, "x" * 40)
        await until(pilot, lambda: "32" in str(app.screen.query_one("#ask-note", Static).content))
        assert isinstance(app.screen, AskScreen)


async def test_a_wrong_tag_takes_none_away(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        await at(app, pilot, "run-01")
        await pilot.press("t")
        await answer(app, pilot, "final good")
        await until(pilot, lambda: app.store.get("run-01").record.tags == ("final", "good"))
        await until(pilot, lambda: "final" in str(app.query_one(RunTable).get_cell("run-01", "tags")))
        await pilot.press("t")
        await answer(app, pilot, "good " + "x" * 40)
        await until(pilot, lambda: "32" in str(app.screen.query_one("#ask-note", Static).content))
        assert app.store.get("run-01").record.tags == ("final", "good")


async def test_an_answer_that_is_given_twice_counts_once(app: CifarApp, furnished: RunMaker):
    """As where enter is pressed twice, and both keys come in one packet."""
    furnished.keep_weights("run-01")
    async with running(app, (160, 50)) as pilot:
        await at(app, pilot, "run-01")
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        line = app.screen.query_one("#answer", Input)
        await line.action_submit()
        await line.action_submit()
        line.post_message(events.Key("escape", None))
        await until(pilot, lambda: len(app.store.ids()) == 10 and not isinstance(app.screen, AskScreen))
        await pilot.press("2")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert len(app.store.ids()) == 10


async def test_a_number_of_too_many_digits_is_told_in_the_question(app: CifarApp, furnished: RunMaker):
    furnished.keep_weights("run-01")
    async with running(app, (160, 50)) as pilot:
        await at(app, pilot, "run-01")
        await pilot.press("c")
        await answer(app, pilot, "9" * 5000)
        await until(pilot, lambda: "This cannot be used" in str(app.screen.query_one("#ask-note", Static).content))


async def test_marked_runs_are_tagged_together(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        for run_id in ("run-01", "run-02"):
            await at(app, pilot, run_id)
            await pilot.press("space")
        await pilot.press("t")
        await answer(app, pilot, "both")
        await until(pilot, lambda: app.store.get("run-02").record.tags == ("both",))
        assert app.store.get("run-01").record.tags == ("both",)
        await pilot.press("t")
        await answer(app, pilot, "-both other")
        await until(pilot, lambda: app.store.get("run-02").record.tags == ("other",))


async def test_delete_and_undo(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        table = await at(app, pilot, "run-01")
        await pilot.press("delete")
        await until(pilot, lambda: "run-01" not in keys(table))
        assert "run-01" not in app.store.ids()
        await pilot.press("u")
        await until(pilot, lambda: "run-01" in keys(table))
        assert app.store.get("run-01").record.results is not None


async def test_after_a_delete_the_next_one_meets_the_neighbour(app: CifarApp, runs: RunMaker, queue_held: None):
    for name, accuracy in (("best", 0.9), ("good", 0.8), ("poor", 0.7), ("worst", 0.6)):
        runs.make(
            "part1/mlp", RunStatus.FINISHED, name=name, accuracy=accuracy, seed=len(name) * 7 + int(accuracy * 10)
        )
    async with running(app, (160, 50)) as pilot:
        table = await at(app, pilot, "run-03")
        for left in (["run-01", "run-02", "run-04"], ["run-01", "run-02"], ["run-01"]):
            await pilot.press("delete")
            await until(pilot, lambda left=left: [key for key in keys(table) if key.startswith("run-")] == left)
            await until(pilot, lambda left=left: table.chosen is not None and table.chosen.key == left[-1])


async def test_a_mark_does_not_outlive_its_run(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        for run_id in ("run-01", "run-02"):
            await at(app, pilot, run_id)
            await pilot.press("space")
        await until(pilot, lambda: "2 marked" in str(app.query_one(RunTable).border_title))
        app.store.discard("run-01")  # as another process does
        await until(pilot, lambda: "1 marked" in str(app.query_one(RunTable).border_title))
        assert app.marked == ["run-02"]


async def test_what_was_deleted_before_this_start_comes_back_the_last_one_first(app: CifarApp, furnished: RunMaker):
    for seconds_ago, run_id in ((2000, "run-01"), (1000, "run-02")):
        app.store.discard(run_id)
        then = time.time() - seconds_ago
        os.utime(app.store.folder / ".trash" / run_id, (then, then))
    async with running(app, (160, 50)) as pilot:
        table = await at(app, pilot, "run-03")
        await pilot.press("u")
        await until(pilot, lambda: "run-02" in keys(table))
        assert "run-01" not in keys(table)
        await pilot.press("u")
        await until(pilot, lambda: "run-01" in keys(table))
        await pilot.press("u")
        await until(
            pilot, lambda: "There is nothing to bring back." in [str(told.message) for told in app._notifications]
        )


@pytest.mark.parametrize("key", ["n", "N", "t", "asterisk", "A", "delete"])
async def test_a_row_of_the_report_is_not_changed(app: CifarApp, furnished: RunMaker, key: str):
    async with running(app, (160, 50)) as pilot:
        await at(app, pilot, "report:part1/mlp")
        await pilot.press(key)
        said = "Rows of the report and of this project cannot be renamed, tagged or deleted."
        await until(pilot, lambda: said in [str(toast.message) for toast in app._notifications])
        await pilot.press("space")
        said = "Rows of the report and of this project cannot be marked."
        await until(pilot, lambda: said in [str(toast.message) for toast in app._notifications])


async def test_one_row_of_the_report_is_one_row(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        table = await at(app, pilot, "run-01")
        await pilot.press("/", *"softmaxreg", "enter")
        await until(pilot, lambda: table.border_title == "0 runs · ¶ 1 of the report")


async def test_what_trains_cannot_be_deleted(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        await at(app, pilot, "run-07")
        await pilot.press("delete")
        await until(pilot, lambda: any("being trained" in str(toast.message) for toast in app._notifications))
        assert "run-07" in app.store.ids()


async def test_the_archive(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        table = await at(app, pilot, "run-01")
        await pilot.press("A")
        await until(pilot, lambda: "run-01" not in keys(table))
        await pilot.press("/", *"is:archived", "enter")
        await until(pilot, lambda: keys(table) == ["run-01"])
        await pilot.press("A", "escape")
        await until(pilot, lambda: len(keys(table)) == 22)


async def test_a_wrong_filter_says_what_is_wrong_and_leaves_the_rows(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        table = await at(app, pilot, "run-01")
        await pilot.press("/")
        app.query_one("#filter", Input).value = "nothing:4"
        await until(pilot, lambda: "nothing" in str(app.query_one("#filter-note", Static).content))
        assert len(keys(table)) == 22
        app.query_one("#filter", Input).value = "test>50 -data:synthetic"
        await until(pilot, lambda: keys(table) == ["run-01"])


async def test_while_a_filter_is_not_understood_the_last_rows_stay(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        table = await at(app, pilot, "run-01")
        line, note = app.query_one("#filter", Input), app.query_one("#filter-note", Static)
        await pilot.press("/")
        for text, rows in (("gru", 3), ("gru test", 0), ("gru test>", 3), ("gru test>abc part:", 3)):
            line.value = text
            await until(pilot, lambda rows=rows: len(keys(table)) == rows)
            is_wrong = ">" in text
            await until(pilot, lambda is_wrong=is_wrong: ("not understood" in str(table.border_subtitle)) is is_wrong)
            assert note.has_class("-wrong") is is_wrong
        assert table.border_subtitle == "the filter is not understood; esc shows all"
        line.value = "gru part:5"
        await until(pilot, lambda: "not understood" not in str(table.border_subtitle))
        assert str(note.content) == ""


async def test_a_filter_that_is_not_understood_is_not_remembered(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        table = await at(app, pilot, "run-01")
        await pilot.press("/", *"seed=", "enter")
        await until(pilot, lambda: "not understood" in str(table.border_subtitle))
    again = CifarApp(app.paths)
    async with running(again, (160, 50)) as pilot:
        table = await at(again, pilot, "run-01")
        assert len(keys(table)) == 22
        assert again.query_one("#filter", Input).value == ""
        assert not again.query_one("#filter-bar").display
    again.runner.shut_down()
    assert again.runner.join(timeout=60)


async def test_a_run_in_full(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 60)) as pilot:
        await at(app, pilot, "run-01")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        facts, settings = shown(app, "#run-facts"), shown(app, "#run-settings")
        assert "60.12 %" in facts
        assert "+24.2 to the report" in facts
        assert "part1/simple_cnn" in settings
        assert "• 50 in the preset" in settings
        assert app.screen.query_one("#accuracy-chart", Chart).data.reference == 0.3588
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, RunScreen))


@pytest.mark.parametrize("width", [80, 120])
async def test_the_texts_of_a_run_have_room(app: CifarApp, furnished: RunMaker, width: int):
    async with running(app, (width, 60)) as pilot:
        folder = app.store.get("run-01").folder
        line = "epoch 30: " + "a long line of the log " * 2
        (folder / "log.txt").write_text(line + "\n")
        await at(app, pilot, "run-01")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: bool(app.screen.query_one("#run-files").size))
        facts, settings, files = (app.screen.query_one(f"#run-{part}") for part in ("facts", "settings", "files"))
        assert files.region.y >= max(facts.region.bottom, settings.region.bottom)
        assert files.size.width >= width - 6
        assert line.strip() in shown(app, "#run-files")
        assert "part1/simple_cnn  3 changed" in shown(app, "#run-settings")
        if width == 120:
            assert facts.region.right == settings.region.x
            assert all(text.endswith("  ") for text in shown(app, "#run-facts").splitlines())


async def test_train_again_from_a_run(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        await at(app, pilot, "run-02")
        await pilot.press("a")
        form = app.query_one(ConfigForm)
        await until(pilot, lambda: form.config == app.store.get("run-02").config)
        assert app.query_one("TabbedContent").active == "launch"
        assert form.border_title == "part1/mlp"
        assert ("training", "epochs") in form.edits()


async def test_comparison_of_marked_runs(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 60)) as pilot:
        await at(app, pilot, "run-01")
        await pilot.press("v")
        assert not isinstance(app.screen, CompareScreen)
        await pilot.press("space")
        await at(app, pilot, "run-02")
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        loss = app.screen.query_one("#loss-chart", Chart).data
        assert [series.label for series in loss.series] == ["part1/simple_cnn", "MLP [red]…xxxxxxxxxx"]
        assert len({series.colour for series in loss.series}) == len({series.sign for series in loss.series}) == 2
        table = shown(app, "#compare-table Static")
        assert "60.12" in table
        assert "30.07" in table
        assert "MLP [red]wide[/] xxx" in table
        assert "Hidden sizes" in table
        assert "Batch size" not in table  # the same in both
        await pilot.press("y", "escape")
        await until(pilot, lambda: not isinstance(app.screen, CompareScreen))
        assert "| 30.07" in app.clipboard


@pytest.mark.parametrize("width", [80, 120])
async def test_the_names_of_a_comparison_tell_its_runs_apart(
    app: CifarApp, runs: RunMaker, queue_held: None, width: int
):
    for seed in (1, 2, 3):
        runs.make("part1/mlp", RunStatus.STOPPED, epochs=2, name=f"a long name for a small perceptron seed={seed}")
    async with running(app, (width, 50)) as pilot:
        for run_id in ("run-01", "run-02", "run-03"):
            await at(app, pilot, run_id)
            await pilot.press("space")
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await until(pilot, lambda: "seed=3" in shown(app, "#compare-table Static"))
        heading = shown(app, "#compare-table Static").splitlines()[0]
        assert all(f"seed={seed}" in heading for seed in (1, 2, 3))
        assert heading.count("…") == 3
        labels = [series.label for series in app.screen.query_one("#loss-chart", Chart).data.series]
        assert [label[-1] for label in labels] == ["1", "2", "3"]


async def test_a_comparison_tells_what_is_known_of_a_run_without_results(app: CifarApp, furnished: RunMaker):
    async with running(app, (120, 60)) as pilot:
        for run_id in ("run-06", "run-01"):
            await at(app, pilot, run_id)
            await pilot.press("space")
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await until(pilot, lambda: "Params" in shown(app, "#compare-table Static"))
        lines = {line.split("  ")[0]: line.split() for line in shown(app, "#compare-table Static").splitlines()}
        assert lines["Val %"][2:] == ["35.00", "61.12", "+26.12"]
        assert lines["Params"][1:] == ["346.6K", "346.6K", "+0"]
        assert lines["Test %"][2:] == ["60.12"]


async def test_marked_runs_lie_over_the_one_on_live(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        await at(app, pilot, "run-01")
        await pilot.press("space", "2")
        curves = app.query_one("#live Curves", Curves)
        chart = curves.query_one("#loss-chart", Chart)
        await until(
            pilot, lambda: [series.label for series in chart.data.series] == ["train", "val", "part1/simple_cnn"]
        )
        await pilot.press("o")
        await until(pilot, lambda: len(chart.data.series) == 2)


async def test_the_curve_of_a_marked_run_grows_once_it_is_resumed(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        await at(app, pilot, "run-06")
        await pilot.press("space", "2")
        chart = app.query_one("#live Curves", Curves).query_one("#accuracy-chart", Chart)

        def epochs() -> list[int]:
            return [len(series.points) for series in chart.data.series if series.label == "part3/custom_vit"]

        await until(pilot, lambda: epochs() == [7])
        app.store.append_epoch("run-06", curve(8)[-1])
        await until(pilot, lambda: epochs() == [8])


@pytest.mark.parametrize(("suffix", "lines"), [("csv", 23), ("md", 24), ("json", 22)])
async def test_export(app: CifarApp, furnished: RunMaker, tmp_path: Path, suffix: str, lines: int):
    async with running(app, (160, 50)) as pilot:
        await at(app, pilot, "run-01")
        await pilot.press("E")
        await answer(app, pilot, "table.xls")
        await until(pilot, lambda: ".csv, .md or .json" in str(app.screen.query_one("#ask-note", Static).content))
        file = tmp_path / f"out.{suffix}"
        await answer(app, pilot, str(tmp_path / "no" / file.name))
        await until(pilot, lambda: "cannot be written" in str(app.screen.query_one("#ask-note", Static).content))
        await answer(app, pilot, str(file))
        await until(pilot, lambda: not isinstance(app.screen, AskScreen))
        text = file.read_text()
        assert "part1/simple_cnn" in text
        assert len(json.loads(text) if suffix == "json" else text.splitlines()) == lines


async def test_an_export_onto_a_full_disk_keeps_the_one_before(
    app: CifarApp, furnished: RunMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "out.csv"
    file.write_text("before")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async with running(app, (160, 50)) as pilot:
        await at(app, pilot, "run-01")
        await pilot.press("E")
        with monkeypatch.context() as disk:
            disk.setattr(os, "replace", refuse)
            await answer(app, pilot, str(file))
            sentence = f"{file} cannot be written: No space left on device."
            await until(pilot, lambda: sentence in str(app.screen.query_one("#ask-note", Static).content))
        assert [found.name for found in tmp_path.glob("*out.csv*")] == ["out.csv"]
        assert file.read_text() == "before"


async def test_copy(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        await at(app, pilot, "run-01")
        await pilot.press("y")
        assert len(app.clipboard.splitlines()) == 3
        await pilot.press("Y")
        assert len(app.clipboard.splitlines()) == 24
        file = app.paths.data / "clipboard.md"
        assert file.read_text() == app.clipboard
        assert file.stat().st_mode & 0o777 == 0o600
        told = [str(notice.message) for notice in app._notifications]
        assert [text for text in told if str(file) in text] == [
            f"For terminals that do not take it, the copy is in {file}"
        ]


async def test_columns_are_hidden_moved_and_remembered(app: CifarApp, furnished: RunMaker):
    async with running(app, (200, 50)) as pilot:
        table = await at(app, pilot, "run-01")
        before = [str(key.value) for key in table.columns]
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, ColumnsScreen))
        await pilot.press("J", "down", "space", "escape")
        await until(pilot, lambda: not isinstance(app.screen, ColumnsScreen))
        after = [str(key.value) for key in table.columns]
        assert after == [before[1], before[0], *before[3:]]
    again = CifarApp(app.paths)
    async with running(again, (200, 50)) as pilot:
        table = await at(again, pilot, "run-01")
        assert [str(key.value) for key in table.columns] == after
    again.runner.shut_down()
    assert again.runner.join(timeout=60)


async def test_columns_that_were_only_looked_at_are_not_remembered(app: CifarApp, furnished: RunMaker):
    async with running(app, (200, 50)) as pilot:
        await at(app, pilot, "run-01")
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, ColumnsScreen))
        await pilot.press("J", "K", "escape")
        await until(pilot, lambda: not isinstance(app.screen, ColumnsScreen))
        await pilot.press("r")
        await until(pilot, lambda: app.state.is_reversed)
        assert app.state.column_order == ()


async def test_the_columns_say_which_are_shown_and_why_one_is_not_seen(app: CifarApp, furnished: RunMaker):
    async with running(app, (80, 50)) as pilot:
        table = await at(app, pilot, "run-01")
        await until(pilot, lambda: bool(table.columns_in_sight))
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, ColumnsScreen))
        chooser = app.screen.query_one(SelectionList)
        await until(pilot, lambda: chooser.size.height > 0)

        def line(title: str) -> str:
            lines = [chooser.render_line(y).text.strip() for y in range(chooser.size.height)]
            return next(text for text in lines if text[4:].startswith(title))

        await until(pilot, lambda: line("#") == "[x] #")
        assert line("Model") == "[x] Model       no room"
        assert line("Tags") == "[x] Tags        empty"
        assert line("Status") == "[x] Status      no room; → scrolls to it"
        await pilot.press("space")
        await until(pilot, lambda: line("#") == "[ ] #")


async def test_seeds_are_grouped(app: CifarApp, runs: RunMaker, queue_held: None):
    for seed, accuracy in enumerate((0.60, 0.62)):
        runs.make("part1/simple_cnn", RunStatus.FINISHED, epochs=30, accuracy=accuracy, seed=seed)
    async with running(app, (160, 50)) as pilot:
        table = await at(app, pilot, "run-01")
        await pilot.press("h", "g")
        await until(pilot, lambda: len(keys(table)) == 1)
        assert str(table.get_cell(keys(table)[0], "test")) == "61.00 ± 1.41 (2)"
        await pilot.press("g")
        await until(pilot, lambda: len(keys(table)) == 2)


async def test_a_group_is_marked_whole(app: CifarApp, runs: RunMaker, queue_held: None):
    for seed in range(2):
        runs.make("part1/simple_cnn", RunStatus.FINISHED, epochs=30, accuracy=0.6, seed=seed)
    async with running(app, (160, 50)) as pilot:
        table = await at(app, pilot, "run-02")
        await pilot.press("space", "h", "g")
        await until(pilot, lambda: len(keys(table)) == 1)
        assert "◉" not in str(table.get_cell(keys(table)[0], "name"))
        await pilot.press("space")
        await until(pilot, lambda: "◉" in str(table.get_cell(keys(table)[0], "name")))
        assert app.marked == ["run-02", "run-01"]
        await pilot.press("space")
        await until(pilot, lambda: not app.marked)


async def test_thousands_of_rows_are_laid_out_as_they_are_reached(app: CifarApp, runs: RunMaker, queue_held: None):
    runs.make("part1/mlp", RunStatus.FINISHED, epochs=3, accuracy=0.2, name="zzz")
    for _ in range(299):
        runs.make("part1/mlp", RunStatus.STOPPED)
    async with running(app, (120, 40)) as pilot:
        table = await at(app, pilot, "report:part1/mlp")
        assert "300 runs" in str(table.border_title)
        assert len(keys(table)) == 100
        while "Name" not in str(table.border_subtitle):
            await pilot.press("<")
        await pilot.press("home")
        assert table.chosen is not None
        assert table.chosen.is_given  # nor does the result that comes into the table take the cursor away
        for laid_out in (200, 300, 313):
            table.scroll_to(y=table.max_scroll_y, animate=False)  # as the scrollbar does
            seen = table.scroll_y
            await until(pilot, lambda laid_out=laid_out: len(keys(table)) == laid_out)
            await until(pilot, lambda seen=seen: table.max_scroll_y > seen)
            assert (table.scroll_y, table.cursor_row) == (seen, 0)


async def test_one_key_goes_to_the_last_of_thousands_of_rows(app: CifarApp, runs: RunMaker, queue_held: None):
    for _ in range(300):
        runs.make("part1/mlp", RunStatus.STOPPED)
    async with running(app, (120, 40)) as pilot:
        table = await at(app, pilot, "report:part1/mlp")
        await pilot.press("end")
        await until(pilot, lambda: table.cursor_row == 312)
        await until(pilot, lambda: table.scroll_y == table.max_scroll_y > 200)
        assert table.chosen is not None
        assert table.chosen.key == table.rows_shown[-1].key
        assert len(keys(table)) == 313
