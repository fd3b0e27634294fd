"""What is done when the form asks for it: runs are queued, handed to Slurm, kept as presets; images are got."""

import asyncio
import time
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from textual import on, work
from textual.message import Message
from textual.widgets import TabbedContent

from cifar_tui.config import RunConfig, Source, with_values
from cifar_tui.events import Event
from cifar_tui.files import replace_text
from cifar_tui.paths import Paths
from cifar_tui.presets import PresetLibrary, load_presets, save_preset
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.runners import Runners
from cifar_tui.runs.store import Run, RunStore, StoreError
from cifar_tui.slurm.errors import SlurmError
from cifar_tui.tui.images.app import ImagesApp
from cifar_tui.tui.screens.ask import AskScreen
from cifar_tui.tui.slurm_desk import SlurmDesk
from cifar_tui.tui.transfer import Transfer

if TYPE_CHECKING:
    from cifar_tui.tui.look import Looker
    from cifar_tui.tui.screens.data import DataPane
    from cifar_tui.tui.screens.dataset import DatasetChoice
    from cifar_tui.tui.screens.launch import LaunchPane
    from cifar_tui.tui.screens.leaderboard import LeaderboardPane
    from cifar_tui.tui.screens.live import LivePane


_SECONDS_BETWEEN_QUESTIONS = 2.0
"""To Slurm, after its last answer; a run's job shows how it stands within twice that where Slurm answers at once."""


