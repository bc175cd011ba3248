import sys

import pytest

from resviz.train.governor import RETRY_S, Governor, idle_seconds


class Machine:
    """Two cores, of which another program may take one; time is what iterations add up to."""

    def __init__(self, most=2, idle_known=True):
        self.now = self.processor = self.idle = 0.0
        self.idle_known = idle_known
        self.busy = False
        self.set = []
        self.sentences = []
        self.iteration = 0
        self.governor = Governor(
            most,
            self.set.append,
            clock=lambda: self.now,
            processor_clock=lambda: self.processor,
            idle_clock=lambda: self.idle if self.idle_known else None,
        )

    def step(self):
        two = self.governor.threads == 2
        wall, processor = (0.15, 0.27) if two else (0.25, 0.25)
        if self.busy and two:
            wall, processor = 0.9, 0.5
        self.idle += 0.0 if self.busy else wall - processor / 2
        self.now += wall
        self.processor += processor
        self.iteration += 1
        self.tell()

    def tell(self):
        sentence = self.governor.look(self.iteration)
        self.sentences += [sentence] if sentence else []

    def run(self, seconds):
        until = self.now + seconds
        while self.now < until:
            self.step()


def test_undisturbed_nothing_changes():
    machine = Machine()
    machine.run(300)
    assert machine.set == []
    assert machine.sentences == []


def test_a_network_too_small_for_its_threads_keeps_them():
    machine = Machine()

    def small():
        machine.now += 0.1
        machine.processor += 0.11
        machine.idle += 0.045
        machine.iteration += 1
        machine.tell()

    machine.step = small
    machine.run(60)
    assert machine.set == []


@pytest.mark.parametrize("idle_known", [True, False])
def test_beside_a_busy_core_fewer_threads_are_kept(idle_known):
    machine = Machine(idle_known=idle_known)
    machine.busy = True
    machine.run(30)
    assert machine.governor.threads == 1
    assert machine.sentences == [
        "Other programs take the processor: computing with 1 thread instead of 2 is faster."
    ]
    done = machine.iteration
    machine.run(600)
    # Trying all threads now and then costs little.
    assert (machine.iteration - done) * 0.25 > 0.97 * 600
    assert machine.set.count(2) >= 2
    assert machine.governor.threads == 1
    assert len(machine.sentences) == 1


def test_all_threads_come_back():
    machine = Machine()
    machine.busy = True
    machine.run(30)
    machine.busy = False
    machine.run(RETRY_S + 10)
    assert machine.governor.threads == 2
    assert machine.sentences[1:] == ["The processor is free again: computing with 2 threads."]


def test_fewer_threads_that_are_no_faster_are_given_up():
    machine = Machine()

    def starved():
        # Everything is slow, whatever the threads: as beside many other programs.
        machine.now += 1.0
        machine.processor += 0.3
        machine.iteration += 1
        machine.tell()

    machine.step = starved
    machine.run(600)
    assert machine.governor.threads == 2
    assert machine.sentences == []
    assert machine.set.count(1) <= 600 / RETRY_S


def test_evaluation_and_pauses_are_left_out():
    machine = Machine()
    for _ in range(200):
        machine.step()
        machine.now += 2.0  # Without an iteration, and without using the processor.
        machine.tell()
    assert machine.set == []


def test_one_thread_is_never_changed():
    machine = Machine(most=1)
    machine.busy = True
    machine.run(60)
    assert machine.set == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_idle_seconds_are_told():
    first = idle_seconds()
    assert first is not None
    assert 0 <= first <= idle_seconds()
