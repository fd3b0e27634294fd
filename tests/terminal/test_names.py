"""What a run is called is text: no markup and no order to the terminal, wherever the name came from."""

from pathlib import Path

import pytest

from . import texts
from .conftest import Start
from .homes import write_run_called

MARKUP = {
    "[red]crimson": "[red]crimson",
    "[/]closed": "[/]closed",
    "[open": "[open",
    "[@click=app.quit]here[/]": "[@click=app.quit]here",
}
UNICODE = {
    "🦊 狐 naïve": "🦊 狐 naïve",
    "العربية": "العربية",
    "long" + "x" * 196: "longxxxxxxxx",
}
ORDERS = {
    "\x1b[31m[colour": "[colour",
    "\x1b]0;taken\x07title": "title",
    "\x1b[2Jcleared": "cleared",
    "\x9b31mcontrol": "control",
}


@pytest.mark.parametrize("names", [MARKUP, UNICODE, ORDERS], ids=["markup", "unicode", "orders"])
def test_a_name_is_shown_and_not_obeyed(start: Start, home: Path, names: dict[str, str]) -> None:
    terminal = start(columns=200)  # the leaderboard shows these names whole there
    terminal.wait_for(texts.TAB_BAR)
    terminal.press("2")
    terminal.wait_for(texts.LIVE)
    for number, (name, seen) in enumerate(names.items()):
        write_run_called(home, name, number)
        terminal.wait_for(seen)  # Live shows the run that began last
    terminal.press("3")
    terminal.wait_for(texts.LEADERBOARD)
    for seen in names.values():
        terminal.wait_for(seen)
    terminal.press("q")
    assert terminal.exit_status() == 0
    for name in ORDERS:
        assert name.encode() not in terminal.output
