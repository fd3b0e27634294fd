"""Names in less room than they take."""

from rich.cells import cell_len, set_cell_size


def without_middle(name: str, width: int) -> str:
    """Cut `name` to `width` cells in its middle: runs begin alike, and what they were changed in stands at the end."""
    if cell_len(name) <= width:
        return name
    if width < 1:
        return ""
    tail_width = (width - 1) // 2
    tail = name[len(name) - tail_width :]
    while cell_len(tail) > tail_width:
        tail = tail[1:]
    return set_cell_size(name, width - 1 - cell_len(tail)) + "…" + tail
