"""How a run's status looks: a mark, a word and a colour, so that none of them has to be relied on alone."""

from rich.text import Text

_LOOKS = {
    "queued": ("…", "dim"),
    "running": ("●", "bold green"),
    "finished": ("✓", "green"),
    "stopped": ("■", "yellow"),
    "failed": ("✗", "bold red"),
    "interrupted": ("!", "bold yellow"),
    "report": ("¶", "dim italic"),
}


def status_mark(status: str) -> Text:
    """Return the mark alone, where there is no room for the word."""
    return Text(*_LOOKS[status])


def status_text(status: str) -> Text:
    """Return the mark and the word."""
    mark, style = _LOOKS[status]
    return Text(f"{mark} {status}", style=style)
