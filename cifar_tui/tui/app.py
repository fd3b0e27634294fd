"""The app: three tabs over the run folders, and the one training thread beside them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import ClassVar

from textual import on, work
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Static, TabbedContent, TabPane

from cifar_tui.config import DataConfig, RunConfig, Source, TrainingConfig, with_values
from cifar_tui.data import cifar100
from cifar_tui.events import Event
from cifar_tui.paths import Paths
from cifar_tui.presets import load_presets, save_preset
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.runner import Runner
from cifar_tui.runs.store import Run, RunStore, StoreError
from cifar_tui.tui.commands import commands
from cifar_tui.tui.keys import bindings
from cifar_tui.tui.look import Looker, Wish, ends
from cifar_tui.tui.notices import tell_terminal
from cifar_tui.tui.screens.ask import AskScreen
from cifar_tui.tui.screens.compare import CompareScreen
from cifar_tui.tui.screens.confirm import ConfirmScreen
from cifar_tui.tui.screens.dataset import DatasetChoice, DatasetScreen
from cifar_tui.tui.screens.help import HelpScreen
from cifar_tui.tui.screens.launch import LaunchPane
from cifar_tui.tui.screens.leaderboard import LeaderboardPane
from cifar_tui.tui.screens.live import LivePane, LiveView
from cifar_tui.tui.screens.run import RunScreen
from cifar_tui.tui.state import load_state, save_state
from cifar_tui.tui.themes import THEMES, register_themes

FIRST_PRESET = "part1/simple_cnn"
SMALLEST = Size(60, 18)
"""The smallest terminal that the app is laid out for."""
DEMO_EPOCHS = 10
_SECONDS_BETWEEN_LOOKS = 1.0
_TRASH_IS_KEPT = timedelta(days=7)


TABS: Mapping[str, type[Widget]] = {"launch": LaunchPane, "live": LivePane, "leaderboard": LeaderboardPane}


class CifarApp(App[None]):
    """Choose, train, watch, compare."""

    TITLE = "cifar-tui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  Textual declares it so
        (0, "-cramped"),
        (SMALLEST.width, "-narrow"),
        (100, "-wide"),
        (118, "-broad"),
        (140, "-roomy"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-flat"),
        (SMALLEST.height, "-low"),
        (32, "-tall"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = bindings("app")

    class RunSpoke(Message):
        """The training thread wrote something to a run folder."""

    class Looked(Message):
        """The run folders were read again."""

        def __init__(self, view: LiveView) -> None:
            super().__init__()
            self.view = view

    def __init__(self, paths: Paths, *, demo: bool = False) -> None:
        super().__init__()
        self.paths = paths
        self.store = RunStore(paths.runs)
        self.run_queue = RunQueue(self.store)
        self.runner = Runner(paths, self.store, self._hear)
        self.library = load_presets(paths)
        self._looker = Looker(self.store, self.run_queue, self.library)
        self._state_file = paths.data / "state.json"
        self.state = load_state(self._state_file)
        register_themes(self)
        self.theme = self.state.theme
        self._demo = demo
        self._is_looking = False
        self._look_again = False
        self._follow: str | None = None
        self._view: LiveView | None = None
        self.marked: list[str] = []
        """The runs that a person marked, in that order."""

    def compose(self) -> ComposeResult:
        """Lay out the tabs."""
        with TabbedContent(initial="live" if self._demo else self.state.tab):
            with TabPane("1 Launch", id="launch"):
                first = self.library.find(FIRST_PRESET)
                yield LaunchPane(self.library, first, self.paths, with_advanced=self.state.with_advanced)
            state = self.state
            with TabPane("2 Live", id="live"):
                yield LivePane(
                    self.library, smoothing=state.smoothing, log_scale=state.log_scale, with_log=state.with_log
                )
            with TabPane("3 Leaderboard", id="leaderboard"):
                yield LeaderboardPane(self.library, self.store, state, self.marked)
        yield Footer(show_command_palette=False)
        yield Static(
            f"cifar-tui needs {SMALLEST.width} columns and {SMALLEST.height} rows. Enlarge the window, or press q.",
            id="too-small",
        )

    @property
    def _tabs(self) -> TabbedContent:
        """The tabs, also while a dialog lies over them."""
        return self.screen_stack[0].query_one(TabbedContent)

    @property
    def _launch_pane(self) -> LaunchPane:
        return self._tabs.query_one(LaunchPane)

    def on_mount(self) -> None:
        """Start the training thread and the look at the folders."""
        self._look_for_data()
        if self._demo:
            self._add((self._demo_config(),), first=True)
        self._empty_trash()
        self.runner.start()
        self._focus_pane(self._tabs.active)
        self.set_interval(_SECONDS_BETWEEN_LOOKS, self.look)
        self.look()

    def look(self) -> None:
        """Read again what changed in the run folders, one reader at a time."""
        self._look_again = self._is_looking
        if not self._is_looking:
            self._is_looking = True
            self._look()

    def action_show_tab(self, tab: str) -> None:
        """Go to a tab."""
        self._tabs.active = tab
        self._focus_pane(tab)
        self.remember(tab=tab)

    def action_help(self) -> None:
        """Show the keys that work here."""
        tab = self._tabs.active
        scopes = {RunScreen: ("run",), CompareScreen: ("compare",)}.get(type(self.screen), (tab,))
        self.push_screen(HelpScreen((*scopes, *(("form",) if scopes == ("launch",) else ()), "app")))

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
        """Offer every action of the table of keys in the command palette."""
        yield from commands(self._run_command, ("app", *TABS))

    def _run_command(self, scope: str, action: str) -> None:
        if scope in TABS:
            self.action_show_tab(scope)
        pane = self._tabs.query_one(TABS[scope]) if scope in TABS else self
        self.call_later(self.run_action, action, pane)

    def remember(self, **changes: object) -> None:
        """Keep a part of the view's state for the next start."""
        self.state = self.state.model_copy(update=changes)
        save_state(self._state_file, self.state)

    async def action_quit(self) -> None:
        """Leave; asks first when a run trains here."""
        self._leave()

    @work(exclusive=True, group="quit")
    async def _leave(self) -> None:
        current = self.runner.current
        if current is not None:
            name = self.store.get(current).title
            question = f"{name} is training. Leaving stops it at the next batch; what is queued stays queued."
            if not await self.push_screen_wait(ConfirmScreen(question, "Stop and leave", "Stay")):
                return
        self.exit()

    @work(thread=True, group="trash")
    def _empty_trash(self) -> None:
        self.store.empty_trash(_TRASH_IS_KEPT)

    @work(thread=True, group="look")
    def _look(self) -> None:
        wish = Wish(self._follow, tuple(self.marked), self.state.with_log)
        self.post_message(self.Looked(self._looker.look(wish)))

    def _hear(self, run_id: str, event: Event) -> None:
        """Called by the training thread: hand over, and go on at once."""
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
        if message.view != before:
            self._show(message.view)
        for sentence in ends(before.snapshot, message.view.snapshot) if before else ():
            self.notify(sentence, markup=False, timeout=10)
            if self.state.bell:
                tell_terminal(self, sentence)

    def _show(self, view: LiveView) -> None:
        tabs, snapshot = self._tabs, view.snapshot
        tabs.query_one(LaunchPane).show_busy(busy=bool(snapshot.running))
        tabs.query_one(LivePane).show(view)
        tabs.query_one(LeaderboardPane).show(snapshot)
        tabs.get_tab("live").label = f"2 Live{' ●' if snapshot.running else ''}"

    @on(TabbedContent.TabActivated)
    def _tab_activated(self, message: TabbedContent.TabActivated) -> None:
        if message.pane.id is not None and self.focused is None:
            self._focus_pane(message.pane.id)

    @on(LaunchPane.Launched)
    @work(exclusive=True, group="launch")
    async def _launched(self, message: LaunchPane.Launched) -> None:
        configs = message.configs
        if any(config.data.source is Source.CIFAR100 for config in configs) and not cifar100.is_available(self.paths):
            choice = await self._ask_for_data()
            if choice is None:
                return
            if choice is DatasetChoice.SYNTHETIC:
                configs = tuple(_on_embedded_data(config) for config in configs)
        if self._add(configs, first=message.first) and message.first:
            self.action_show_tab("live")

    @on(LaunchPane.AdvancedToggled)
    def _advanced_toggled(self, message: LaunchPane.AdvancedToggled) -> None:
        self.remember(with_advanced=message.shown)

    @on(LaunchPane.SaveWanted)
    @work(exclusive=True, group="save")
    async def _save_wanted(self, message: LaunchPane.SaveWanted) -> None:
        text = f"A title; it is kept in {self.paths.presets} and appears under Mine."
        screen = AskScreen(
            "Save as a preset", text, message.config.name,
            lambda title: save_preset(self.paths, title, message.config),
        )  # fmt: skip
        preset = await self.push_screen_wait(screen)
        if preset is not None:
            self.library = load_presets(self.paths)
            self._launch_pane.show_library(self.library, preset.key)
            self.notify(f"Saved as {preset.key}", markup=False)

    @on(LaunchPane.DataWanted)
    @work(exclusive=True, group="launch")
    async def _data_wanted(self) -> None:
        await self._ask_for_data()

    @on(LivePane.StopWanted)
    @work(exclusive=True, group="stop")
    async def _stop_wanted(self, message: LivePane.StopWanted) -> None:
        run = message.run
        if run.id != self.runner.current:
            self.notify(f"{run.title} is trained by another process; stop it there.", markup=False)
            return
        when = "once its epoch is over" if message.after_epoch else "at its next batch"
        question = f"Stop {run.title} {when}? It keeps a checkpoint and can be resumed."
        if await self.push_screen_wait(ConfirmScreen(question, "Stop it", "Go on")) and run.id == self.runner.current:
            if message.after_epoch:
                self.runner.stop_after_epoch()
            else:
                self.runner.stop_run()

    @on(LivePane.RemoveWanted)
    def _remove_wanted(self, message: LivePane.RemoveWanted) -> None:
        self._change_runs(lambda: self.run_queue.remove(message.run_id))

    @on(LivePane.MoveWanted)
    def _move_wanted(self, message: LivePane.MoveWanted) -> None:
        self._change_runs(lambda: self.run_queue.move(message.run_id, message.step))

    @on(LivePane.PauseWanted)
    def _pause_wanted(self) -> None:
        was_paused = self.run_queue.is_paused
        self._change_runs(self.run_queue.go_on if was_paused else self.run_queue.pause)
        self.runner.wake()
        self.notify("The queue goes on." if was_paused else "The queue waits after the present run.")

    @on(LivePane.ViewChanged)
    @on(LeaderboardPane.ViewChanged)
    def _view_changed(self, message: LivePane.ViewChanged | LeaderboardPane.ViewChanged) -> None:
        self.remember(**message.changes)
        self.look()

    def _change_runs(self, change: Callable[[], object]) -> None:
        """Do what writes to run folders; what goes wrong is told in its own sentence."""
        try:
            change()
        except StoreError as error:
            self.notify(str(error), severity="warning", markup=False)
        self.look()

    @on(LivePane.FollowWanted)
    def _follow_wanted(self) -> None:
        self._follow = None
        self.look()

    @on(LeaderboardPane.FollowWanted)
    def _follow_one(self, message: LeaderboardPane.FollowWanted) -> None:
        self._see_live(message.run_id)

    @on(LeaderboardPane.Opened)
    @work(exclusive=True, group="open")
    async def _opened(self, message: LeaderboardPane.Opened) -> None:
        try:
            detail = await asyncio.to_thread(self._looker.detail, message.run_id, self.library)
        except StoreError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        match await self.push_screen_wait(RunScreen(detail)):
            case "again":
                await self._open_in_form(detail.history.run.config)
            case "continue":
                self._go_on(message.run_id)
            case "live":
                self._see_live(message.run_id)

    @on(LeaderboardPane.AgainWanted)
    async def _again_wanted(self, message: LeaderboardPane.AgainWanted) -> None:
        try:
            await self._open_in_form(self.store.get(message.run_id).config)
        except StoreError as error:
            self.notify(str(error), severity="warning", markup=False)

    @on(LeaderboardPane.CompareWanted)
    @work(exclusive=True, group="open")
    async def _compare_wanted(self, message: LeaderboardPane.CompareWanted) -> None:
        try:
            histories = await asyncio.to_thread(self._looker.histories, message.run_ids)
        except StoreError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        await self.push_screen_wait(CompareScreen(histories))

    @on(LeaderboardPane.MarksChanged)
    @on(LeaderboardPane.RunsChanged)
    def _look_anew(self) -> None:
        self.look()

    @on(LivePane.ContinueWanted)
    @on(LeaderboardPane.ContinueWanted)
    def _continue_wanted(self, message: LivePane.ContinueWanted | LeaderboardPane.ContinueWanted) -> None:
        self._go_on(message.run_id)

    @work(exclusive=True, group="continue")
    async def _go_on(self, run_id: str) -> None:
        """Queue a run to be resumed, or, when it is finished, to be trained on as a new one."""
        try:
            run = self.store.get(run_id)
            if results := run.record.results:
                extended = await self.push_screen_wait(self._ask_for_epochs(run, results.epochs))
                if extended is None:
                    return
                run = extended
            else:
                run = self.run_queue.resume(run.id)
        except StoreError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        self.runner.wake()
        self.look()
        self.notify(f"Queued to go on: {run.title}", markup=False)

    def _ask_for_epochs(self, run: Run, epochs: int) -> AskScreen[Run]:
        def accept(answer: str) -> Run:
            if not answer.strip().isdecimal() or int(answer) <= epochs:
                raise StoreError(f"Needs a whole number above {epochs}.")
            return self.run_queue.extend(run.id, int(answer))

        text = (
            f"{run.title} finished after {epochs} epochs. Train it on, as a new run, to how many in all? "
            "The learning rate follows the schedule of the longer run."
        )
        return AskScreen("Train on", text, str(2 * epochs), accept, do="Queue it")

    def _see_live(self, run_id: str) -> None:
        self._follow = run_id
        self.look()
        self.action_show_tab("live")

    async def _open_in_form(self, config: RunConfig) -> None:
        self.action_show_tab("launch")
        await self._launch_pane.open_config(config)

    async def _ask_for_data(self) -> DatasetChoice | None:
        choice = await self.push_screen_wait(DatasetScreen(self.paths))
        self._look_for_data()
        if choice is DatasetChoice.SYNTHETIC:
            self._launch_pane.form.set_field(("data", "source"), Source.SYNTHETIC.value)
        elif choice is DatasetChoice.CIFAR100:
            self.notify("CIFAR-100 is ready.")
        return choice

    def _look_for_data(self) -> None:
        self._launch_pane.show_data_state(has_cifar100=cifar100.is_available(self.paths))

    def _add(self, configs: tuple[RunConfig, ...], *, first: bool) -> bool:
        """Queue `configs` in their order; False where the folder cannot be written to."""
        try:
            for config in reversed(configs) if first else configs:
                self.run_queue.add(config, first=first)
        except StoreError as error:
            self.notify(str(error), title="Not queued", severity="error", markup=False)
            return False
        self._follow = None
        self.runner.wake()
        self.look()
        names = ", ".join(config.title for config in configs[:3])
        if len(configs) > 3:
            names += f" and {len(configs) - 3} more"
        busy = self.runner.current is not None
        self.notify(f"{'Queued' if busy or not first else 'Training'}: {names}", markup=False)
        return True

    def _focus_pane(self, tab: str) -> None:
        targets = {"launch": "#presets", "live": "#queue", "leaderboard": "#table"}
        self._tabs.query_one(targets[tab]).focus()

    def _demo_config(self) -> RunConfig:
        return RunConfig(
            name="Demo: SimpleCNN",
            model=self.library.find(FIRST_PRESET).config.model,
            data=DataConfig(source=Source.SYNTHETIC),
            training=TrainingConfig(epochs=DEMO_EPOCHS),
        )


def _on_embedded_data(config: RunConfig) -> RunConfig:
    """Return a configuration that wanted CIFAR-100 on the embedded set; others stay."""
    if config.data.source is not Source.CIFAR100:
        return config
    return with_values(config, {("data", "source"): Source.SYNTHETIC.value})


def run_app(paths: Paths, *, demo: bool = False) -> None:
    """Run the app until the person leaves, then let the training thread end at its next batch."""
    app = CifarApp(paths, demo=demo)
    try:
        app.run()
    finally:
        if app.runner.current is not None:
            print("Stopping the run at its next batch, and keeping a checkpoint …", flush=True)
        app.runner.shut_down()
        app.runner.join()
