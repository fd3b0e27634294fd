"""A Slurm of one's own for every test that asks for it."""

from collections.abc import Iterator

import pytest

from .cluster import CannotStart, Cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running Slurm; of several pytest workers, each that needs one has its own, with its own ports and folder."""
    try:
        with Cluster.running() as cluster:
            yield cluster
    except CannotStart as reason:
        pytest.skip(str(reason))


@pytest.fixture(autouse=True)
def _no_job_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that uses the cluster leaves it without jobs."""
    cluster = request.getfixturevalue("cluster") if "cluster" in request.fixturenames else None
    yield
    if cluster is not None:
        cluster.cancel_all()
