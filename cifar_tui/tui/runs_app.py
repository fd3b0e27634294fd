"""What is done with runs when a screen asks for it: launch, stop, move, resume, train on, open, compare."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.widgets import TabbedContent

from cifar_tui.analysis.errors import PredictionsError
from cifar_tui.config import RunConfig, Source, with_values
from cifar_tui.events import Event
from cifar_tui.paths import Paths, expand
from cifar_tui.presets import PresetLibrary, load_presets, save_preset
from cifar_tui.report.selection import ReportError, Selection
from cifar_tui.runs.queue import RunQueue
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.runners import Runners
from cifar_tui.runs.stopping import StopAt, ask_to_stop, let_go_on, wanted_stop
from cifar_tui.runs.store import Run, RunStore, StoreError
from cifar_tui.runs.sweep import carry_out, plan, runs_of_sweep, sweep_name
from cifar_tui.slurm.errors import SlurmError
from cifar_tui.tui.images.app import ImagesApp
from cifar_tui.tui.screens.ask import AskScreen
from cifar_tui.tui.screens.confirm import ConfirmScreen
from cifar_tui.tui.slurm_desk import SlurmDesk, is_with_slurm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cifar_tui.report.write import WrittenReport
    from cifar_tui.tui.look import Looker
    from cifar_tui.tui.screens.data import DataPane
    from cifar_tui.tui.screens.dataset import DatasetChoice
    from cifar_tui.tui.screens.launch import LaunchPane
    from cifar_tui.tui.screens.leaderboard import LeaderboardPane
    from cifar_tui.tui.screens.live import LivePane
    from cifar_tui.tui.screens.run_edits import RunEdits


_SECONDS_BETWEEN_QUESTIONS = 2.0
"""To Slurm; a run's job shows how it stands within twice that."""


