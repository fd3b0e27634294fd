"""A `squeue` that says what a test wants."""

from pathlib import Path


class Squeue:
    """The program that is asked."""

    def __init__(self, folder: Path) -> None:
        self._answer = folder / "answer"
        self._errors = folder / "errors"
        self._next = folder / "next"
        self._program = folder / "squeue"
        self.says()

    def says(self, *lines: str, errors: str = "", code: int = 0) -> None:
        self._answer.write_text("".join(f"{line}\n" for line in lines))
        self._errors.write_text(errors)
        self._program.write_text(
            f"#!/bin/sh\n/bin/cat {self._answer}\n/bin/cat {self._errors} >&2\n"
            f"[ -f {self._next} ] && /bin/mv {self._next} {self._answer}\nexit {code}\n"
        )
        self._program.chmod(0o755)

    def says_next(self, *lines: str) -> None:
        """From the second question on."""
        self._next.write_text("".join(f"{line}\n" for line in lines))
