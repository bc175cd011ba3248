import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage

from app.explain.client import ExplainClient
from app.explain.panel import ExplainPanel, ExplainRun

SERVER = """
import json, os, pathlib, sys
for line in sys.stdin:
    ask = json.loads(line)
    if ask["op"] == "die":
        print("out of luck", file=sys.stderr, flush=True); os._exit(3)
    def say(**more):
        print(json.dumps({"id": ask["id"], **more}), flush=True)
    if ask["op"] == "pictures":
        print("some library says hello", flush=True)
        say(progress=0.5)
        say(result={"pictures": [
            {"index": i, "picture": PICTURE, "label": "cat"} for i in range(ask["count"])]})
    elif ask["op"] == "attribute":
        if ask["index"] == 1:
            say(error="The checkpoint is damaged: train again.")
        elif ask["index"] == 2:
            pass
        else:
            say(progress=0.3)
            say(result={"picture": PICTURE, "overlay": PICTURE, "label": "cat", "label_index": 0,
                        "predicted": "dog" if "plain" in ask["run"] else "cat",
                        "probabilities": {"cat": 0.2, "dog": 0.7, "owl": 0.1}})
"""


@pytest.fixture
def client(tmp_path, qtbot):
    picture = tmp_path / "picture.png"
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    image.save(str(picture))
    script = tmp_path / "server.py"
    script.write_text(SERVER.replace("PICTURE", repr(str(picture))), encoding="utf-8")
    made = ExplainClient(tmp_path / "log.txt", arguments=[str(script)])
    yield made
    made.close()


def runs(tmp_path, checkpoint=True):
    return [
        ExplainRun(tmp_path / "resnet-8", "resnet-8", False, checkpoint),
        ExplainRun(tmp_path / "plain-8", "plain-8", True, checkpoint),
        ExplainRun(tmp_path / "plain-8-2", "plain-8-2", True, checkpoint),
    ]


@pytest.fixture
def panel(client, qtbot):
    made = ExplainPanel(client)
    qtbot.addWidget(made)
    made.resize(900, 240)
    made.show()
    yield made
    made.close_worker()


def test_worker_is_started_when_it_is_first_needed(client, qtbot):
    assert not client.running
    with qtbot.waitSignals([client.progressed, client.answered], timeout=20_000):
        client.request("pictures", run="x", count=2, out="")
    assert client.running
    client.close()
    assert not client.running


def test_death_of_the_worker_fails_what_is_open(client, qtbot):
    with qtbot.waitSignal(client.failed, timeout=20_000) as told:
        number = client.request("die")
    assert told.args[0] == number
    assert "out of luck" in told.args[1]
    with qtbot.waitSignal(client.answered, timeout=20_000):
        client.request("pictures", run="x", count=1, out="")


def test_program_that_cannot_be_started_is_told(tmp_path, qtbot, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    client = ExplainClient(tmp_path / "log.txt")
    with qtbot.waitSignal(client.failed, timeout=5000):
        client.request("pictures", run="x", count=1, out="")
    assert not client.running


def test_without_runs_or_checkpoints_the_panel_says_what_to_do(panel, client, tmp_path, qtbot):
    assert panel.empty_text.isVisible()
    assert not panel.checkpoint_button.isVisible()
    panel.set_runs(runs(tmp_path, checkpoint=False))
    assert panel.checkpoint_button.isVisible()
    with qtbot.waitSignal(panel.checkpoint_wanted):
        qtbot.mouseClick(panel.checkpoint_button, Qt.MouseButton.LeftButton)
    assert not client.running, "nothing is started before it can be used"


def test_one_picture_both_twins(panel, tmp_path, qtbot):
    panel.set_runs(runs(tmp_path))
    qtbot.waitUntil(lambda: panel.pictures.count() == 24, timeout=20_000)
    panel.pictures.setCurrentRow(0)
    plain, residual = panel.cards
    qtbot.waitUntil(
        lambda: "says" in plain.verdict.text() and "says" in residual.verdict.text(), timeout=5000
    )
    assert plain.verdict.text() == "says dog, but it is cat"
    assert residual.verdict.text() == "says cat: right"
    assert not panel.cancel_button.isVisible()

    panel.pictures.setCurrentRow(1)
    qtbot.waitUntil(lambda: plain.message.isVisible() and residual.message.isVisible(), timeout=5000)
    assert plain.message.text() == "The checkpoint is damaged: train again."

    panel.pictures.setCurrentRow(2)
    assert panel.cancel_button.isVisible()
    qtbot.mouseClick(panel.cancel_button, Qt.MouseButton.LeftButton)
    assert plain.picture.hint == "Cancelled"
    assert not panel.cancel_button.isVisible()

    panel.pictures.setCurrentRow(0)
    qtbot.waitUntil(lambda: "says" in plain.verdict.text(), timeout=5000)
    with qtbot.waitSignal(panel.client.answered, timeout=5000):
        panel.method.setCurrentIndex(1)
