import io
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from resviz.cli.explain import open_run
from resviz.explain import server as server_module
from resviz.explain.server import Server
from resviz.explain.subject import Library
from tests.explain.conftest import checkpointed


def size(path):
    with Image.open(path) as image:
        return image.size


class Client:
    """The server in a thread, over pipes."""

    def __init__(self):
        reading, writing = os.pipe()
        answers_in, answers_out = os.pipe()
        self.requests, self.answers = os.fdopen(writing, "wb", 0), os.fdopen(answers_in, "rb")
        self._ends = os.fdopen(reading, "rb"), os.fdopen(answers_out, "wb")
        self.server = Server(*self._ends, open_run, Library())
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        self.server.serve()
        self._ends[1].close()

    def send(self, **request):
        self.requests.write(json.dumps(request).encode() + b"\n")

    def answer(self, number):
        """Return the final answer to a request, and the progress told before."""
        progress = []
        for line in self.answers:
            message = json.loads(line)
            assert message["id"] == number
            if "progress" not in message:
                return message, progress
            progress.append(message["progress"])
        raise AssertionError("no answer")

    def close(self):
        if not self.requests.closed:
            self.requests.close()
        self.thread.join(10)
        assert not self.thread.is_alive()
        self.answers.close()
        self._ends[0].close()


@pytest.fixture
def client():
    client = Client()
    yield client
    client.close()


def test_attribution_writes_its_files(client, runs, tmp_path):
    out = tmp_path / "deep" / "out"
    for number, method in enumerate(("integrated_gradients", "grad_cam")):
        client.send(id=number, op="attribute", run=str(runs[1].path), index=7, method=method, out=str(out))
        message, progress = client.answer(number)
        result = message["result"]
        assert progress
        heat = np.load(result["heatmap"], allow_pickle=False)
        assert (heat.shape, heat.dtype) == ((8, 8), np.float32)
        assert size(result["overlay"]) == size(result["picture"]) == (320, 320)
        assert (result["label"], result["label_index"]) == ("green", 1)
        assert result["predicted"] == max(result["probabilities"], key=result["probabilities"].get)
        assert sum(result["probabilities"].values()) == pytest.approx(1)
        assert result["target"] in result["legend"]
        assert all(Path(result[key]).parent == out for key in ("picture", "heatmap", "overlay"))


def test_the_right_class_can_be_explained_instead(client, runs, tmp_path):
    client.send(id=1, op="attribute", run=str(runs[0].path), index=0, out=str(tmp_path), target="label")
    assert client.answer(1)[0]["result"]["target"] == "blue"


def test_both_twins_list_the_same_pictures(client, runs, tmp_path):
    lists = []
    for number, run in enumerate(runs):
        client.send(id=number, op="pictures", run=str(run.path), count=7, out=str(tmp_path / run.name))
        result = client.answer(number)[0]["result"]
        assert result["count"] == 18
        assert all(Path(entry["picture"]).is_file() for entry in result["pictures"])
        lists.append([(entry["index"], entry["label"]) for entry in result["pictures"]])
    assert lists[0] == lists[1]
    assert [label for _, label in lists[0]] == ["blue", "green", "red", "blue", "green", "red", "blue"]


def test_evaluation_and_a_newer_checkpoint(client, runs):
    client.send(id=1, op="evaluate", run=str(runs[0].path))
    first = client.answer(1)[0]["result"]
    assert first["iteration"] == 10
    assert set(first["class_error_pct"]) == {"blue", "green", "red"}
    checkpointed(runs[0], 20, seed=5)
    client.send(id=2, op="evaluate", run=str(runs[0].path))
    assert client.answer(2)[0]["result"]["iteration"] == 20


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"op": "attribute", "index": 99, "out": "o", "run": "0"}, "no test picture 99"),
        ({"op": "attribute", "index": 0, "out": "o", "run": "nowhere"}, "holds no run"),
        ({"op": "attribute", "index": 0, "out": "o", "run": "0", "method": "magic"}, "cannot be understood"),
        ({"op": "attribute", "out": "o", "run": "0"}, "cannot be understood"),
        ({"op": "lesion", "run": "0"}, "cannot be understood"),
        ({"op": "pictures", "run": "0", "out": "0/recipe.json/out"}, "Cannot make the folder"),
    ],
)
def test_a_mistake_is_one_sentence_and_the_next_request_works(client, runs, request_, sentence):
    run = str(runs[0].path)
    places = {key: request_[key].replace("0", run, 1) for key in ("run", "out") if key in request_}
    client.send(id=5, **{**request_, **places})
    message = client.answer(5)[0]
    assert sentence in message["error"]
    assert "\n" not in message["error"]
    client.send(id=6, op="evaluate", run=str(runs[0].path))
    assert "result" in client.answer(6)[0]


def test_a_torn_line_is_answered_without_an_id(client):
    client.requests.write(b'{"id": 1, "op":\n')
    assert "cannot be understood" in client.answer(None)[0]["error"]


@pytest.fixture
def slow(monkeypatch):
    """Make evaluation take long, in many steps."""
    started = threading.Event()

    def evaluate(_subject, report):
        for step in range(1000):
            started.set()
            time.sleep(0.01)
            report(step / 1000)
        raise AssertionError("never cancelled")

    monkeypatch.setattr(server_module, "evaluate", evaluate)
    return started


def test_cancel_ends_what_is_being_worked_on_and_what_waits(client, runs, slow, tmp_path):
    run = str(runs[0].path)
    client.send(id=1, op="evaluate", run=run)
    client.send(id=2, op="evaluate", run=run)
    client.send(id=3, op="pictures", run=run, count=1, out=str(tmp_path))
    assert slow.wait(20)
    client.send(op="cancel", id=2)
    client.send(op="cancel", id=1)
    for number in (1, 2):
        message, _ = client.answer(number)
        assert message["cancelled"]
        assert message["error"]
    assert "result" in client.answer(3)[0]


def test_closing_the_input_ends_a_busy_server(client, runs, slow):
    client.send(id=1, op="evaluate", run=str(runs[0].path))
    assert slow.wait(20)
    start = time.monotonic()
    client.close()
    assert time.monotonic() - start < 2


def test_an_unexpected_failure_is_one_sentence(client, runs, monkeypatch, capsys):
    def fail(_subject, _report):
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr(server_module, "evaluate", fail)
    client.send(id=1, op="evaluate", run=str(runs[0].path))
    error = client.answer(1)[0]["error"]
    assert "RuntimeError: first line" in error
    assert "second" not in error
    assert "Traceback" in capsys.readouterr().err


def test_answers_to_a_closed_pipe_end_the_server(runs):
    class Closed(io.RawIOBase):
        def write(self, _data):
            raise BrokenPipeError

    request = json.dumps({"id": 1, "op": "evaluate", "run": str(runs[0].path)}).encode() + b"\n"
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as requests, os.fdopen(writing, "wb", 0) as end:
        end.write(request)
        thread = threading.Thread(target=Server(requests, Closed(), open_run, Library()).serve)
        thread.start()
        time.sleep(0.2)
        end.close()
        thread.join(10)
        assert not thread.is_alive()


def test_the_worker_process_answers_and_ends_with_its_input(runs, tmp_path):
    request = {"id": 1, "op": "attribute", "run": str(runs[1].path), "index": 0, "method": "grad_cam",
               "out": str(tmp_path)}  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "resviz", "explain-worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        last = {}
        while "result" not in last and "error" not in last:
            last = json.loads(process.stdout.readline())
        assert Path(last["result"]["overlay"]).is_file()
        process.stdin.close()
        assert process.wait(10) == 0
