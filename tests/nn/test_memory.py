import subprocess
import sys

import pytest

CODE = """
import resource, ctypes
from resviz.nn.memory import keep_freed_memory
told = keep_freed_memory()
def faults():
    blocks = [b"x" * (20 << 20) for _ in range(8)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
faults()
first = faults()
for _ in range(3):
    last = faults()
print(told, last - first)
"""


GIVEN_BACK = """
import torch
from resviz.nn.memory import give_back_memory, keep_freed_memory
told = keep_freed_memory()
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
small = resident()
blocks = [b"x" * (20 << 20) for _ in range(8)]
pin = b"x" * (20 << 20)
del blocks
kept = resident() - small
give_back_memory()
print(told, kept, resident() - small)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_memory_is_given_back_when_a_run_is_over():
    out = subprocess.run(
        [sys.executable, "-c", GIVEN_BACK], capture_output=True, text=True, check=True
    ).stdout
    told, kept, left = out.split()
    if told == "False":
        pytest.skip("this C library has no mallopt")
    assert int(kept) > 150 << 20
    assert int(left) < 50 << 20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_freed_memory_is_used_again_without_page_faults():
    out = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout
    told, faults = out.split()
    if told == "False":
        pytest.skip("this C library has no mallopt")
    # left to itself glibc gives the 160 MiB back and faults them in again: 40,960 pages a round
    assert int(faults) < 1000
