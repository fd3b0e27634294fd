"""The command line: `cifar-tui` and its subcommands."""

import sys


def main() -> None:
    """Run `cifar-tui` with the process's arguments."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without ★ gets a question mark, not a traceback
    if len(sys.argv) == 1 and sys.stdin.isatty() and sys.stdout.isatty():
        # The most used command has no options to parse, and a tenth of a second to win.
        from cifar_tui.cli.app import start_app
        from cifar_tui.paths import find_paths

        start_app(find_paths())
        return
    from cifar_tui.cli.commands import app

    app(prog_name="cifar-tui")
