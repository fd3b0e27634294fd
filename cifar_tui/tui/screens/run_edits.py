"""What a person does with runs in a table: name, tag, note, star, archive, delete, copy, export."""

from collections.abc import Callable, Sequence
from pathlib import Path

from textual import work
from textual.containers import Vertical
from textual.message import Message

from cifar_tui.config import ConfigError
from cifar_tui.files import replace_text
from cifar_tui.paths import expand, working_folder
from cifar_tui.runs import edits
from cifar_tui.runs.columns import Column
from cifar_tui.runs.export import as_csv, as_json, as_markdown
from cifar_tui.runs.store import RunStore, StoreError, UnreadableRunError
from cifar_tui.runs.table import Row
from cifar_tui.text import printable
from cifar_tui.tui.screens.ask import AskScreen
from cifar_tui.tui.widgets.run_table import RunTable

_WRITERS: dict[str, Callable[[Sequence[Row], Sequence[Column]], str]] = {
    ".csv": as_csv,
    ".md": as_markdown,
    ".json": lambda rows, _: as_json(rows),
}


class RunEdits(Vertical):
    """A pane that holds a `RunTable`: works on the marked runs, else on the chosen one."""

    class RunsChanged(Message):
        """Something was written to run folders."""

    class ReportWanted(Message):
        """A person wants the course report, of these runs, or of all that are finished."""

        def __init__(self, run_ids: tuple[str, ...]) -> None:
            super().__init__()
            self.run_ids = run_ids

    def __init__(self, store: RunStore, marked: list[str]) -> None:
        super().__init__()
        self._store = store
        self._marked = marked
        self._runs: tuple[Row, ...] | None = None
        """None until the folders were read for the first time."""
        self._deleted: list[list[str]] = []
        """What undo brings back, the last one last."""

    @property
    def _table(self) -> RunTable:
        return self.query_one(RunTable)

    @work(exclusive=True, group="edit")
    async def action_rename(self) -> None:
        """Call the chosen run something else."""
        row = self._chosen_run()
        if row is not None:
            screen = AskScreen(
                "Rename", "What the leaderboard calls the run; an empty line gives it back its first name.", row.name,
                lambda name: edits.rename(self._store, row.key, name),
            )  # fmt: skip
            if await self.app.push_screen_wait(screen):
                self.post_message(self.RunsChanged())

    @work(exclusive=True, group="edit")
    async def action_note(self) -> None:
        """Write a note on the chosen run."""
        row = self._chosen_run()
        if row is not None:
            screen = AskScreen(
                "Note", "A line for yourself.", row.note, lambda text: edits.note(self._store, row.key, text)
            )
            if await self.app.push_screen_wait(screen):
                self.post_message(self.RunsChanged())

    @work(exclusive=True, group="edit")
    async def action_tag(self) -> None:
        """Give tags to the marked runs, or to the chosen one, and take some away."""
        rows = self._subjects()
        if not rows:
            return
        if len(rows) == 1:
            text, value = "All its tags, with spaces between them.", " ".join(rows[0].tags)
        else:
            text, value = f"Tags for {len(rows)} runs, with spaces between them; -tag takes one away.", ""

        def accept(answer: str) -> bool:
            words = answer.split()
            for row in rows:
                gone = row.tags if len(rows) == 1 else tuple(word[1:] for word in words if word.startswith("-"))
                added = (word for word in words if not word.startswith("-"))
                edits.tag(self._store, row.key, *added, without=gone)
            return True

        if await self.app.push_screen_wait(AskScreen("Tags", text, value, accept)):
            self.post_message(self.RunsChanged())

    def action_star(self) -> None:
        """Star the marked runs, or the chosen one; or take the stars away."""
        rows = self._subjects()
        starred = not all(row.starred for row in rows)
        self._edit(rows, lambda row: edits.star(self._store, row.key, starred))

    def action_archive(self) -> None:
        """Archive the marked runs, or the chosen one; or bring them back."""
        rows = self._subjects()
        archived = not all(row.archived for row in rows)
        if self._edit(rows, lambda row: edits.archive(self._store, row.key, archived)):
            hint = "is:archived in the filter shows them" if archived else "back in the table"
            self.app.notify(f"{_count(rows)} {'archived' if archived else 'taken out of the archive'}: {hint}.")

    def action_delete(self) -> None:
        """Delete the marked runs, or the chosen one, until the next undo."""
        rows = self._subjects(with_unreadable=True)
        deleted: list[str] = []

        def delete(row: Row) -> None:
            self._store.discard(row.key)
            deleted.append(row.key)

        self._edit(rows, delete)
        if deleted:
            self._deleted.append(deleted)
            self._marked[:] = [key for key in self._marked if key not in deleted]
            count = f"{len(deleted)} {'run' if len(deleted) == 1 else 'runs'}"
            self.app.notify(f"{count} deleted; u brings {'it' if len(deleted) == 1 else 'them'} back.")

    def action_undo(self) -> None:
        """Bring back what was deleted last."""
        # From before this start only one: which were deleted together is not known any more.
        deleted = self._deleted.pop() if self._deleted else self._store.discarded()[-1:]
        if not deleted:
            self.app.notify("There is nothing to bring back.")
        for run_id in deleted:
            try:
                run = self._store.restore(run_id)
                self.app.notify(f"{printable(run.title)} is back.", markup=False)
            except UnreadableRunError:
                pass  # it is back, and its row says why it cannot be read
            except StoreError as error:
                self.app.notify(str(error), severity="warning", markup=False)
        self.post_message(self.RunsChanged())

    def action_copy(self) -> None:
        """Copy the chosen row."""
        if self._table.chosen is not None:
            self._copy([self._table.chosen], "the row")

    def action_copy_table(self) -> None:
        """Copy the table as it is shown."""
        self._copy(self._table.rows_shown, f"{len(self._table.rows_shown)} rows")

    @work(exclusive=True, group="edit")
    async def action_export(self) -> None:
        """Write the table, as it is shown, to a file."""
        screen = AskScreen(
            "Export", "A file that ends in .csv, .md or .json.", str(working_folder() / "leaderboard.csv"),
            self._export, do="Write",
        )  # fmt: skip
        file = await self.app.push_screen_wait(screen)
        if file is not None:
            self.app.notify(f"Wrote {file}", markup=False)

    def _export(self, text: str) -> Path:
        file = expand(text.strip())
        write = _WRITERS.get(file.suffix.lower())
        if write is None:
            raise ConfigError(f"{file.name or 'The name'} must end in .csv, .md or .json.")
        try:
            replace_text(file, write(self._table.rows_shown, self._table.columns_shown), durable=False)
        except OSError as error:
            raise ConfigError(f"{file} cannot be written: {error.strerror}.") from None
        return file

    def action_report(self) -> None:
        """Write the course report from the marked runs, or from all that are finished."""
        self.post_message(self.ReportWanted(tuple(self._marked)))

    def _copy(self, rows: Sequence[Row], what: str) -> None:
        self.app.copy_to_clipboard(as_markdown(rows, self._table.columns_shown))
        self.app.notify(f"Copied {what} as Markdown.")

    def _chosen_run(self, *, with_unreadable: bool = False, to_change: bool = True) -> Row | None:
        """The chosen row, if it is a single run; else tell why there is nothing to be done with it."""
        row = self._table.chosen
        if row is None:
            self.app.notify("There is no run yet.")
        elif row.is_given and to_change:
            self.app.notify("Rows of the report and of this project cannot be renamed, tagged or deleted.")
        elif row.is_given:
            self.app.notify(f"This row is what {'the report' if row.is_report else 'this project'} measured.")
        elif row.members:
            self.app.notify("This row is a group of seeds; g shows its runs.")
        elif row.is_unreadable and not with_unreadable:
            self._say_why_unreadable(row)
        else:
            return row
        return None

    def _say_why_unreadable(self, row: Row) -> None:
        self.app.notify(f"{printable(row.name)}: {row.note}", severity="warning", markup=False)

    def _subjects(self, *, with_unreadable: bool = False) -> list[Row]:
        """The marked runs, else the chosen one."""
        rows = [row for row in self._runs or () if row.key in self._marked]
        if not rows and (row := self._chosen_run(with_unreadable=with_unreadable)):
            rows = [row]
        return rows

    def _edit(self, rows: Sequence[Row], change: Callable[[Row], object]) -> bool:
        """Change each of `rows`; tell what goes wrong, and whether all went well."""
        went_well = bool(rows)
        for row in rows:
            try:
                change(row)
            except StoreError as error:
                self.app.notify(str(error), severity="warning", markup=False)
                went_well = False
        self.post_message(self.RunsChanged())
        return went_well


def _count(rows: Sequence[Row]) -> str:
    return f"{len(rows)} {'run' if len(rows) == 1 else 'runs'}"
