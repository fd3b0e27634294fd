"""The app: four tabs over the run folders, and what trains beside them."""

import asyncio
import contextlib
import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static, TabbedContent, TabPane, Tabs

from cifar_tui.events import Event, RunStarted, WritingFailed, WritingRecovered
from cifar_tui.paths import Paths
from cifar_tui.runs.collector import collector_at_rest
from cifar_tui.runs.devices import AUTO
from cifar_tui.runs.locks import NO_LOCKS, has_locks
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.store import Run, StoreError
from cifar_tui.tui.commands import commands
from cifar_tui.tui.keys import bindings
from cifar_tui.tui.runs_app import RunsApp
from cifar_tui.tui.screens.main import MainScreen
from cifar_tui.tui.state import load_state, save_state
from cifar_tui.tui.terminal_size import TOO_SMALL
from cifar_tui.tui.themes import THEMES, register_themes
from cifar_tui.tui.widgets.key_bar import KeyBar

if TYPE_CHECKING:  # nothing that the first frame does not show: see `_furnish`
    from cifar_tui.runs.table import Row
    from cifar_tui.tui.screens.launch import LaunchPane
    from cifar_tui.tui.screens.leaderboard import LeaderboardPane
    from cifar_tui.tui.screens.live import LivePane, LiveView

FIRST_PRESET = "part1/simple_cnn"
_SECONDS_BETWEEN_THREADS = 0.001
"""Python's own 0.005 let a finished frame wait for the thread that writes it, twice."""
_SECONDS_BETWEEN_LOOKS = 1.0
_TRASH_IS_KEPT = timedelta(days=7)


TABS: Mapping[str, str] = {
    "launch": "#presets",
    "live": "#queue",
    "leaderboard": "#table",
    "data": "#data-classes",
}
"""What has the focus of a tab at first."""
SCREENS = ("run", "inspect", "sweep", "compare")
"""The scopes of what lies over the tabs and has keys of its own, where a dialog has answers: the ids of the screens."""


