"""`run.json`: what is known of a run besides its curves."""

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cifar_tui.config import RunConfig
from cifar_tui.events import Results, RunStarted

SCHEMA_VERSION = 1


class RunStatus(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    """A person stopped it."""
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """It was running, and the process that trained it is gone. Seen by a reader, never written."""

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

    model_config = ConfigDict(frozen=True)

    version: str
    """Of cifar-tui."""
    commit: str | None
    """The git commit of the working copy that cifar-tui runs from, when it does."""
    python: str
    torch: str
    platform: str
    host: str
    pid: int


class RunRecord(BaseModel):
    """The content of `run.json`. Unknown keys are kept out, and `schema_version` says how to read the rest."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    schema_version: int = SCHEMA_VERSION
    config: RunConfig
    status: RunStatus
    created_at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    queue_position: float = 0.0
    """Queued runs start in rising order."""
    environment: Environment | None = None
    started: RunStarted | None = None
    results: Results | None = None
    error: str | None = None
    parent: str | None = None
    """The id of the finished run that this one trains on, if any."""
