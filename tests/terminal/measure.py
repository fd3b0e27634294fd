"""Measures the app on a real pty: `python -m tests.terminal.measure [WHAT …] [--json]`.

Needs Linux and a machine that does nothing else. Exits with 1 when a figure is beyond its limit.
"""

import argparse
import json
import sys
from dataclasses import asdict

from .figures import table
from .measures import MEASURES


def main() -> int:
    """Measure what the command line asks for, and print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.terminal.measure", description=__doc__)
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"{', '.join(MEASURES)}; all of them without")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    if unknown := set(arguments.what) - MEASURES.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; choose from {', '.join(MEASURES)}")
    figures = [figure for what in arguments.what or MEASURES for figure in MEASURES[what]()]
    if arguments.json:
        print(json.dumps([{**asdict(figure), "verdict": figure.verdict} for figure in figures], indent=2))
    else:
        print(table(figures))
    return int(any(figure.verdict not in ("", "ok") for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
