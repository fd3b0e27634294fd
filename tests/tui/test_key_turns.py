"""Keys that come at once, as a busy machine reads what a person types: each goes where the one before it led."""

import time

import pytest
from textual import events
from textual.widgets import Input, TabbedContent

from cifar_tui.config import Source
from cifar_tui.tui.app import CifarApp
from cifar_tui.tui.screens.ask import AskScreen
from cifar_tui.tui.widgets.config_form import ConfigForm
from cifar_tui.tui.widgets.run_table import RunTable

from .conftest import RunMaker, running, until


def press_at_once(app: CifarApp, *keys: str) -> None:
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


async def test_what_is_queued_is_the_preset_that_the_cursor_came_to(app: CifarApp, queue_held: None):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        await until(pilot, lambda: form.config is not None)
        form.set_field(("data", "source"), Source.SYNTHETIC.value)
        press_at_once(app, "down", "down", "up", "a")
        await until(pilot, lambda: len(app.run_queue.waiting()) == 1)
        assert [run.config.preset for run in app.run_queue.waiting()] == ["part1/simple_vit"]


async def test_a_digit_goes_into_the_field_that_the_arrow_led_to(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        form = app.query_one(ConfigForm)
        await until(pilot, lambda: form.config is not None)
        press_at_once(app, "e", "down", "9", "up", "7")
        await until(pilot, lambda: form.config is not None and form.config.training.epochs == 7)
        assert form.config is not None
        assert form.config.training.batch_size == 9


async def test_a_tab_is_not_gone_to_under_the_run_that_is_opened(app: CifarApp, furnished: RunMaker):
    async with running(app, (160, 50)) as pilot:
        await pilot.press("3")
        table = app.query_one(RunTable)
        await until(pilot, lambda: table.row_count > 9)
        table.move_cursor(row=[row.key for row in table.rows_shown].index("run-01"))
        press_at_once(app, "enter", "1")
        await until(pilot, lambda: app.query_one(TabbedContent).active == "launch")
        assert len(app.screen_stack) == 1


@pytest.mark.parametrize("blocked", [False, True])
async def test_words_go_into_a_question_that_is_read_for(app: CifarApp, blocked: bool):
    async with running(app, (120, 40)) as pilot:
        press_at_once(app, "o", "q", "p")
        if blocked:
            app.call_later(lambda: time.sleep(0.4))  # what holds up everything is no reason to hand a key on
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await until(pilot, lambda: app.screen.query_one("#answer", Input).value == "qp")


async def test_leaving_waits_for_no_key(app: CifarApp):
    async with running(app, (120, 40)) as pilot:
        press_at_once(app, "o", "q", "ctrl+c")
        await until(pilot, lambda: app.is_ending)
