"""The command line: `cifar-tui` and its subcommands."""

import logging
import os
import sys

from cifar_tui.text import printable


def main() -> None:
    """Run `cifar-tui` with the process's arguments."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without ★ gets a question mark, not a traceback
    if logging.lastResort:
        logging.lastResort.setFormatter(_PlainFormatter("warning: %(message)s"))
    if len(sys.argv) == 1 and sys.stdin.isatty() and sys.stdout.isatty():
        # The most used command has no options to parse, and a tenth of a second to win.
        from cifar_tui.runs.collector import collector_at_rest

        with collector_at_rest():
            from cifar_tui.cli.app import start_app
            from cifar_tui.paths import find_paths

        start_app(find_paths())
        return
    from cifar_tui.cli.commands import app

    try:
        try:
            app(prog_name="cifar-tui")
        finally:
            print(end="", flush=True)
    except OSError as error:
        if _takes_output():
            raise
        from cifar_tui.cli.console import FAILED

        print(f"cifar-tui: The output could not be written: {error.strerror}.", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes what is left as it ends
        sys.exit(FAILED)


def _takes_output() -> bool:
    try:
        print(flush=True)
    except OSError:
        return False
    return True


class _PlainFormatter(logging.Formatter):
    """Takes what could steer the terminal out of warnings: they name files, which other people name."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the library's name
        return printable(super().formatMessage(record))
