"""The estimate against what a process really takes, and the sentences that come of it."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import torch

from resviz.arch.presets import preset
from resviz.train import devices
from resviz.train.free_memory import free_memory
from resviz.train.memory import Budget, estimate
from resviz.train.recipe import Recipe
from resviz.train.session import sentence

MEASURE = """
import re, sys
import msgspec, torch
from resviz.arch.presets import preset
from resviz.data.batches import Batch
from resviz.nn.build import build
from resviz.nn.memory import keep_freed_memory
from resviz.train.recipe import Recipe
from resviz.train.step import Step

keep_freed_memory()
torch.set_num_threads(1)

def step(architecture, batch_size, recompute):
    network = build(architecture, recompute=recompute)
    made = Step(network, Recipe(), torch.device("cpu"), sys.argv[3])
    images = torch.randn(batch_size, *network.input_shape).contiguous(memory_format=torch.channels_last)
    batch = Batch(images, torch.arange(batch_size) % 10, None, None)
    for _ in range(2):
        made.compute(batch)
        made.update(0.001)

def status(field):
    with open("/proc/self/status") as file:
        return int(re.search(field + r":\\s+(\\d+)", file.read())[1]) * 1024

step(preset("resnet-8-w4", input_shape=(3, 8, 8)), 4, True)  # what is loaded once is no part of it
before = status("VmRSS")
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak counts from here
step(preset(sys.argv[1]), int(sys.argv[2]), sys.argv[4] == "recompute")
print(status("VmHWM") - before)
"""


NATIVE_BFLOAT16 = pytest.mark.skipif(
    devices.choose_precision("auto", torch.device("cpu")) != "bfloat16",
    reason="this processor computes bfloat16 by way of float32 copies, of which the estimate knows nothing",
)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="measured as Linux does it")
@pytest.mark.parametrize(
    ("name", "batch_size", "precision", "mode", "error"),
    [
        ("resnet-20", 128, "float32", "keep", 0.2),
        pytest.param("resnet-20", 128, "bfloat16", "keep", 0.2, marks=NATIVE_BFLOAT16),
        ("plain-110", 64, "float32", "keep", 0.2),
        # With less kept, what malloc cannot use again weighs more: from run to run it differs by a third.
        ("plain-110", 64, "float32", "recompute", 0.4),
    ],
)
def test_the_estimate_is_close_to_the_measured_peak(name, batch_size, precision, mode, error):
    arguments = [name, str(batch_size), precision, mode]
    process = subprocess.run(
        [sys.executable, "-c", MEASURE, *arguments], capture_output=True, text=True, check=True, cwd=ROOT
    )
    measured = int(process.stdout)
    expected = estimate(preset(name), Recipe(), precision, recompute=mode == "recompute").total(batch_size)
    assert expected == pytest.approx(measured, rel=error)


ROOT = Path(__file__).parents[2]
GB = 2**30


def test_what_costs_memory_counts():
    def total(name="resnet-20", precision="float32", recompute=None, **fields):
        return estimate(preset(name), Recipe(**fields), precision, recompute=recompute).total(128)

    assert total("resnet-56") > total()
    assert total(precision="bfloat16") < total()
    assert total(recompute=True) < total()
    assert total(recompute=True) == total(activation_checkpointing=True)
    assert total(optimiser="adamw") > total()
    assert total(ema_decay=0.9) > total()
    assert total(residual_init="skipinit") < total()


def test_resnet_1202_fits_a_card_of_24_gb():
    architecture, recipe = preset("resnet-1202"), Recipe()
    assert estimate(architecture, recipe).total(128) < 24 * GB
    assert estimate(architecture, recipe, recompute=True).total(128) < 2 * GB


def test_the_largest_batch_fits_and_no_larger_one():
    needed = estimate(preset("resnet-20"), Recipe())
    for batch_size in (1, 7, 16, 64, 1000):
        assert needed.largest_batch(needed.total(batch_size)) == batch_size
        smaller = batch_size - (1 if batch_size <= 16 else 8)
        assert needed.largest_batch(needed.total(batch_size) - 1) == smaller
    assert needed.largest_batch(0) == 0


def budget(available, **fields):
    return Budget(preset("resnet-1202"), Recipe(**fields), "float32", available)


def test_a_run_that_hardly_fits_says_so():
    assert budget(20 * GB).warning() is None
    assert budget(None).warning() is None
    warning = budget(8 * GB).warning()
    assert warning == (
        "resnet-1202 needs about 12.3 GiB of memory at a batch of 128, but only 8.0 GiB are free: if "
        "training fails, choose a batch of 80, which would fit, or turn activation_checkpointing on, which "
        "takes up to a third longer."
    )
    assert "activation_checkpointing" not in budget(GB // 2, activation_checkpointing=True).warning()
    assert budget(GB // 8).warning().endswith("if training fails, choose a smaller network.")


def test_out_of_memory_names_a_batch_that_would_fit():
    said = budget(8 * GB).exhausted("The graphics card")
    assert said == (
        "The graphics card is out of memory: choose a batch of 80, which would fit, or turn "
        "activation_checkpointing on, which takes up to a third longer, then start again."
    )
    for available in (20 * GB, None):  # where it should have fitted, half of what it was to take
        assert "choose a batch of 56, which" in budget(available).exhausted("The graphics card")
    needed = estimate(preset("resnet-1202"), Recipe())
    assert needed.total(56) <= needed.total(128) / 2 < needed.total(64)
    assert "a batch of 24," in budget(3 * GB).exhausted("The computer")
    for batch_size in (2, 20, 128):
        free = msgspec.structs.replace(Recipe(), batch_size=batch_size)
        small = Budget(preset("resnet-20"), free, "float32", 100 * GB).exhausted("The computer")
        assert f"a batch of {batch_size}," not in small


def test_free_memory_is_known_and_bounded_by_the_process_limit():
    free = free_memory(torch.device("cpu"))
    assert 2**26 < free < 2**46
    if sys.platform.startswith("linux"):
        code = (
            "import resource, torch\n"
            "resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, resource.RLIM_INFINITY))\n"
            "from resviz.train.free_memory import free_memory\n"
            "print(free_memory(torch.device('cpu')))"
        )
        process = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
        )
        assert 0 < int(process.stdout) < 6 * GB


@pytest.mark.parametrize(
    ("error", "where"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), "The graphics card"),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
            "The computer",
        ),
        (MemoryError(), "The computer"),
    ],
)
def test_a_run_that_runs_out_of_memory_ends_with_that_sentence(error, where):
    of_run = budget(8 * GB)
    assert sentence(error, of_run) == of_run.exhausted(where)
    assert sentence(error).startswith(f"{where} is out of memory: choose a smaller batch")
    assert sentence(ValueError("something else"), of_run).startswith("Training failed unexpectedly")
