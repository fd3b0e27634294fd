"""What the app remembers of how it was left: the tab, the table's order, the colours."""

import contextlib
import logging
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from cifar_tui.files import make_folder, read_plain, replace_text

logger = logging.getLogger(__name__)

_LARGEST = 2**20


class ViewState(BaseModel):
    """Each field is read by itself: what cannot be used falls back to its default."""

    model_config = ConfigDict(frozen=True)

    tab: Literal["launch", "live", "leaderboard", "data"] = "launch"
    theme: Literal["dark", "light", "terminal"] = "dark"
    sort: str = "test"
    is_reversed: bool = False
    filter: str = ""
    hidden_columns: tuple[str, ...] = ()
    column_order: tuple[str, ...] = ()
    with_given: bool = True
    is_grouped: bool = False
    with_advanced: bool = False
    smoothing: bool = False
    log_scale: bool = False
    with_log: bool = False
    bell: bool = True


def load_state(file: Path) -> ViewState:
    """Read the state; whatever is missing or wrong in it is as it was at the first start."""
    try:
        content = read_plain(file, _LARGEST)
    except OSError:
        return ViewState()
    try:
        return ViewState.model_validate_json(content)
    except ValidationError as error:
        wrong = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}
        logger.warning("%s: ignored %s", file, ", ".join(sorted(wrong)) or "all of it")
    with contextlib.suppress(ValidationError, ValueError):
        values = _Loose.model_validate_json(content).model_extra or {}
        return ViewState.model_validate({key: value for key, value in values.items() if key not in wrong})
    return ViewState()


def save_state(file: Path, state: ViewState) -> None:
    """Write the state; a folder that cannot be written to costs no more than the memory of it."""
    try:
        make_folder(file.parent)
        replace_text(file, state.model_dump_json(indent=2) + "\n", durable=False)
    except OSError as error:
        logger.warning("%s cannot be written: %s", file, error)


class _Loose(BaseModel):
    model_config = ConfigDict(extra="allow")
