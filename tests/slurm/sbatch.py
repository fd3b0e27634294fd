"""An `sbatch` that takes jobs without a Slurm behind it, up to as many as a test wants."""

from pathlib import Path

FIRST_JOB = 17


class Sbatch:
    """The program that jobs are handed to; `srun` is there, too."""

    def __init__(self, folder: Path) -> None:
        self._scripts = folder / "scripts"
        self._scripts.mkdir()
        self._program = folder / "sbatch"
        (folder / "srun").write_text("#!/bin/sh\n")
        (folder / "srun").chmod(0o755)
        self.takes(99)

    def takes(self, jobs: int) -> None:
        """Refuse what comes after so many."""
        self._program.write_text(
            f"#!/bin/sh\ncount=$(ls {self._scripts} | wc -l)\n"
            f'[ "$count" -ge {jobs} ] && echo "sbatch: error: Job violates the policy" >&2 && exit 1\n'
            f'cp "$1" {self._scripts}/"$count"\necho Submitted batch job $((count + {FIRST_JOB}))\n'
        )
        self._program.chmod(0o755)

    @property
    def scripts(self) -> list[str]:
        """What was handed in, the first job first."""
        return [file.read_text() for file in sorted(self._scripts.iterdir(), key=lambda file: int(file.name))]