class CifarApp(RunsApp):
    """Choose, train, watch, compare."""

    TITLE = "cifar-tui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = bindings("app")

    class RunSpoke(Message):
        """The training thread wrote something to a run folder."""

    class Looked(Message):
        """The run folders were read again."""

        def __init__(self, view: "LiveView") -> None:
            super().__init__()
            self.view = view

    def __init__(self, paths: Paths, *, devices: tuple[str, ...] = (AUTO,), demo: bool = False) -> None:
        super().__init__(paths, devices)
        self.animation_level = "none"  # a line that slides under the tabs costs 50 KB a switch over SSH
        self._state_file = paths.data / "state.json"
        self.state = self._saved_state = load_state(self._state_file)
        register_themes(self)
        self.theme = self.state.theme
        self._demo = demo
        self._is_looking = False
        self._look_again = False
        self._view: LiveView | None = None
        self._wanted_tab: str = "live" if demo else self.state.tab
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_filled = False
        self._has_started_training = False
        self._thresholds = gc.get_threshold()
        self._has_spared_torch = False
        self._entrances: dict[str, Widget] = {}
        """Of the tabs that are filled."""
        self.marked: list[str] = []
        """The runs that a person marked, in that order."""

    def get_default_screen(self) -> MainScreen:
        """Return the screen that everything else is pushed upon."""
        return MainScreen(id="_default")

    @property
    def _main(self) -> MainScreen:
        main = self.screen_stack[0]
        assert isinstance(main, MainScreen)
        return main

    def compose(self) -> ComposeResult:
        """Lay out the tabs, still empty: the first frame waits for nothing."""
        with TabbedContent(initial=self._wanted_tab):
            yield TabPane("1 Launch", id="launch")
            yield TabPane("2 Live", id="live")
            yield TabPane("3 Leaderboard", id="leaderboard")
            yield TabPane("4 Data", id="data")
        yield KeyBar()
        yield Static(TOO_SMALL, id="too-small")

    def on_mount(self) -> None:
        """Go on once the first frame is drawn."""
        sys.setswitchinterval(_SECONDS_BETWEEN_THREADS)
        self._loop = asyncio.get_running_loop()
        self.call_after_refresh(self._furnish)

    def on_unmount(self) -> None:
        """Keep the view, and let the interpreter clean up as always: libraries complain at its end of what is left."""
        self._save_state()
        gc.unfreeze()
        gc.set_threshold(*self._thresholds)

    async def _furnish(self) -> None:
        """Fill the tabs, what is looked at first, and have the folders read."""
        with collector_at_rest():
            from cifar_tui.tui.demo import demo_config
            from cifar_tui.tui.screens.data import DataPane
            from cifar_tui.tui.screens.launch import LaunchPane
            from cifar_tui.tui.screens.leaderboard import LeaderboardPane
            from cifar_tui.tui.screens.live import LivePane

        state, library = self.state, self.library
        self._launch_pane = LaunchPane(
            library, library.find(FIRST_PRESET), self.paths, with_advanced=state.with_advanced
        )
        self._live_pane = LivePane(
            library, smoothing=state.smoothing, log_scale=state.log_scale, with_log=state.with_log
        )
        self._leaderboard_pane = LeaderboardPane(library, self.store, state, self.marked)
        self._data_pane = DataPane(self.paths)
        panes: dict[str, Widget] = {
            "launch": self._launch_pane,
            "live": self._live_pane,
            "leaderboard": self._leaderboard_pane,
            "data": self._data_pane,
        }
        while panes:  # what is looked at first; by then a person may have gone to another tab
            tab = self._wanted_tab if self._wanted_tab in panes else next(iter(panes))
            pane = panes.pop(tab)
            await self._tabs.get_pane(tab).mount(pane)
            self._entrances[tab] = pane.query_one(TABS[tab])
        self._look_for_data()
        if self._demo:
            self._add((demo_config(self.library.find(FIRST_PRESET)),), first=True)
        if not has_locks(self.paths.data):
            self.notify(NO_LOCKS, title="No locks", severity="warning", timeout=20)
        try:
            self.store.check()
        except StoreError as error:
            self.notify(str(error), title="No runs", severity="error", timeout=20, markup=False)
        self._empty_trash()
        # The tabs tell of their first one late, which undoes what was pressed by then: settle behind that message.
        self._tabs.query_one(Tabs).call_later(self._tabs.call_later, self._settle)
        self.set_interval(_SECONDS_BETWEEN_LOOKS, self._tick)
        self._is_filled = True
        self.look()

    def _settle(self) -> None:
        self._tabs.active = self._wanted_tab
        self._focus_pane(self._wanted_tab)
        _spare_what_stays()
        self.is_furnished = True
        self._show_data()

    def _tick(self) -> None:
        self._catch_up_with_the_terminal()
        self._save_state()
        self._look_for_data()
        if self._view is not None:
            self.look_at_slurm(self._view.snapshot.with_slurm)
        self.look()

    def look(self) -> None:
        """Read again what changed in the run folders, one reader at a time."""
        self._look_again = self._is_looking
        if not self._is_looking:
            self._is_looking = True
            self._look()

    def _is_training(self) -> bool:
        return bool(self._view is not None and self._view.snapshot.running)

    def action_show_tab(self, tab: str) -> None:
        """Go to a tab, from what lies over the tabs, too."""
        if _scope_of(self.screen):
            self.screen.dismiss(None)
        self._wanted_tab = tab
        self._tabs.active = tab
        self._focus_pane(tab)
        self._show_data()
        self.remember(tab=tab)

    def action_help(self) -> None:
        """Show the keys that work here."""
        from cifar_tui.tui.screens.help import HelpScreen

        scope = _scope_of(self.screen) or self._tabs.active
        self.push_screen(HelpScreen((scope, *(("form",) if scope == "launch" else ()), "app")))

    def action_next_theme(self) -> None:
        """Take the next theme."""
        self.theme = THEMES[(THEMES.index(self.theme) + 1) % len(THEMES)]
        self.remember(theme=self.theme)
        self.notify(f"Colours: {self.theme}")

    def action_toggle_bell(self) -> None:
        """Ring when a run ends, or be silent."""
        self.remember(bell=not self.state.bell)
        self.notify("The terminal rings when a run ends." if self.state.bell else "Silent when a run ends.")

    def get_system_commands(self, screen: Screen[object]) -> Iterator[SystemCommand]:
        """Offer the table's actions in the command palette: all that a screen has; none on a dialog, which waits."""
        if scope := _scope_of(screen):
            yield from commands(self._run_command, (scope, "app"))
        elif isinstance(screen, MainScreen):
            yield from commands(self._run_command, (*TABS, "form", "app"))

    def _run_command(self, scope: str, action: str) -> None:
        if not self.is_furnished:
            return
        owner: DOMNode = self.screen if scope in SCREENS else self
        if (tab := "launch" if scope == "form" else scope) in TABS:
            if tab != self._tabs.active:
                self.action_show_tab(tab)
            owner = self._launch_pane.form if scope == "form" else self._tabs.get_pane(tab).children[0]
        self.call_later(self.run_action, action, owner)

    def remember(self, **changes: object) -> None:
        """Keep a part of the view's state for the next start; it is written with the next look, or at the end."""
        self.state = self.state.model_copy(update=changes)

    def _save_state(self) -> None:
        if self.state is not self._saved_state:
            self._saved_state = self.state
            save_state(self._state_file, self.state)

    def end_screen(self) -> None:
        """Take the screen down; called in any thread, at any time."""
        with contextlib.suppress(RuntimeError):  # it is down already
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self.exit)

    def action_leave(self) -> None:
        """Leave at once; a run that trains here stops at its next batch and keeps a checkpoint."""
        self.runner.shut_down()
        self.exit()

    @work(group="resume")
    async def action_resume_all(self) -> None:
        """Queue every interrupted run again."""
        rows = self._view.snapshot.rows if self._view else ()
        interrupted = [row.key for row in rows if row.status == RunStatus.INTERRUPTED]
        problems: list[StoreError] = []
        resume = partial(self.run_queue.resume_all, interrupted, passed_over=problems.append)
        count = len(await asyncio.to_thread(resume))
        self.runner.wake()
        self.look()
        for problem in problems:
            self.notify(str(problem), severity="warning", markup=False)
        if count or not interrupted:
            self.notify(f"{count} queued to go on." if count else "No run was interrupted.")

    async def action_quit(self) -> None:
        """Leave; asks first when a run trains here."""
        self._leave()

    @work(exclusive=True, group="quit")
    async def _leave(self) -> None:
        current: list[Run] = []
        for run_id in self.runner.current:
            with contextlib.suppress(StoreError):  # its folder was removed
                current.append(self.store.get(run_id))
        current = [run for run in current if run.status is RunStatus.RUNNING]
        if current:
            names = f"{current[0].title} is" if len(current) == 1 else f"{len(current)} runs are"
            them = "it" if len(current) == 1 else "them"
            from cifar_tui.tui.screens.confirm import ConfirmScreen

            question = f"{names} training. Leaving stops {them} at the next batch; what is queued stays queued."
            if not await self.push_screen_wait(ConfirmScreen(question, "Stop and leave", "Stay")):
                return
        self.action_leave()

    @work(thread=True, group="trash")
    def _empty_trash(self) -> None:
        self.store.empty_trash(_TRASH_IS_KEPT)

    @work(thread=True, group="interrupted")
    def _mark_interrupted(self, rows: "Sequence[Row]") -> None:
        """Write down which runs lost their process, and say so once: here, not at each later start."""
        found = [row for row in rows if self.store.mark_interrupted(row.key)]
        if found:
            names = ", ".join(f"{row.name} (epoch {row.epochs or 0} of {row.planned_epochs})" for row in found[:3])
            names += f" and {len(found) - 3} more" if len(found) > 3 else ""
            if len(found) == 1:
                title, way = "A run was interrupted", "R resumes it."
            else:
                title, way = f"{len(found)} runs were interrupted", "R resumes all of them; c on the leaderboard one."
            self.notify(f"{names}. {way}", title=title, severity="warning", markup=False, timeout=12)

    @work(thread=True, group="look")
    def _look(self) -> None:
        from cifar_tui.tui.look import Wish

        wish = Wish(self._follow, tuple(self.marked), self.state.with_log, self.jobs)
        self.post_message(self.Looked(self._looker.look(wish)))

    def _hear(self, run_id: str, event: Event) -> None:
        """Called by the training thread: hand over, and go on at once."""
        if isinstance(event, RunStarted) and not self._has_spared_torch:
            self._has_spared_torch = True
            _spare_what_stays()  # to look through all of torch for garbage would hold the screen for 0.3 s
        if isinstance(event, WritingFailed):
            title = "The run folder takes nothing more"
            self.notify(event.reason, title=title, severity="error", timeout=30, markup=False)
        elif isinstance(event, WritingRecovered):
            self.notify("The run folder holds everything again.")
        self.post_message(self.RunSpoke())

    @on(RunSpoke)
    def _run_spoke(self) -> None:
        self.look()

    @on(Looked)
    def _looked(self, message: Looked) -> None:
        self._is_looking = False
        if not self.is_running:
            return  # the panes are being taken down
        if self._look_again:
            self.look()
        before, self._view = self._view, message.view
        if not self._is_filled:
            return
        if not self._has_started_training:
            self._has_started_training = True
            self.runner.start()  # behind the first look: it reads the same folders, and finds them read
        if message.view != before:
            self._show(message.view)
        if before is None:
            self._mark_interrupted([row for row in message.view.snapshot.rows if row.status == RunStatus.INTERRUPTED])
        from cifar_tui.tui.look import ends
        from cifar_tui.tui.notices import tell_terminal

        for sentence in ends(before.snapshot, message.view.snapshot) if before else ():
            self.notify(sentence, markup=False, timeout=10)
            if self.state.bell:
                tell_terminal(self, sentence)

    def _show(self, view: "LiveView") -> None:
        snapshot = view.snapshot
        self._launch_pane.show_busy(busy=bool(snapshot.running))
        self._live_pane.show(view)
        self._leaderboard_pane.show(snapshot, view.measured)
        self._tabs.get_tab("live").label = f"2 Live{' ●' if snapshot.running else ''}"

    @on(TabbedContent.TabActivated)
    def _tab_activated(self, message: TabbedContent.TabActivated) -> None:
        if not self.screen_stack:
            return  # the app is being left, and its screens are gone
        tab = message.pane.id or ""
        if self.focused is None:
            self._focus_pane(tab)
        elif tab in self._entrances:
            self._main.correct_look(self._entrances[tab])
        self._show_data()

    def _on_launch_pane_advanced_toggled(self, message: "LaunchPane.AdvancedToggled") -> None:
        self.remember(with_advanced=message.shown)

    def _on_live_pane_view_changed(self, message: "LivePane.ViewChanged") -> None:
        self._change_view(message.changes)

    def _on_leaderboard_pane_view_changed(self, message: "LeaderboardPane.ViewChanged") -> None:
        self._change_view(message.changes)

    def _change_view(self, changes: Mapping[str, object]) -> None:
        self.remember(**changes)
        self.look()

    def _focus_pane(self, tab: str) -> None:
        if tab in self._entrances:
            self._main.pass_focus(self._entrances[tab])


def _scope_of(screen: Screen[Any]) -> str | None:
    """The scope of keys that a screen has, if it is one of `SCREENS`."""
    return screen.id if screen.id in SCREENS else None


def _spare_what_stays() -> None:
    """Keep the collector from looking through what is there now, and from looking often."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
