from resviz.cli.launch import Launch
from resviz.runs.events import Changed
from resviz.runs.run import EventLog
from tests.train.small import experiment

FULL = "The disk is full: make room."


def test_a_run_that_waits_for_room_says_so_each_time(tmp_path):
    [run] = experiment(tmp_path / "out", ["plain-8-w4"]).runs
    launch = Launch([run], "cpu")
    with EventLog(run) as log:
        for _ in range(2):
            log.write(Changed(1.0, 3, "paused", FULL))
            launch.poll()
            assert launch.news() == [f"plain-8-w4: {FULL}"]
            assert launch.news() == []
            log.write(Changed(2.0, 3, "running"))
            launch.poll()
            assert launch.news() == []
        log.write(Changed(3.0, 3, "paused"))
        launch.poll()
        # A person did that, perhaps in another terminal: here it is said that, and for what, it waits.
        [sentence] = launch.news()
        assert f"resume {run.path.parent}` goes on" in sentence
        assert launch.news() == []
