"""`estimate`: the answer, its memory, and what it refuses."""

import os
import re

import msgspec
import pytest
import torch

from resviz.arch.files import save
from resviz.arch.presets import preset
from resviz.train import estimates
from resviz.train.recipe import Recipe
from tests.train.small import architecture
from tests.train.test_estimates import MEASURED


@pytest.fixture
def steps(monkeypatch):
    """Count measurements rather than take the time."""
    import resviz.train.measure as module

    asked = []

    def measure(architecture, recipe, device, *, beside, tell):
        tell("timing steps", 0.5)
        asked.append((architecture.name, recipe.batch_size))
        size = recipe.batch_size
        return msgspec.structs.replace(MEASURED, asked=size, batch_size=size, step_s=size / 1000)

    monkeypatch.setattr(module, "measure", measure)
    monkeypatch.setattr("os.environ", dict(os.environ))
    return asked


def test_it_answers_and_remembers(command, steps):
    words = ("estimate", "resnet-20", "--batch", "64", "--iterations", "1000", "--threads", "2")
    code, answer, said = command(*words, "--data", "cifar10")
    assert (code, said) == (0, "")
    assert answer["name"] == "resnet-20"
    assert answer["step_seconds"] == 0.064
    assert answer["training_seconds"] == 64 + answer["testing_seconds"]
    assert answer["memory_bytes"] > 100 * 2**20
    assert answer["measured"]["asked"] == 64
    command(*words)
    assert steps == [("resnet-20", 64)]
    command(*words, "--again")
    command("estimate", "resnet-20", "--batch", "128", "--threads", "2")
    assert steps == [("resnet-20", 64)] * 2 + [("resnet-20", 128)]


def test_several_networks_are_a_table(command, steps):
    code, text, _ = command("estimate", "plain-20", "resnet-20", "--threads", "2", json_answer=False)
    assert code == 0
    assert "plain-20" in text
    assert "128 ms" in text
    assert text.count("Estimated by") == 1
    code, answer, _ = command("estimate", "plain-20", "resnet-20", "--threads", "2")
    assert [each["name"] for each in answer["networks"]] == ["plain-20", "resnet-20"]


def test_progress_comes_as_lines(command, steps):
    _, text, _ = command("estimate", "resnet-20", "--progress", "--threads", "2", json_answer=False)
    assert '{"progress":0.5,"doing":"timing steps"}' in text.splitlines()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("resnet-21",), "6n+2"),
        (("resnet-20", "--batch", "0"), "--batch-size must be at least 1"),
        (("resnet-20", "--device", "gpu"), "There is no device 'gpu'"),
        (("resnet-20", "--threads", "0"), "--threads must be at least 1"),
    ],
)
def test_mistakes_are_one_line(command, steps, words, sentence):
    code, _, said = command("estimate", *words)
    assert code == 2
    assert sentence in said
    assert said.count("\n") == 1
    assert not steps


def test_memory_that_runs_out_is_said(command, monkeypatch):
    def measure(*_args, **_fields):
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr("resviz.train.measure.measure", measure)
    code, _, said = command("estimate", "resnet-20")
    assert code == 2
    assert "out of memory: choose a smaller batch" in said
    assert estimates.find(preset("resnet-20"), Recipe(), 2) is None


def test_steps_are_really_timed(command, tmp_path, monkeypatch):
    file = tmp_path / "small.json"
    save(architecture(), file)
    monkeypatch.setattr("os.environ", dict(os.environ))
    threads = torch.get_num_threads()
    words = ("estimate", file, "--batch", "16", "--iterations", "100", "--threads", "1", "--device", "cpu")
    try:
        code, answer, _ = command(*words)
    finally:
        torch.set_num_threads(threads)
    assert code == 0
    assert 0 < answer["step_seconds"] < 5
    assert answer["training_seconds"] > 100 * answer["step_seconds"]
    assert answer["measured"]["whole"]
    assert answer["measured"]["batch_size"] == 16


def test_data_that_is_not_there_is_refused(command, steps):
    code, _, said = command("estimate", "resnet-20", "--data", "nosuch")
    assert (code, steps) == (2, [])
    assert "There is no data set 'nosuch': choose shapes, cifar10, cifar100 or folder:PATH." in said


def test_what_never_fits_is_said(command, steps):
    words = ("estimate", "resnet-20", "--batch", "100000000", "--threads", "2")
    _, text, _ = command(*words, json_answer=False)
    assert "resnet-20: This does not fit here: it takes about " in text
    assert re.search(r"\d,\d{3}\.\d GiB", text)
    assert " years" in text
    _, answer, _ = command(*words)
    assert answer["memory_bytes"] > answer["memory_free_bytes"] > 0
    _, text, _ = command("estimate", "resnet-20", "--batch", "2", "--threads", "2", json_answer=False)
    assert "does not fit" not in text
