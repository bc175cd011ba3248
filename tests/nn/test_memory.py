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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_freed_memory_is_used_again_without_page_faults():
    out = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout
    told, faults = out.split()
    if told == "False":
        pytest.skip("this C library has no mallopt")
    # left to itself glibc gives the 160 MiB back and faults them in again: 40,960 pages a round
    assert int(faults) < 1000
