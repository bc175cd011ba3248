from pathlib import Path

import pytest

from resviz.train.placement import Placement, available_cores, place, thread_environment

RUNS = [Path("a"), Path("b"), Path("c")]


def test_on_the_cpu_each_run_has_a_process_and_the_cores_are_shared_out():
    assert place(RUNS[:2], "cpu", 2, cuda=True) == [Placement((Path("a"),), 1), Placement((Path("b"),), 1)]
    assert [p.threads for p in place(RUNS, "auto", 16, cuda=False)] == [6, 5, 5]
    assert [p.threads for p in place(RUNS, "auto", 2, cuda=False)] == [1, 1, 1]


def test_on_a_card_all_runs_share_a_process():
    assert [p.runs for p in place(RUNS, "auto", 8, cuda=True)] == [tuple(RUNS)]
    assert [p.runs for p in place(RUNS, "cuda:1", 8, cuda=True)] == [tuple(RUNS)]


def test_nothing_to_place():
    assert place([], "auto", 8, cuda=True) == []


def test_environment_limits_threads_and_keeps_the_rest():
    environment = thread_environment(3, {"HOME": "/h", "OMP_NUM_THREADS": "9"})
    assert environment["OMP_NUM_THREADS"] == "3"
    assert environment["HOME"] == "/h"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "glibc.malloc.hugetlb=1"),
        ("glibc.malloc.check=3", "glibc.malloc.check=3:glibc.malloc.hugetlb=1"),
        ("glibc.malloc.hugetlb=0", "glibc.malloc.hugetlb=0"),
    ],
)
def test_activations_lie_in_huge_pages_unless_a_person_decided(before, after):
    environment = {} if before is None else {"GLIBC_TUNABLES": before}
    assert thread_environment(1, environment)["GLIBC_TUNABLES"] == after


def test_there_is_a_core():
    assert available_cores() >= 1
