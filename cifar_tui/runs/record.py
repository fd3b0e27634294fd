"""`run.json`: what is known of a run besides its curves."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from cifar_tui.config import RunConfig
from cifar_tui.config.run import LONGEST_NAME
from cifar_tui.events import Results, RunStarted

SCHEMA_VERSION = 1
LONGEST_TAG = 32
LONGEST_SWEEP = 64
LONGEST_NOTE = 2000
"""In characters."""

SchemaVersion = Annotated[int, Field(ge=0, le=10**6)]
Moment = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 2, tzinfo=UTC), lt=datetime(3000, 1, 1, tzinfo=UTC))]
"""One that every time zone can write down."""


class RunStatus(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    """A person stopped it."""
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """It was running, and the process that trained it is gone. A reader sees it before anybody writes it down."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self not in (RunStatus.QUEUED, RunStatus.RUNNING)

    @property
    def can_go_on(self) -> bool:
        """Whether training ended before its end, so that it can be resumed."""
        return self in (RunStatus.STOPPED, RunStatus.FAILED, RunStatus.INTERRUPTED)


class Environment(BaseModel):
    """What the run ran on."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    version: str
    """Of cifar-tui."""
    commit: str | None
    """The git commit of the working copy that cifar-tui runs from, when it does."""
    python: str
    torch: str
    platform: str
    host: str
    pid: int


class SlurmJob(BaseModel):
    """Where a run was handed to Slurm."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    id: str | None = Field(None, pattern=r"^\d+(_\d+)?$")
    """Of the job, with its place in an array; None until Slurm has told it."""
    node: str | None = None
    """The host that it runs, or ran, on."""
    options: dict[str, str] = {}
    """Of sbatch."""


class RunRecord(BaseModel):
    """The content of `run.json`. Unknown keys are kept out, and `schema_version` says how to read the rest."""

    model_config = ConfigDict(defer_build=True, frozen=True, allow_inf_nan=False)

    schema_version: SchemaVersion = SCHEMA_VERSION
    config: RunConfig
    status: RunStatus
    created_at: Moment = Field(default_factory=lambda: datetime.now(UTC))
    started_at: Moment | None = None
    ended_at: Moment | None = None
    queue_position: float = 0.0
    """Queued runs start in rising order."""
    environment: Environment | None = None
    started: RunStarted | None = None
    results: Results | None = None
    error: str | None = None
    parent: str | None = None
    """The id of the finished run that this one trains on, if any."""
    trained_before: tuple[int, ...] = ()
    """The epochs after which it was trained on with another schedule, the first time first."""
    sweep: str | None = Field(None, max_length=LONGEST_SWEEP, pattern=r"^[\w.+-]+$")
    """The name of the sweep that it belongs to, if any."""
    slurm: SlurmJob | None = None
    """None for a run that this machine's queue sees to."""
    name: str | None = Field(None, max_length=LONGEST_NAME)
    """What a person calls the run since; None leaves it to the configuration, which a new name never changes."""
    tags: tuple[str, ...] = ()
    """Lower-case words, sorted, each once."""
    note: str = Field("", max_length=LONGEST_NOTE)
    starred: bool = False
    archived: bool = False
    """Kept, but left out of the tables unless it is asked for."""

    @field_validator("name")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        return " ".join((value or "").split()) or None

    @field_validator("tags")
    @classmethod
    def _plain_words(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tidy_tags(values)

    @property
    def title(self) -> str:
        """What the run is called: the name a person gave it since, else the configuration's title."""
        return self.name or self.config.title


def tidy_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return `tags` in lower case, sorted, each once.

    Raises:
        ValueError: one is empty, too long, or holds a space or a character that cannot be seen.
    """
    tidy = {tag.strip().lower() for tag in tags}
    for tag in tidy:
        if not tag or len(tag) > LONGEST_TAG or not tag.isprintable() or " " in tag:
            raise ValueError(f"A tag is one word of at most {LONGEST_TAG} characters; {tag!r} is none.")
    return tuple(sorted(tidy))
