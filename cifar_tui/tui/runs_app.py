"""What is done with runs when a screen asks for it: stop, move, resume, train on, open, compare."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work

from cifar_tui.analysis.errors import PredictionsError
from cifar_tui.config import RunConfig
from cifar_tui.paths import Paths, expand, working_folder
from cifar_tui.runs.extend import extended
from cifar_tui.runs.record import RunStatus
from cifar_tui.runs.stopping import StopAt, ask_to_stop, let_go_on, wanted_stop
from cifar_tui.runs.store import Run, StoreError
from cifar_tui.slurm.errors import SlurmError
from cifar_tui.tui.launch_app import LaunchApp
from cifar_tui.tui.screens.ask import AskScreen
from cifar_tui.tui.screens.confirm import ConfirmScreen

if TYPE_CHECKING:
    from cifar_tui.report.write import WrittenReport
    from cifar_tui.tui.screens.leaderboard import LeaderboardPane
    from cifar_tui.tui.screens.live import LivePane
    from cifar_tui.tui.screens.run_edits import RunEdits


class RunsApp(LaunchApp):
    """Live and the leaderboard, behind whatever screens there are.

    What a thread does on the way is never cancelled by a next wish: its end would be told to nobody.
    """

    def __init__(self, paths: Paths, devices: tuple[str, ...]) -> None:
        super().__init__(paths, devices)
        self._report_turn = asyncio.Lock()
        self._removed: list[str] = []
        """What was taken out of the queue, the last one last."""

    @work(exclusive=True, group="open")
    async def _on_leaderboard_pane_sweep_wanted(self, message: "LeaderboardPane.SweepWanted") -> None:
        from cifar_tui.runs.sweep import runs_of_sweep
        from cifar_tui.tui.screens.sweep import SweepScreen

        def read() -> tuple[Run, ...]:
            return runs_of_sweep(self.store, message.sweep)

        with self.opening():
            runs = await asyncio.to_thread(read)
        if await self.push_screen_wait(SweepScreen(message.sweep, runs, read)) is not None:
            self._leaderboard_pane.filter_by(f"sweep:{message.sweep}")

    @work(exclusive=True, group="stop")
    async def _on_live_pane_stop_wanted(self, message: "LivePane.StopWanted") -> None:
        run = message.run
        if message.after_epoch and wanted_stop(run.folder):
            if self._change_runs(lambda: let_go_on(run.folder)):
                self.notify(f"{run.title} goes on.", markup=False)
            return
        at = StopAt.EPOCH if message.after_epoch else StopAt.BATCH
        when = "once its epoch is over" if message.after_epoch else "at its next batch"
        question = f"Stop {run.title} {when}? It keeps a checkpoint and can be resumed."
        if await self.push_screen_wait(ConfirmScreen(question, "Stop it", "Go on")):
            if run.is_with_slurm and at is StopAt.BATCH:
                self._cancel_job(run)
            else:
                self._change_runs(lambda: ask_to_stop(run.folder, at))

    @work(group="cancel")
    async def _cancel_job(self, run: Run) -> None:
        try:
            await asyncio.to_thread(self.slurm_desk.cancel, run)
        except (SlurmError, StoreError) as error:
            self.notify(str(error), severity="warning", markup=False)
        self.look()

    def _on_live_pane_remove_wanted(self, message: "LivePane.RemoveWanted") -> None:
        with contextlib.suppress(StoreError):
            run = self.store.get(message.run_id)
            if run.status is RunStatus.QUEUED and run.is_with_slurm:
                self._cancel_job(run)
                return
        if self._change_runs(lambda: self.run_queue.remove(message.run_id)):
            self._removed.append(message.run_id)
            self.notify("The run is out of the queue; u puts it back.")

    def _on_live_pane_put_back_wanted(self) -> None:
        if not self._removed:
            self.notify("Nothing was taken out of this machine's queue since the start.")
            return
        run_id = self._removed.pop()
        if self._change_runs(partial(self.run_queue.put_back, run_id)):
            self.runner.wake()
        else:
            self._removed.insert(0, run_id)  # behind the others, for another try

    def _on_live_pane_move_wanted(self, message: "LivePane.MoveWanted") -> None:
        self._change_runs(lambda: self.run_queue.move(message.run_id, message.step))

    def _on_live_pane_pause_wanted(self) -> None:
        was_paused = self.run_queue.is_paused
        if self._change_runs(self.run_queue.go_on if was_paused else self.run_queue.pause):
            self.runner.wake()
            self.notify("The queue goes on." if was_paused else "The queue waits after the present run.")

    def _change_runs(self, change: Callable[[], object]) -> bool:
        """Do what writes to run folders; return whether it went well: what goes wrong is told in its own sentence."""
        went_well = True
        try:
            change()
        except StoreError as error:
            self.notify(str(error), severity="warning", markup=False)
            went_well = False
        self.look()
        return went_well

    def _on_live_pane_follow_wanted(self, message: "LivePane.FollowWanted") -> None:
        self._follow = message.run_id
        self.look()

    def _on_leaderboard_pane_follow_wanted(self, message: "LeaderboardPane.FollowWanted") -> None:
        self._see_live(message.run_id)

    @work(exclusive=True, group="open")
    async def _on_leaderboard_pane_opened(self, message: "LeaderboardPane.Opened") -> None:
        try:
            with self.opening():
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
            with self.opening():
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
            with self.opening():
                histories = await asyncio.to_thread(self._looker.histories, message.run_ids)
        except StoreError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        from cifar_tui.tui.look import load_tested_pixels
        from cifar_tui.tui.screens.compare import CompareScreen

        await self.push_screen_wait(CompareScreen(histories, partial(load_tested_pixels, paths=self.paths)))

    @work(exclusive=True, group="report")
    async def _on_run_edits_report_wanted(self, message: "RunEdits.ReportWanted") -> None:
        count = len(message.run_ids)
        which = f"the {count} marked run{'s' * (count > 1)}" if count else "every finished run"
        text = (
            f"From {which}, as one HTML file. The folder for it; cifar-tui report writes Vietnamese and Markdown, too."
        )
        folder = await self.push_screen_wait(
            AskScreen(
                "Course report", text, str(working_folder() / "report"),
                lambda answer: expand(answer.strip()), do="Write",
            )
        )  # fmt: skip
        if folder is not None:
            self._write_report(folder, message.run_ids)

    @work(group="report-writing")
    async def _write_report(self, folder: Path, run_ids: tuple[str, ...]) -> None:
        from cifar_tui.report.selection import ReportError

        self.notify("Writing the report …", markup=False)
        try:
            async with self._report_turn:  # figures are drawn one report at a time
                written = await asyncio.to_thread(_make_report, self.paths, folder, run_ids)
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
        except StoreError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        if (results := run.record.results) is None:
            self._queue_again(lambda: self.run_queue.resume(run_id))
        elif (epochs := await self.push_screen_wait(_ask_for_epochs(run, results.epochs))) is not None:
            self._queue_again(lambda: self.run_queue.extend(run_id, epochs))

    @work(group="queue-again")  # not exclusive: what is begun happens, and must be told
    async def _queue_again(self, queue: Callable[[], Run]) -> None:
        try:
            run = await asyncio.to_thread(queue)  # it may copy a checkpoint
        except StoreError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        self.runner.wake()
        self.look()
        self.notify(f"Queued to go on: {run.title}", markup=False)

    def _see_live(self, run_id: str) -> None:
        self._follow = run_id
        self.look()
        self.action_show_tab("live")

    def _open_in_form(self, config: RunConfig) -> None:
        self.action_show_tab("launch")
        self._launch_pane.open_config(config)


def _ask_for_epochs(run: Run, epochs: int) -> AskScreen[int]:
    def accept(answer: str) -> int:
        if not answer.strip().isdecimal() or int(answer) <= epochs:
            raise StoreError(f"Needs a whole number above {epochs}.")
        return extended(run, int(answer)).training.epochs

    text = (
        f"{run.title} finished after {epochs} epoch{'' if epochs == 1 else 's'}. Train it on, as a new run, to how "
        "many in all? The learning rate follows the schedule of the longer run."
    )
    return AskScreen("Train on", text, str(2 * epochs), accept, do="Queue it")


def _make_report(paths: Paths, folder: Path, run_ids: tuple[str, ...]) -> "WrittenReport":
    from cifar_tui.report.selection import Selection
    from cifar_tui.report.write import write_report  # what draws and fills templates takes a second to import

    return write_report(paths, folder, Selection(wanted=run_ids))
