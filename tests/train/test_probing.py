import itertools

import pytest
import torch

from resviz.runs.events import Probed, Started, Stepped
from resviz.runs.run import EventLog, Run
from resviz.train import probing
from resviz.train.probes import DIGITS, rounded
from resviz.train.probing import COST, ProbeSchedule, Stopwatch
from tests.train.small import Rig


def iterations(schedule, last, cost=None):
    """Return which of the iterations up to `last` are probed, if a probe costs so many plain iterations."""
    found = []
    for number in range(1, last + 1):
        due = schedule.due(number)
        found += [number] * due
        if cost is not None:
            schedule.learn(due, 1 + cost * due)
    return found


def test_an_interval_is_kept_and_the_first_iteration_comes_on_top():
    assert iterations(ProbeSchedule(7), 30, cost=50) == [1, 7, 14, 21, 28]
    assert iterations(ProbeSchedule(1), 4) == [1, 2, 3, 4]


def test_adaptive_probes_are_dense_at_first():
    found = iterations(ProbeSchedule(None), 2_300, cost=0.03)
    expected = [*range(1, 21), *range(22, 201, 2), *range(210, 2_001, 10), *range(2_050, 2_301, 50)]
    assert found == expected


@pytest.mark.parametrize(
    ("cost", "early", "late"),
    [(0.1, 10, 50), (0.25, 50, 50), (1.5, 100, 100), (3, 200, 200), (9, 1000, 1000)],
)
def test_costly_probes_are_made_seldom(cost, early, late):
    found = iterations(ProbeSchedule(None), 6_000, cost)
    assert [n for n in found if n <= 200] == [*range(1, 21), *range(22, 201, 2)]
    for interval, (first, last) in ((early, (200, 2_000)), (late, (2_000, 6_000))):
        here = [n for n in found if first < n <= last]
        assert here == [n for n in range(first + 1, last + 1) if n % interval == 0]
        assert cost * len(here) / (last - first) <= COST


def test_the_clock_does_not_count_where_probed_iterations_are_computed_otherwise():
    schedule = ProbeSchedule(None)
    schedule.measured = False
    assert iterations(schedule, 3_000, cost=9) == iterations(ProbeSchedule(None), 3_000, cost=0)


def test_one_slow_iteration_is_no_reason():
    schedule = ProbeSchedule(None)
    iterations(schedule, 1_000, cost=0.05)
    schedule.learn(True, 100)
    assert schedule.due(1_010)


def test_intervals_divide_each_other():
    every = [interval for _, interval in probing._DENSE] + list(probing._INTERVALS)
    for small, large in itertools.pairwise(sorted(set(every))):
        assert large % small == 0


def test_the_stopwatch_tells_kinds_apart(monkeypatch):
    times = iter([10.0, 10.5, 20.0, 22.0])
    monkeypatch.setattr(probing.time, "perf_counter", lambda: next(times))
    schedule = ProbeSchedule(None)
    learnt = []
    monkeypatch.setattr(schedule, "learn", lambda probed, seconds: learnt.append((probed, seconds)))
    watch = Stopwatch(schedule, torch.device("cpu"))
    for probed in (True, False):
        watch.start()
        watch.stop(probed=probed)
    assert learnt == [(True, 0.5), (False, 2.0)]


class FakeEvent:
    """A card's event, passed once the test says so."""

    passed = 0
    made = itertools.count()

    def __init__(self, enable_timing):
        assert enable_timing

    def record(self):
        self.number = next(self.made)

    def query(self):
        return self.number < FakeEvent.passed

    def elapsed_time(self, other):
        return 1000.0 * (other.number - self.number)


def test_a_card_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(torch.cuda, "Event", FakeEvent)
    schedule = ProbeSchedule(None)
    learnt = []
    monkeypatch.setattr(schedule, "learn", lambda probed, seconds: learnt.append((probed, seconds)))
    watch = Stopwatch(schedule, torch.device("cuda"))
    for probed in (True, False, False):
        watch.start()
        watch.stop(probed=probed)
    assert learnt == []
    FakeEvent.passed = 4
    watch.start()
    watch.stop(probed=True)
    assert learnt == [(True, 1.0), (False, 1.0)]


def test_a_trainer_probes_adaptively(tmp_path):
    rig = Rig(tmp_path, probe_interval=None).run()
    assert [p.iteration for p in rig.of(Probed)] == [*range(1, 21), 22, 24]
    assert all(rig.trainer._probe_schedule._seconds[kind] for kind in (False, True))


def test_a_long_log_of_a_deep_network_stays_small(tmp_path):
    """64,000 iterations of resnet-110: all points of the curve, and adaptive probes."""
    torch.manual_seed(0)
    convolutions, blocks = (
        tuple(f"stage{i // 36 + 1}.block{i // 2 % 18 + 1}.conv{i % 2 + 1}" for i in range(109)),
        54,
    )
    run, schedule = Run(tmp_path), ProbeSchedule(None)
    sizes = {
        "gradient_norm": 109, "residual_magnitude": blocks, "response_std": 109, "weight_norm": 109,
        "update_ratio": 109, "residual_share": blocks, "alignment": blocks, "truncated_pct": blocks,
    }  # fmt: skip
    scale = {"gradient_norm": 0.05, "update_ratio": 0.001, "truncated_pct": 30.0, "weight_norm": 8.0}
    with EventLog(run) as log:
        log.write(
            Started(
                1.7e9, 0, 64_000, 390.625, 128, 0, "cuda:0", "bfloat16", 1, convolutions, (), convolutions
            )
        )
        for number in range(1, 64_001):
            log.write(Stepped(1.7e9 + number * 0.011, number, 0.123456, 3.90625, 0.1, 11_630.0))
            if schedule.due(number):
                values = {
                    name: tuple(rounded(v, DIGITS) for v in (torch.randn(n) * scale.get(name, 1)).tolist())
                    for name, n in sizes.items()
                }
                log.write(Probed(number, **values, gradient_norm_total=1.234))
    assert run.events_path.stat().st_size < 20e6
