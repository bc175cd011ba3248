import subprocess
import sys

import numpy as np

from resviz.data.arrays import Arrays
from resviz.data.cache import cached, load_arrays, save_arrays


def made(value=7):
    return Arrays(
        ("a", "b"),
        np.full((4, 3, 2, 2), value, np.uint8),
        np.array([0, 1, 0, 1]),
        np.full((2, 3, 2, 2), value + 1, np.uint8),
        np.array([1, 0]),
    )


def test_there_and_back(tmp_path):
    save_arrays(tmp_path / "x.safetensors", made())
    back = load_arrays(tmp_path / "x.safetensors")
    assert back.classes == ("a", "b")
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        assert np.array_equal(getattr(back, name), getattr(made(), name))
        assert getattr(back, name).dtype == getattr(made(), name).dtype
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


def test_a_flipped_bit_is_noticed_and_mended(tmp_path, caplog):
    cached(tmp_path, "source", "1", made)
    (path,) = tmp_path.glob("*.safetensors")
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    assert load_arrays(path) is None
    assert "damaged" in caplog.text
    assert cached(tmp_path, "source", "1", made).train_images[0, 0, 0, 0] == 7
    assert load_arrays(path) is not None


def test_a_truncated_file_and_a_strange_one_are_made_again(tmp_path):
    for content in (b"", b"\x05", b"\xff" * 40, b"\x02" + bytes(7) + b"{}"):
        cached(tmp_path, "source", "1", made)
        (path,) = tmp_path.glob("*.safetensors")
        path.write_bytes(content)
        assert load_arrays(path) is None
        assert len(cached(tmp_path, "source", "1", made).train_labels) == 4


def test_a_newer_state_replaces_an_older_one_of_the_same_source(tmp_path):
    cached(tmp_path, "one", "1", made)
    cached(tmp_path, "two", "1", made)
    assert cached(tmp_path, "one", "2", lambda: made(9)).train_images[0, 0, 0, 0] == 9
    assert len(list(tmp_path.glob("*.safetensors"))) == 2


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("a file where the cache folder should be")
    assert len(cached(blocked / "cache", "source", "1", made).train_labels) == 4
    assert "could not be kept" in caplog.text


def test_two_processes_build_once(tmp_path):
    program = (
        "import sys, time, pathlib; sys.path[:0] = sys.argv[2:]\n"
        "from tests.data.test_cache import made\n"
        "from resviz.data.cache import cached\n"
        "def build():\n"
        "    print('built'); time.sleep(1); return made()\n"
        "cached(pathlib.Path(sys.argv[1]), 'source', '1', build)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path), *sys.path]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = "".join(process.communicate(timeout=60)[0] for process in running)
    assert said.count("built") == 1
    assert all(process.returncode == 0 for process in running)
