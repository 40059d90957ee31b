"""The same class on a dask cluster of worker processes, one of which is killed meanwhile."""

import os
import signal
import threading

import distributed
import pytest
from class_of import clone, dump, graded, hand_in
from conftest import notebook

from autograder import desk, grading

pytestmark = pytest.mark.xdist_group("cluster")


def a_class(sample_course, sample_bundle, folder, count=12):
    folder.mkdir()
    course = clone(sample_course, folder)
    for number in range(count):
        text = f"def count_words(tokens):\n    # {number}\n    return {{t: tokens.count(t) for t in tokens[{number % 2}:]}}"
        hand_in(course, sample_bundle, f"s{number}", data=notebook(sample_bundle, {"count_words": text}))
    return course


def test_a_cluster_of_which_a_worker_is_killed_gives_the_same_gradebook(sample_course, sample_bundle, tmp_path):
    here = a_class(sample_course, sample_bundle, tmp_path / "here")
    there = a_class(sample_course, sample_bundle, tmp_path / "there")
    graded(here)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=str(tmp_path)
    ) as cluster:
        with distributed.Client(cluster) as client:
            pids = list(client.run(os.getpid).values())
        killed = []

        def kill_one(done, total):
            if done == 3 and not killed:
                killed.append(pids[0])
                os.kill(pids[0], signal.SIGKILL)

        outcome = graded(there, scheduler=cluster.scheduler_address, progress=kill_one)
    assert killed and outcome.graded == 12
    assert dump(there) == dump(here)
    assert not any(thread.name.startswith("worker_") for thread in threading.enumerate())


def test_no_scheduler_is_a_clear_error(sample_course, sample_bundle, tmp_path, monkeypatch):
    course = a_class(sample_course, sample_bundle, tmp_path / "none", 1)
    with pytest.raises(grading.GradingError, match="no dask scheduler"):
        desk.grade(course, "every_role", "none", scheduler="tcp://127.0.0.1:9")
