"""What the tests of submitted runs build on: this Slurm starts, ends and tells of jobs."""

import socket

from .cluster import Cluster, wait_until

# A step of a job, as a training is one: it writes down what it gets until it is killed.
LISTENER = """
srun bash -c '
for name in USR2 TERM CONT; do trap "echo got $name" $name; done
echo listening, restart ${SLURM_RESTART_COUNT:-none}
while true; do sleep 0.1; done'
"""


def listener(cluster: Cluster, *options: str) -> str:
    job = cluster.submit(LISTENER, "--output=%j.txt", "--open-mode=append", *options)
    wait_for_output(cluster, job, "listening, restart none")
    return job


def output(cluster: Cluster, job: str) -> str:
    file = cluster.folder / f"{job}.txt"
    return file.read_text() if file.exists() else ""


def wait_for_output(cluster: Cluster, job: str, text: str, patience_s: float = 30) -> None:
    wait_until(lambda: text in output(cluster, job), lambda: f"{text!r} is not in {output(cluster, job)!r}", patience_s)


def test_a_command_runs_on_the_node(cluster: Cluster) -> None:
    assert cluster.run("srun", "hostname").strip() == socket.gethostname()


def test_a_finished_job_is_still_told_of(cluster: Cluster) -> None:
    good, bad = cluster.submit("true"), cluster.submit("exit 3")
    assert cluster.wait_for(good)["JobState"] == "COMPLETED"
    assert cluster.wait_for(bad)["ExitCode"] == "3:0"
    told = cluster.run("squeue", "--noheader", "--states=all", f"--jobs={good},{bad}", "--sort=i", "--format=%i %T %r")
    assert told.splitlines() == [f"{good} COMPLETED None", f"{bad} FAILED NonZeroExitCode"]


def test_the_formats_tell_of_arrays_running_and_waiting(cluster: Cluster) -> None:
    job = cluster.submit("sleep 300", "--array=2-5%1")
    cluster.wait_for(f"{job}_2", "RUNNING")
    told = cluster.run("squeue", "--noheader", "--sort=i", "--format=%i|%T|%N|%r").splitlines()
    node = socket.gethostname().split(".")[0]
    assert set(told) == {f"{job}_2|RUNNING|{node}|None", f"{job}_[3-5%1]|PENDING||JobArrayTaskLimit"}


def test_a_job_is_given_the_gpus_that_it_asks_for(cluster: Cluster) -> None:
    assert cluster.run("srun", "--gpus-per-node=1", "printenv", "CUDA_VISIBLE_DEVICES").strip() == "0"
    refused = cluster.attempt("sbatch", "--gpus-per-node=3", "--wrap=true")
    assert "Requested node configuration is not available" in refused.stderr


def test_a_killed_job_leaves_the_node_free(cluster: Cluster) -> None:
    job = listener(cluster)
    cluster.run("scancel", job)
    cluster.wait_for(job, "CANCELLED")
    assert "got TERM" in output(cluster, job)
    cluster.wait_for_idle()
    assert cluster.wait_for(cluster.submit("true"))["JobState"] == "COMPLETED"


def test_as_many_jobs_run_at_a_time_as_there_are_slots(cluster: Cluster) -> None:
    jobs = [cluster.submit("sleep 300") for _ in range(cluster.SLOTS + 1)]
    for job in jobs[:-1]:
        cluster.wait_for(job, "RUNNING")
    assert cluster.wait_for(jobs[-1], "PENDING")["Reason"] in ("None", "Resources", "Priority")


def test_without_its_controller_clients_fail_and_jobs_go_on(cluster: Cluster) -> None:
    job = listener(cluster)
    with cluster.without_controller():
        done = cluster.attempt("squeue")
        assert (done.returncode, done.stdout) == (1, "")
        assert "Unable to contact slurm controller (connect failure)" in done.stderr
    assert cluster.job(job)["JobState"] == "RUNNING"