class LaunchApp(ImagesApp):
    """The store, the queue and what trains, behind whatever screens there are.

    It hears the panes by the names that Textual gives their messages: `@on` would need the panes themselves, which the
    first frame does not wait for.
    """

    _launch_pane: "LaunchPane"
    _live_pane: "LivePane"
    _leaderboard_pane: "LeaderboardPane"
    _data_pane: "DataPane"

    class TransferEnded(Message):
        """A download or an import is over."""

    def __init__(self, paths: Paths, devices: tuple[str, ...]) -> None:
        super().__init__()
        self.paths = paths
        self.store = RunStore(paths.runs)
        self.run_queue = RunQueue(self.store)
        self.runner = Runners(paths, self.store, self._hear, devices=devices, tell=self._tell_of_a_device)
        self.slurm_desk = SlurmDesk(paths, self.store, self.run_queue)
        self.jobs: dict[str, str] = {}
        """What Slurm says of the runs that it has, by their ids."""
        self._slurm_problem: str | None = None
        self._is_asking_slurm = False
        self._slurm_answered_at = -_SECONDS_BETWEEN_QUESTIONS
        self._has_told_of_the_copy = False
        self._transfer = Transfer(lambda: self.post_message(self.TransferEnded()))
        self._add_turn = asyncio.Lock()
        self._follow: str | None = None
        """The run that Live shows; None takes the one that trains."""
        self.is_furnished = False
        """Whether the tabs are filled."""

    def copy_to_clipboard(self, text: str) -> None:
        """Copy `text`; as not every terminal takes it, into a file, too, and tell of that once."""
        super().copy_to_clipboard(text)
        file = self.paths.data / "clipboard.md"
        try:
            replace_text(file, text, durable=False)
        except OSError:
            return
        if not self._has_told_of_the_copy:
            self._has_told_of_the_copy = True
            self.notify(f"For terminals that do not take it, the copy is in {file}", markup=False)

    @cached_property
    def library(self) -> PresetLibrary:
        """The presets; the first frame does not wait for their files to be read."""
        return load_presets(self.paths)

    @cached_property
    def _looker(self) -> "Looker":
        from cifar_tui.tui.look import Looker

        return Looker(self.store, self.run_queue, self.library)

    @property
    def _tabs(self) -> TabbedContent:
        """The tabs, also while a dialog lies over them."""
        return self.screen_stack[0].query_one(TabbedContent)

    def look(self) -> None:
        """Read again what changed in the run folders."""
        raise NotImplementedError

    def _is_training(self) -> bool:
        """Whether a run trains, in this process or in another."""
        raise NotImplementedError

    def action_show_tab(self, tab: str) -> None:
        """Go to a tab."""
        raise NotImplementedError

    def _hear(self, run_id: str, event: Event) -> None:
        """Called by the training thread: hand over, and go on at once."""
        raise NotImplementedError

    def _tell_of_a_device(self, sentence: str) -> None:
        """Called by threads that train."""
        self.notify(sentence, title="A device is gone", severity="error", markup=False, timeout=20)

    @work(exclusive=True, group="launch")
    async def _on_launch_pane_launched(self, message: "LaunchPane.Launched") -> None:
        configs = message.configs
        if any(config.data.source is Source.CIFAR100 for config in configs) and not self.paths.has_cifar100:
            from cifar_tui.tui.screens.dataset import DatasetChoice

            choice = await self._ask_for_data()
            if choice is None:
                return
            if choice is DatasetChoice.SYNTHETIC:
                configs = tuple(_on_embedded_data(config) for config in configs)
        if message.on is not None:
            self._hand_over(configs, message.on, is_sweep=message.is_sweep)
            return
        if message.first:  # not when all is written: by then a person may be at something else
            self.action_show_tab("live")
        self._add(configs, first=message.first, is_sweep=message.is_sweep)

    @work(group="hand-over")  # not exclusive: what Slurm was asked for happens, and its answer must be told
    async def _hand_over(self, configs: tuple[RunConfig, ...], on: str, *, is_sweep: bool) -> None:
        try:
            runs, jobs = await asyncio.to_thread(self.slurm_desk.hand_over, configs, on, is_sweep=is_sweep)
        except (SlurmError, StoreError) as error:
            self.notify(str(error), title="Not handed over", severity="error", markup=False, timeout=15)
            return
        finally:
            self.look()
        if not runs:
            self.notify("Every one of these runs is in the sweep already.")
            return
        count = f"{len(runs)} runs" if len(runs) > 1 else runs[0].title
        self.notify(f"Handed to Slurm as job {', '.join(jobs)}: {count}", markup=False)

    @work(exclusive=True, group="place")
    async def _on_launch_pane_place_wanted(self, message: "LaunchPane.PlaceWanted") -> None:
        if message.on is not None:
            self._launch_pane.show_place(None)
            self.notify("Runs are trained on this machine again.")
            return
        try:
            with self.opening():
                value = await asyncio.to_thread(self.slurm_desk.defaults)
        except SlurmError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        text = (
            "Options of sbatch, KEY=VALUE each: partition, time, gres, account … A run that reaches the time limit "
            f"goes on in the next job. Defaults are kept in {self.paths.settings}, under [slurm]. o takes it back."
        )
        on = await self.push_screen_wait(AskScreen("Run on Slurm", text, value, self.slurm_desk.accept, do="Use it"))
        if on is not None:
            self._launch_pane.show_place(on)

    def look_at_slurm(self, runs: Sequence[Run]) -> None:
        """Ask Slurm after its runs, now and then."""
        is_due = time.monotonic() - self._slurm_answered_at >= _SECONDS_BETWEEN_QUESTIONS
        if runs and is_due and not self._is_asking_slurm:
            self._is_asking_slurm = True
            self._ask_slurm(runs)

    @work(group="slurm")
    async def _ask_slurm(self, runs: Sequence[Run]) -> None:
        try:
            self.jobs = await asyncio.to_thread(self.slurm_desk.look, runs)
            self._slurm_problem = None
        except SlurmError as error:
            if str(error) != self._slurm_problem:
                self._slurm_problem = str(error)
                self.notify(str(error), title="Slurm", severity="warning", markup=False)
        finally:
            self._is_asking_slurm = False
            self._slurm_answered_at = time.monotonic()
        self.look()

    @work(exclusive=True, group="save")
    async def _on_launch_pane_save_wanted(self, message: "LaunchPane.SaveWanted") -> None:
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

    def _on_launch_pane_data_wanted(self) -> None:
        self._offer_data()

    def _on_data_pane_data_wanted(self) -> None:
        self._offer_data()

    @work(exclusive=True, group="launch")
    async def _offer_data(self) -> None:
        await self._ask_for_data()
        self._show_data()

    async def _ask_for_data(self) -> "DatasetChoice | None":
        from cifar_tui.tui.screens.dataset import DatasetChoice, DatasetScreen

        choice = await self.push_screen_wait(DatasetScreen(self.paths, self._transfer))
        self._look_for_data()
        if choice is DatasetChoice.SYNTHETIC:
            self._launch_pane.form.set_field(("data", "source"), Source.SYNTHETIC.value)
        elif choice is DatasetChoice.CIFAR100:
            self.notify("CIFAR-100 is ready.")
        return choice

    @on(TransferEnded)
    def _transfer_ended(self) -> None:
        """Tell what came of a transfer where no dialog does."""
        from cifar_tui.tui.screens.dataset import DatasetScreen

        if any(isinstance(screen, DatasetScreen) for screen in self.screen_stack):
            return
        self._look_for_data()
        self._show_data()
        if self._transfer.error is None:
            self.notify("CIFAR-100 is ready.")
        else:
            self.notify(self._transfer.error, title="No CIFAR-100", severity="error", markup=False, timeout=15)

    def _show_data(self) -> None:
        """Have the Data tab, where it is looked at, show the images that the form names."""
        if self.is_furnished and self._tabs.active == "data":
            form = self._launch_pane.form
            self._data_pane.show(form.config.data if form.config else None, form.first_error)

    def _look_for_data(self) -> None:
        """Say whether CIFAR-100 is there: it may come while no dialog waits for it, and from another process."""
        self._launch_pane.show_data_state(has_cifar100=self.paths.has_cifar100)

    @work(group="add")  # not exclusive: what is begun happens, and must be told
    async def _add(self, configs: tuple[RunConfig, ...], *, first: bool, is_sweep: bool = False) -> None:
        """Queue `configs` in their order; of a sweep those that are there already are not made again."""
        from cifar_tui.runs.sweep import carry_out, plan, sweep_name  # the first frame does not wait for tables

        def add() -> list[Run]:
            if not is_sweep:
                return self.run_queue.add_all(configs, first=first)
            name = sweep_name(configs)
            return list(carry_out(self.run_queue, name, plan(self.store, name, configs), first=first))

        is_busy = self._is_training()
        try:
            async with self._add_turn:  # or of a sweep that is asked for twice, both would find nothing there
                added = await asyncio.to_thread(add)
        except StoreError as error:
            title = "Not queued" if len(configs) == 1 else "Not all of them are queued"
            self.notify(str(error), title=title, severity="error", markup=False)
            self.look()
            return
        self._follow = None
        self.runner.wake()
        self.look()
        if not added:
            self.notify("Every one of these runs is in the sweep already.")
            return
        names = ", ".join(run.title for run in added[:3])
        if len(added) > 3:
            names += f" and {len(added) - 3} more"
        is_paused = self.run_queue.is_paused
        begins = first and not is_paused and not is_busy
        hint = ". The queue is paused; w on Live lets it go on." if is_paused else ""
        self.notify(f"{'Training' if begins else 'Queued'}: {names}{hint}", markup=False)


def _on_embedded_data(config: RunConfig) -> RunConfig:
    """Return a configuration that wanted CIFAR-100 on the embedded set; others stay."""
    if config.data.source is not Source.CIFAR100:
        return config
    return with_values(config, {("data", "source"): Source.SYNTHETIC.value})
