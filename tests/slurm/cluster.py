"""A whole Slurm of one node on 127.0.0.1, without systemd, in a temporary folder."""

import getpass
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self, TypeVar

_T = TypeVar("_T")
_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "setpriv")
_SYSTEM_PROGRAMS = "/usr/sbin:/sbin"  # where Debian puts the daemons; not on everybody's PATH
_PATIENCE_S = 30.0
_ENDED = ("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "TIMEOUT")

_CONFIGURATION = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire={requeue_delay_s}
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
MailProg=/bin/true

ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none

SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal

JobRequeue=1
ReturnToService=2
OverTimeLimit=0
KillWait={kill_wait_s}
MinJobAge=300
CompleteWait=0
MessageTimeout=5
SlurmctldTimeout=5
SlurmdTimeout=60
SlurmdParameters=config_overrides
GresTypes=gpu

NodeName={host} NodeAddr=127.0.0.1 SocketsPerBoard=1 CoresPerSocket={slots} ThreadsPerCore=1 RealMemory=65536 Gres=gpu:2
PartitionName=DEFAULT Nodes={host} State=UP DefaultTime=10 MaxTime=60 OverSubscribe=NO
PartitionName=main Default=YES PriorityTier=10 PreemptMode=OFF
PartitionName=low PriorityTier=1 PreemptMode=REQUEUE GraceTime={grace_s}
PartitionName=high PriorityTier=20 PreemptMode=OFF
"""

# GPUs for jobs that ask for some; that they are none, only a job that uses them would find out.
_GPUS = "Name=gpu File=/dev/null\nName=gpu File=/dev/zero\n"


class CannotStart(Exception):  # noqa: N818 -- an answer, not a fault
    """Why no Slurm can run here, in one sentence."""


class Cluster:
    """A Slurm that takes jobs from its first moment to `stop`; its clients find it by `environment`.

    It is one node of `SLOTS` cores (whatever this machine has), 64 GB, which nobody counts, and two GPUs in name only,
    without accounting: `sacct` fails. Ended jobs stay in `squeue --states=all` for 5 minutes. Its partitions `main`
    (the default), `low` and `high` share the node; a job in `main` or `high` that finds no free core preempts in `low`.

    As observed with Slurm 22.05:

    - A time limit is whole minutes, rounded up (so a minute is the shortest), and looked at every 30 s only: a job ends
      up to 30 s late, and its `--signal=USR2@60` comes up to 30 s early, with `--time=1` within 30 s of the start.
    - While it delivers such a signal, a running job is SIGNALING for a moment.
    - Signals before the end go to the job's steps (`srun`), not to the batch script: SIGCONT and SIGUSR2.
    - Preemption: at once the steps get SIGCONT and SIGTERM or, for a job with `--signal=USR2@…`, SIGCONT and SIGUSR2
      (`preempt_send_user_signal`), and go on. Some 5 s after `GRACE_S` passed, everything gets SIGCONT and SIGTERM as
      by `scancel`, SIGKILL `KILL_WAIT_S` later; the job is PENDING (BeginTime) for `REQUEUE_DELAY_S` more, starts
      again under its old id, and SLURM_RESTART_COUNT, unset at first, is 1.
    """

    SLOTS = 4
    KILL_WAIT_S = 5
    GRACE_S = 3
    REQUEUE_DELAY_S = 5

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf")}
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        """Start a cluster in a folder of its own; stop it and remove the folder at the end, whatever happened.

        Raises CannotStart.
        """
        _check_prerequisites()
        with ExitStack() as stack:
            # Neither pytest's folder, which only its owner may enter, nor a long path: munge's socket refuses both.
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True)))
            folder.chmod(0o755)
            cluster = cls(folder)
            stack.callback(cluster.stop)
            cluster._start()
            yield cluster

    def run(self, *command: str) -> str:
        """What a command prints; raises AssertionError, with what it said, where it fails."""
        done = self.attempt(*command)
        assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}: {done.stderr or done.stdout}"
        return done.stdout

    def attempt(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail."""
        return subprocess.run(command, env=os.environ | self.environment, capture_output=True, text=True, timeout=60)

    def submit(self, script: str, *options: str) -> str:
        """Hand in a batch script (bash, without its first line); return the job's id."""
        file = self.folder / "script.sh"
        file.write_text(f"#!/bin/bash\n{script}\n")
        return self.run("sbatch", "--parsable", f"--chdir={self.folder}", *options, str(file)).strip()

    def job(self, job_id: str) -> dict[str, str]:
        """What `scontrol show job` knows of a job or of one array task (`12_3`): JobState, Restarts, Reason, …"""
        line = self.run("scontrol", "--oneliner", "show", "job", job_id)
        return dict(field.split("=", 1) for field in line.split() if "=" in field)

    def wait_for(self, job_id: str, *states: str, patience_s: float = _PATIENCE_S) -> dict[str, str]:
        """Wait until a job is in one of these states (as `RUNNING`; without any: until it ended); return the job.

        Raises AssertionError at once where it ended in another, and when patience ends.
        """
        wanted = states or _ENDED
        seen = ""

        def reached() -> dict[str, str] | None:
            nonlocal seen
            job = self.job(job_id)
            seen = f"{job['JobState']} ({job['Reason']})"
            if job["JobState"] in wanted:
                return job
            assert job["JobState"] not in _ENDED, f"job {job_id} is {seen}, and was to be {' or '.join(wanted)}"
            return None

        return wait_until(reached, lambda: f"job {job_id} is {seen}, not {' or '.join(wanted)}", patience_s)

    def cancel_all(self) -> None:
        """End every job (what ignores SIGTERM after KILL_WAIT_S), and wait until the node is free for the next."""
        self.run("scancel", "--me", "--quiet")
        active = ("squeue", "--noheader", "--states=PENDING,RUNNING,SUSPENDED,COMPLETING", "--format=%i %T")
        wait_until(lambda: not self.run(*active), lambda: f"these jobs do not end: {self.run(*active)}")
        self.wait_for_idle()

    def wait_for_idle(self) -> None:
        """Wait until the node has no job and takes one."""
        node = ("sinfo", "--noheader", "--partition=main", "--format=%T %E")
        wait_until(lambda: self.attempt(*node).stdout.startswith("idle "), lambda: f"the node: {self.attempt(*node)}")

    @contextmanager
    def without_controller(self) -> Iterator[None]:
        """Stop slurmctld; start it again afterwards, knowing its jobs. What runs on the node goes on meanwhile.

        Each client fails after 4 s: “Unable to contact slurm controller (connect failure)”.
        """
        self._end("slurmctld")
        try:
            yield
        finally:
            self._start_controller()

    def stop(self) -> None:
        """End all jobs and daemons."""
        try:
            if self._daemons.keys() >= {"slurmctld", "slurmd"}:
                self.cancel_all()
        finally:
            for name in reversed(list(self._daemons)):
                self._end(name)

    def _start(self) -> None:
        (self.folder / "munge.key").touch(mode=0o600)
        (self.folder / "munge.key").write_bytes(os.urandom(128))
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        controller_port, node_port = _free_ports(2)
        Path(self.environment["SLURM_CONF"]).write_text(
            _CONFIGURATION.format(
                host=_host(),
                user=getpass.getuser(),
                folder=self.folder,
                controller_port=controller_port,
                node_port=node_port,
                slots=self.SLOTS,
                kill_wait_s=self.KILL_WAIT_S,
                grace_s=self.GRACE_S,
                requeue_delay_s=self.REQUEUE_DELAY_S,
            )
        )
        paths = {"socket": "socket", "key-file": "key", "seed-file": "seed", "pid-file": "pid", "log-file": "log"}
        files = [f"--{option}={self.folder}/munge.{ending}" for option, ending in paths.items()]
        (self.folder / "gres.conf").write_text(_GPUS)
        self._daemon("munged", "--foreground", *files)
        self._answers("munged", "munge", "--no-input", f"--socket={self.folder}/munge.socket")
        self._start_controller()
        self._daemon("slurmd", "-D")
        self._answers("slurmd", "srun", "--immediate=20", "true")

    def _start_controller(self) -> None:
        self._daemon("slurmctld", "-D")
        self._answers("slurmctld", "scontrol", "ping")

    def _daemon(self, name: str, *arguments: str) -> None:
        # Should this process be killed, the daemons end with it.
        command = ("setpriv", "--pdeathsig", "TERM", shutil.which(name, path=_path()) or name, *arguments)
        with (self.folder / f"{name}.out").open("ab") as output:
            self._daemons[name] = subprocess.Popen(
                command, env=os.environ | self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def _end(self, name: str) -> None:
        daemon = self._daemons.pop(name)
        daemon.terminate()
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def _answers(self, name: str, *command: str) -> None:
        """Wait until a daemon does its work, which this command shows. Raises CannotStart."""
        said = ""

        def alive() -> bool:
            nonlocal said
            if self._daemons[name].poll() is not None:
                raise CannotStart(f"{name} does not run here: {self._last_words(name)}")
            done = self.attempt(*command)
            said = (done.stderr or done.stdout).strip()
            return done.returncode == 0

        try:
            wait_until(alive, lambda: f"{' '.join(command)} says “{said}”")
        except AssertionError as error:
            raise CannotStart(f"{name} does not answer here: {error}.") from None

    def _last_words(self, name: str) -> str:
        lines = (self.folder / f"{name}.out").read_text(errors="replace").strip().splitlines()
        errors = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
        return "; ".join((errors or lines or ["it said nothing."])[-2:])


def wait_until(reached: Callable[[], _T], otherwise: Callable[[], str], patience_s: float = _PATIENCE_S) -> _T:
    """Ask again and again until the answer is true, and return it; raises AssertionError when patience ends."""
    deadline = time.monotonic() + patience_s
    while not (answer := reached()):
        assert time.monotonic() < deadline, f"after {patience_s:.0f} s: {otherwise()}"
        time.sleep(0.05)
    return answer


def _check_prerequisites() -> None:
    if os.geteuid() != 0:
        raise CannotStart("A Slurm of one's own needs root, whose jobs it starts as their users.")
    missing = [program for program in _PROGRAMS if shutil.which(program, path=_path()) is None]
    if missing:
        raise CannotStart(f"Slurm is not installed: no {', '.join(missing)} (Debian: apt install slurm-wlm munge).")


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM_PROGRAMS}"


def _host() -> str:
    return socket.gethostname().split(".")[0]  # Slurm knows a machine by its short name


def _free_ports(count: int) -> list[int]:
    """Ports below those that the kernel gives away: nobody takes one between a daemon's stop and its next start."""
    with ExitStack() as stack:
        ports: list[int] = []
        while len(ports) < count:
            listener = stack.enter_context(socket.socket())
            port = random.randrange(20_000, 32_000)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            ports.append(port)
    return ports