class RunsApp(ImagesApp):
    """The store, the queue and what trains, behind whatever screens there are.

    It hears the panes by the names that Textual gives their messages: `@on` would need the panes themselves, which the
    first frame does not wait for.
    """

    _launch_pane: "LaunchPane"
    _live_pane: "LivePane"
    _leaderboard_pane: "LeaderboardPane"
    _data_pane: "DataPane"

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
        self._asked_slurm_at = -_SECONDS_BETWEEN_QUESTIONS
        self._follow: str | None = None
        """The run that Live shows; None takes the one that trains."""
        self.is_furnished = False
        """Whether the tabs are filled."""

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
        if any(config.data.source is Source.CIFAR100 for config in configs) and not self.paths.cifar100.is_file():
            from cifar_tui.tui.screens.dataset import DatasetChoice

            choice = await self._ask_for_data()
            if choice is None:
                return
            if choice is DatasetChoice.SYNTHETIC:
                configs = tuple(_on_embedded_data(config) for config in configs)
        if message.on is not None:
            await self._hand_over(configs, message.on, is_sweep=message.is_sweep)
        elif self._add(configs, first=message.first, is_sweep=message.is_sweep) and message.first:
            self.action_show_tab("live")

    async def _hand_over(self, configs: tuple[RunConfig, ...], on: str, *, is_sweep: bool) -> None:
        try:
            runs = await asyncio.to_thread(self.slurm_desk.hand_over, configs, on, is_sweep=is_sweep)
        except (SlurmError, StoreError) as error:
            self.notify(str(error), title="Not handed over", severity="error", markup=False, timeout=15)
            return
        finally:
            self.look()
        if not runs:
            self.notify("Every one of these runs is in the sweep already.")
            return
        jobs = [run.record.slurm.id for run in map(self.store.get, [run.id for run in runs]) if run.record.slurm]
        names = ", ".join(dict.fromkeys((job or "?").partition("_")[0] for job in jobs))
        count = f"{len(runs)} runs" if len(runs) > 1 else runs[0].title
        self.notify(f"Handed to Slurm as job {names}: {count}", markup=False)
        self.action_show_tab("live")

    @work(exclusive=True, group="place")
    async def _on_launch_pane_place_wanted(self, message: "LaunchPane.PlaceWanted") -> None:
        if message.on is not None:
            self._launch_pane.show_place(None)
            self.notify("Runs are trained on this machine again.")
            return
        try:
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

    def look_at_slurm(self) -> None:
        """Ask Slurm after its runs, now and then."""
        if time.monotonic() - self._asked_slurm_at >= _SECONDS_BETWEEN_QUESTIONS:
            self._asked_slurm_at = time.monotonic()
            self._ask_slurm()

    @work(exclusive=True, group="slurm")
    async def _ask_slurm(self) -> None:
        try:
            self.jobs = await asyncio.to_thread(self.slurm_desk.look)
            self._slurm_problem = None
        except SlurmError as error:
            if str(error) != self._slurm_problem:
                self._slurm_problem = str(error)
                self.notify(str(error), title="Slurm", severity="warning", markup=False)
        self.look()

    @work(exclusive=True, group="open")
    async def _on_leaderboard_pane_sweep_wanted(self, message: "LeaderboardPane.SweepWanted") -> None:
        def read() -> tuple[Run, ...]:
            return runs_of_sweep(self.store, message.run_id)

        from cifar_tui.tui.screens.sweep import SweepScreen

        runs = await asyncio.to_thread(read)
        if await self.push_screen_wait(SweepScreen(message.run_id, runs, read)) is not None:
            self._leaderboard_pane.filter_by(f"sweep:{message.run_id}")

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

    @work(exclusive=True, group="stop")
    async def _on_live_pane_stop_wanted(self, message: "LivePane.StopWanted") -> None:
        run = message.run
        if message.after_epoch and wanted_stop(run.folder):
            self._change_runs(lambda: let_go_on(run.folder))
            self.notify(f"{run.title} goes on.", markup=False)
            return
        at = StopAt.EPOCH if message.after_epoch else StopAt.BATCH
        when = "once its epoch is over" if message.after_epoch else "at its next batch"
        question = f"Stop {run.title} {when}? It keeps a checkpoint and can be resumed."
        if await self.push_screen_wait(ConfirmScreen(question, "Stop it", "Go on")):
            if is_with_slurm(run) and at is StopAt.BATCH:
                await self._cancel_job(run)
            else:
                self._change_runs(lambda: ask_to_stop(run.folder, at))

    async def _cancel_job(self, run: Run) -> None:
        try:
            await asyncio.to_thread(self.slurm_desk.cancel, run)
        except (SlurmError, StoreError) as error:
            self.notify(str(error), severity="warning", markup=False)
        self.look()

    @work(exclusive=True, group="stop")
    async def _on_live_pane_remove_wanted(self, message: "LivePane.RemoveWanted") -> None:
        with contextlib.suppress(StoreError):
            run = self.store.get(message.run_id)
            if run.status is RunStatus.QUEUED and is_with_slurm(run):
                await self._cancel_job(run)
                return
        self._change_runs(lambda: self.run_queue.remove(message.run_id))

    def _on_live_pane_move_wanted(self, message: "LivePane.MoveWanted") -> None:
        self._change_runs(lambda: self.run_queue.move(message.run_id, message.step))

    def _on_live_pane_pause_wanted(self) -> None:
        was_paused = self.run_queue.is_paused
        self._change_runs(self.run_queue.go_on if was_paused else self.run_queue.pause)
        self.runner.wake()
        self.notify("The queue goes on." if was_paused else "The queue waits after the present run.")

    def _change_runs(self, change: Callable[[], object]) -> None:
        """Do what writes to run folders; what goes wrong is told in its own sentence."""
        try:
            change()
        except StoreError as error:
            self.notify(str(error), severity="warning", markup=False)
        self.look()

    def _on_live_pane_follow_wanted(self, message: "LivePane.FollowWanted") -> None:
        self._follow = message.run_id
        self.look()

    def _on_leaderboard_pane_follow_wanted(self, message: "LeaderboardPane.FollowWanted") -> None:
        self._see_live(message.run_id)

    @work(exclusive=True, group="open")
    async def _on_leaderboard_pane_opened(self, message: "LeaderboardPane.Opened") -> None:
        try:
            detail = await asyncio.to_thread(self._looker.detail, message.run_id, self.library)
        except StoreError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        from cifar_tui.tui.screens.run import (
            RunScreen,
        )

        match await self.push_screen_wait(RunScreen(detail)):
            case "again":
                self._open_in_form(detail.history.run.config)
            case "continue":
                self._go_on(message.run_id)
            case "live":
                self._see_live(message.run_id)
            case "inspect":
                await self._inspect(message.run_id)

    @work(exclusive=True, group="open")
    async def _on_leaderboard_pane_inspect_wanted(self, message: "LeaderboardPane.InspectWanted") -> None:
        await self._inspect(message.run_id)

    async def _inspect(self, run_id: str) -> None:
        try:
            detail = await asyncio.to_thread(self._looker.inspection, run_id, self.paths)
        except (StoreError, PredictionsError) as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        from cifar_tui.tui.screens.inspect import InspectScreen

        await self.push_screen_wait(InspectScreen(detail))

    def _on_leaderboard_pane_again_wanted(self, message: "LeaderboardPane.AgainWanted") -> None:
        try:
            self._open_in_form(self.store.get(message.run_id).config)
        except StoreError as error:
            self.notify(str(error), severity="warning", markup=False)

    @work(exclusive=True, group="open")
    async def _on_leaderboard_pane_compare_wanted(self, message: "LeaderboardPane.CompareWanted") -> None:
        try:
            histories = await asyncio.to_thread(self._looker.histories, message.run_ids)
        except StoreError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        from cifar_tui.tui.look import load_tested_pixels
        from cifar_tui.tui.screens.compare import CompareScreen

        def load_pixels(run: Run, labels: "NDArray[np.int64]") -> "NDArray[np.uint8]":
            return load_tested_pixels(run, labels, self.paths)

        await self.push_screen_wait(CompareScreen(histories, load_pixels))

    @work(exclusive=True, group="report")
    async def _on_run_edits_report_wanted(self, message: "RunEdits.ReportWanted") -> None:
        count = len(message.run_ids)
        which = f"the {count} marked run{'s' * (count > 1)}" if count else "every finished run"
        text = (
            f"From {which}, as one HTML file. The folder for it; cifar-tui report writes Vietnamese and Markdown, too."
        )
        folder = await self.push_screen_wait(
            AskScreen(
                "Course report", text, str(Path.cwd() / "report"), lambda answer: expand(answer.strip()), do="Write"
            )
        )
        if folder is None:
            return
        self.notify("Writing the report …", markup=False)
        try:
            written = await asyncio.to_thread(_write_report, self.paths, folder, message.run_ids)
        except ReportError as error:
            self.notify(str(error), title="No report", severity="error", markup=False)
            return
        self.notify(f"Wrote {written.file}: {written.runs} runs, {written.figures} figures.", markup=False, timeout=15)

    def _on_leaderboard_pane_marks_changed(self) -> None:
        self.look()

    def _on_run_edits_runs_changed(self) -> None:
        self.look()

    def _on_live_pane_continue_wanted(self, message: "LivePane.ContinueWanted") -> None:
        self._go_on(message.run_id)

    def _on_leaderboard_pane_continue_wanted(self, message: "LeaderboardPane.ContinueWanted") -> None:
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

    def _open_in_form(self, config: RunConfig) -> None:
        self.action_show_tab("launch")
        self._launch_pane.open_config(config)

    async def _ask_for_data(self) -> "DatasetChoice | None":
        from cifar_tui.tui.screens.dataset import DatasetChoice, DatasetScreen

        choice = await self.push_screen_wait(DatasetScreen(self.paths))
        self._look_for_data()
        if choice is DatasetChoice.SYNTHETIC:
            self._launch_pane.form.set_field(("data", "source"), Source.SYNTHETIC.value)
        elif choice is DatasetChoice.CIFAR100:
            self.notify("CIFAR-100 is ready.")
        return choice

    def _show_data(self) -> None:
        """Have the Data tab, where it is looked at, show the images that the form names."""
        if self.is_furnished and self._tabs.active == "data":
            form = self._launch_pane.form
            self._data_pane.show(form.config.data if form.config else None, form.first_error)

    def _look_for_data(self) -> None:
        self._launch_pane.show_data_state(has_cifar100=self.paths.cifar100.is_file())

    def _add(self, configs: tuple[RunConfig, ...], *, first: bool, is_sweep: bool = False) -> bool:
        """Queue `configs` in their order; False where the folder cannot be written to.

        Of a sweep those that are there already are not made again.
        """
        try:
            if is_sweep:
                name = sweep_name(configs)
                added = carry_out(self.run_queue, name, plan(self.store, name, configs), first=first)
                configs = tuple(run.config for run in added)
            else:
                self.run_queue.add_all(configs, first=first)
        except StoreError as error:
            self.notify(str(error), title="Not queued", severity="error", markup=False)
            return False
        self._follow = None
        self.runner.wake()
        self.look()
        if not configs:
            self.notify("Every one of these runs is in the sweep already.")
            return True
        names = ", ".join(config.title for config in configs[:3])
        if len(configs) > 3:
            names += f" and {len(configs) - 3} more"
        busy = bool(self.runner.current)
        self.notify(f"{'Queued' if busy or not first else 'Training'}: {names}", markup=False)
        return True


def _write_report(paths: Paths, folder: Path, run_ids: tuple[str, ...]) -> "WrittenReport":
    from cifar_tui.report.write import write_report  # what draws and fills templates takes a second to import

    return write_report(paths, folder, Selection(wanted=run_ids))


def _on_embedded_data(config: RunConfig) -> RunConfig:
    """Return a configuration that wanted CIFAR-100 on the embedded set; others stay."""
    if config.data.source is not Source.CIFAR100:
        return config
    return with_values(config, {("data", "source"): Source.SYNTHETIC.value})
