"""Every key of the app, once.

The bindings of the widgets, the footer, the help, the command palette and the README's list are made from this table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True)
class Key:
    """What one key does in one scope."""

    keys: str
    """As Textual calls them, divided by commas; without a `display` the first one is shown."""
    action: str
    """Of the scope's widget."""
    label: str
    """In the footer, and as the palette's entry."""
    help: str
    """A sentence, for help, palette and README."""
    display: str = ""
    """How a person reads the key, where it is not its name."""
    in_footer: bool = False

    @property
    def shown(self) -> str:
        """The key as a person reads it."""
        return self.display or self.keys.partition(",")[0]


@dataclass(frozen=True)
class Scope:
    """A part of the app that has keys of its own."""

    title: str
    keys: tuple[Key, ...]


CURVE_KEYS = (
    Key("right", "cursor(1)", "Next epoch", "Read the curves' values at the next epoch.", "→"),
    Key("left", "cursor(-1)", "Epoch before", "Read the curves' values at the epoch before.", "←"),
    Key("plus,equals_sign", "zoom(1)", "Zoom in", "Show fewer epochs.", "+", True),
    Key("minus", "zoom(-1)", "Zoom out", "Show more epochs.", "-"),
    Key("shift+right", "pan(1)", "Pan right", "Move to later epochs.", "shift+→"),
    Key("shift+left", "pan(-1)", "Pan left", "Move to earlier epochs.", "shift+←"),
    Key("0", "show_all", "Whole run", "Show all epochs, without a cursor.", "0"),
    Key("s", "smooth", "Smooth", "Show moving averages, the raw curves faint behind them.", in_footer=True),
    Key("l", "log_scale", "Log loss", "Show the loss on a logarithmic scale."),
)

