"""The command line: `cifar-tui` and its subcommands."""

import sys


def main() -> None:
    """Run `cifar-tui` with the process's arguments."""
    from cifar_tui.cli.commands import app

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without ★ gets a question mark, not a traceback
    app(prog_name="cifar-tui")
