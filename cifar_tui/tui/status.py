"""How a run's status looks: a mark, a word and a colour, so that none of them has to be relied on alone."""

from rich.text import Text

from cifar_tui.tui.symbols import symbols

_STYLES = {
    "queued": "dim",
    "running": "bold green",
    "finished": "green",
    "stopped": "yellow",
    "failed": "bold red",
    "interrupted": "bold yellow",
    "report": "dim italic",
    "measured": "dim italic",
    "unreadable": "bold magenta",
}


def status_mark(status: str) -> Text:
    """Return the mark alone, where there is no room for the word."""
    return Text(symbols().status[status], style=_STYLES[status])


def status_text(status: str) -> Text:
    """Return the mark and the word."""
    return Text(f"{symbols().status[status]} {status}", style=_STYLES[status])