SCOPES: Mapping[str, Scope] = {
    "app": Scope(
        "Everywhere",
        (
            Key("1", "show_tab('launch')", "Launch", "Go to the presets and the form."),
            Key("2", "show_tab('live')", "Live", "Go to the curves of a run and the queue."),
            Key("3", "show_tab('leaderboard')", "Leaderboard", "Go to the table of all runs."),
            Key("4", "show_tab('data')", "Data", "Go to the classes of the data set and their images."),
            Key("ctrl+p", "command_palette", "Palette", "Find any action by its name.", "ctrl+p"),
            Key("b", "toggle_bell", "Bell", "Ring and tell the terminal when a run ends, or be silent."),
            Key("T", "next_theme", "Theme", "Change between dark, light and the terminal's own colours."),
            Key("question_mark,f1", "help", "Help", "Show the keys of this tab.", "?", in_footer=True),
            Key("R", "resume_all", "Resume all", "Queue every interrupted run, to go on from its checkpoint."),
            Key("q,ctrl+q", "quit", "Quit", "Leave; asks only when a run would be stopped by it.", in_footer=True),
            Key("ctrl+c", "leave", "Leave now", "Leave without a question; a run stops with a checkpoint.", "ctrl+c"),
        ),
    ),
    "launch": Scope(
        "Launch",
        (
            Key("t,ctrl+t", "train", "Train", "Train what the form says, before all that waits.", "t ctrl+t", True),
            Key("a,ctrl+g", "enqueue", "Queue", "Queue what the form says, behind all that waits.", "a ctrl+g", True),
            Key("p", "enqueue_part", "Queue part", "Queue each preset of the part, with your changes.", in_footer=True),
            Key("e", "edit", "Edit", "Move from the presets into the form; enter does too.", in_footer=True),
            Key("slash", "search", "Search", "Show only the presets that hold some words.", "/", True),
            Key("v", "toggle_advanced", "All fields", "Show or hide the fields that few need."),
            Key("m", "toggle_model", "Model", "Show the model in place of the form, on a narrow terminal."),
            Key("ctrl+s", "save", "Save preset", "Keep what the form says as a preset of your own."),
            Key("u,ctrl+z", "undo", "Undo", "Take the last change of the form back.", "u ctrl+z"),
            Key("r", "reset", "Reset", "Put every field back to the preset.", in_footer=True),
            Key("i", "get_data", "Data", "Download or import CIFAR-100, or take the embedded set."),
            Key("o", "choose_place", "Run on", "Hand runs to Slurm from now on, or train them here again."),
            Key("escape", "leave_form", "Presets", "Move from the form back to the presets.", "esc", True),
        ),
    ),
    "form": Scope(
        "Launch, in the form",
        (
            Key(
                "down",
                "next_field",
                "Next field",
                "Move one field down.",
                "↓",
            ),
            Key("up", "previous_field", "Field before", "Move one field up.", "↑"),
            Key("ctrl+r", "reset_field", "Reset field", "Put the focused field back to the preset.", in_footer=True),
            Key("ctrl+z", "undo", "Undo", "Take the last change of the form back."),
        ),
    ),
    "live": Scope(
        "Live",
        (
            Key("x", "stop", "Stop run", "Stop the run at its next batch, with a checkpoint.", in_footer=True),
            Key("X", "stop_after_epoch", "Stop later", "Stop the run at the end of its epoch; again: let it go on."),
            Key("c", "continue", "Continue", "Resume the shown run, or train a finished one on.", in_footer=True),
            Key("f", "follow", "Follow", "Go back to the run that trains now.", in_footer=True),
            Key("enter", "show_chosen", "Show", "Show the run that the queue's cursor is on."),
            Key("delete,backspace", "remove", "Unqueue", "Take the chosen run out of the queue.", "del", True),
            Key("u", "put_back", "Put back", "Put the run back that was taken out of this machine's queue last."),
            Key("K,shift+up", "move(-1)", "Sooner", "Move the chosen run up in the queue."),
            Key("J,shift+down", "move(1)", "Later", "Move the chosen run down in the queue."),
            Key("w", "pause", "Wait", "Let the queue wait after the present run, or go on.", in_footer=True),
            *CURVE_KEYS,
            Key("o", "overlay", "Overlay", "Lay the runs that are marked on the Leaderboard over the shown one."),
            Key("g", "toggle_log", "Log", "Show or hide the run's log."),
        ),
    ),
    "leaderboard": Scope(
        "Leaderboard",
        (
            Key("greater_than_sign,full_stop", "sort(1)", "Sort next", "Sort by the next column.", ">", True),
            Key("less_than_sign,comma", "sort(-1)", "Sort previous", "Sort by the column before.", "<"),
            Key("r", "reverse", "Reverse", "Turn the order round."),
            Key(
                "slash",
                "filter",
                "Filter",
                "Show only some rows: words, part:4 test>35 -status:failed.",
                "/",
                True,
            ),
            Key("enter", "open", "Open", "See all of a run: curves, results, settings, log.", in_footer=True),
            Key(
                "space",
                "mark",
                "Mark",
                "Mark a run, for v, for the overlay on Live, for t * A del P.",
                in_footer=True,
            ),
            Key("v", "compare", "Compare", "See the marked runs beside one another.", in_footer=True),
            Key("a", "again", "Again", "Put a run's settings into the form, to train again.", in_footer=True),
            Key("c", "continue", "Continue", "Resume a run, or train a finished one on."),
            Key("f", "follow", "On Live", "See a run on Live."),
            Key("i", "inspect", "Inspect", "See what a finished run gets right and wrong, by class.", in_footer=True),
            Key("g", "group", "Group seeds", "Show runs that differ in their seed alone as mean ± standard deviation."),
            Key("w", "sweep", "Sweep", "See the grid of the sweep that a run belongs to."),
            Key(
                "h",
                "toggle_given",
                "Given rows",
                "Show or hide what the report and this project measured.",
                in_footer=True,
            ),
            Key("C", "columns", "Columns", "Choose which columns are shown, and their order."),
            Key("n", "rename", "Rename", "Call a run something else."),
            Key("t", "tag", "Tag", "Give a run tags, or take some away."),
            Key("N", "note", "Note", "Write a note on a run."),
            Key("asterisk", "star", "Star", "Star a run, or take the star away.", "*"),
            Key("A", "archive", "Archive", "Take a run out of the table; is:archived in the filter shows it."),
            Key("delete,backspace", "delete", "Delete", "Delete a run.", "del"),
            Key("u", "undo", "Undo", "Bring back what was deleted last."),
            Key("y", "copy", "Copy row", "Copy a row as Markdown."),
            Key("Y", "copy_table", "Copy table", "Copy the table, as it is shown, as Markdown."),
            Key("E", "export", "Export", "Write the table, as it is shown, as CSV, Markdown or JSON."),
            Key("P", "report", "Report", "Write the course report: of marked runs, or of all."),
            Key("escape", "clear", "Clear", "Show all rows again; then forget the marks.", "esc"),
        ),
    ),
    "data": Scope(
        "Data",
        (
            Key("enter", "look_closer", "Look", "Move from a class to its images; augment the chosen one."),
            Key("s", "next_split", "Split", "Show training, validation or test images.", in_footer=True),
            Key("a", "augment", "Augment", "See the chosen image as the form augments it, or go back.", in_footer=True),
            Key("n", "draw", "Draw others", "Draw other variants of the image.", in_footer=True),
            Key("plus,equals_sign", "size(1)", "Larger", "Draw the images larger.", "+", True),
            Key("minus", "size(-1)", "Smaller", "Draw the images smaller.", "-", True),
            Key("i", "get_data", "Get data", "Download or import CIFAR-100, or take the embedded set.", in_footer=True),
            Key("escape", "back", "Back", "Go back: from the variants to the images, then to the classes.", "esc"),
        ),
    ),
    "run": Scope(
        "A run",
        (
            Key("escape", "close", "Back", "Go back to the leaderboard.", "esc", True),
            Key("a", "answer('again')", "Again", "Put the run's settings into the form.", in_footer=True),
            Key("c", "answer('continue')", "Continue", "Resume it, or train it on.", in_footer=True),
            Key("f", "answer('live')", "On Live", "See it on Live.", in_footer=True),
            Key("i", "answer('inspect')", "Inspect", "See what it gets right and wrong, by class."),
            Key("y", "copy", "Copy folder", "Copy the path of its folder."),
            *CURVE_KEYS,
        ),
    ),
    "inspect": Scope(
        "Inspection",
        (
            Key(
                "escape",
                "close",
                "Back",
                "Go back: from images and inside to the view before, else to the leaderboard.",
                "esc",
                True,
            ),
            Key("c", "show('classes')", "Classes", "See how well each class is recognised."),
            Key("f", "show('confused')", "Confused", "See which classes are taken for which."),
            Key("m", "show('matrix')", "Matrix", "See the confusion matrix; the arrows move its cursor."),
            Key("a", "show('calibration')", "Calibration", "See how often it is right beside how sure it is."),
            Key("l", "inside", "Inside", "See what the network looks at: attention, gradients, or its first layer."),
            Key("enter", "images", "Images", "See the images of the chosen class, pair or cell.", in_footer=True),
            Key("s", "superclasses", "Superclasses", "Count in superclasses, or in classes again.", in_footer=True),
            Key("greater_than_sign,full_stop", "sort(1)", "Sort", "Sort the classes by the next column.", ">", True),
            Key("less_than_sign,comma", "sort(-1)", "Sort previous", "Sort the classes by the column before.", "<"),
            Key("r", "reverse", "Reverse", "Turn the order of the classes round.", in_footer=True),
            Key("w", "filter", "Filter", "Show all of the images, the wrong ones, or the right ones.", in_footer=True),
            Key("plus,equals_sign", "size(1)", "Larger", "Draw the images larger.", "+"),
            Key("minus", "size(-1)", "Smaller", "Draw the images smaller.", "-"),
            Key("y", "copy", "Copy", "Copy the view as a Markdown table.", in_footer=True),
        ),
    ),
    "sweep": Scope(
        "A sweep",
        (
            Key("escape", "close", "Back", "Go back to the leaderboard.", "esc", True),
            Key("f", "filter", "Its runs", "Show only its runs on the leaderboard.", in_footer=True),
            Key("y", "copy", "Copy table", "Copy the cells as Markdown.", in_footer=True),
        ),
    ),
    "compare": Scope(
        "Comparison",
        (
            Key("escape", "close", "Back", "Go back: from images to the tables, else to the leaderboard.", "esc", True),
            Key("i", "images", "Images", "See the images on which one of two runs alone is right.", in_footer=True),
            Key("y", "copy", "Copy table", "Copy the tables as Markdown.", in_footer=True),
            *CURVE_KEYS,
        ),
    ),
}
"""In the order in which help and README show them."""

AT_ONCE = "ctrl+c"
"""The key that leaves, whatever has the focus and whatever has been pressed before it."""


def bindings(scope: str) -> list[BindingType]:
    """Return the bindings of a scope's widget."""
    return [
        Binding(
            key.keys,
            key.action,
            key.label,
            show=key.in_footer,
            key_display=key.shown.partition(" ")[0],
            priority=key.keys == AT_ONCE,
        )
        for key in SCOPES[scope].keys
    ]


def markdown() -> Iterator[str]:
    """Yield the lines of the README's table of keys."""
    yield "| key | what it does |"
    yield "|---|---|"
    for scope in SCOPES.values():
        yield f"| **{scope.title}** | |"
        for key in scope.keys:
            shown = " ".join(f"`{name}`" for name in key.shown.split())
            yield f"| {shown} | {key.help} |"
