from pathlib import Path

import pytest
import torch

from resviz.errors import CheckpointError
from resviz.nn.state import (
    checkpoint_names,
    load_checkpoint,
    newest_good,
    part,
    prune,
    save_checkpoint,
    with_prefix,
)


def tensors(value=1.0):
    shared = torch.arange(6.0)
    return {
        "model/conv.weight": torch.randn(4, 3, 3, 3).to(memory_format=torch.channels_last),
        "model/norm.num_batches_tracked": torch.tensor(7),
        "optimizer/a": shared[:3],
        "optimizer/b": shared[1:] * 0 + value,
        "optimizer/c": shared,
        "random/state": torch.get_rng_state(),
        "half": torch.randn(5).bfloat16(),
    }


def test_round_trip_is_exact(tmp_path):
    saved, meta = tensors(), {"iteration": 12, "factor": 0.1, "warm_up_end": None, "names": ["a", "b"]}
    save_checkpoint(tmp_path / "checkpoints", "iteration-12", saved, meta)
    name, loaded, loaded_meta = load_checkpoint(tmp_path / "checkpoints", "iteration-12")
    assert name == "iteration-12"
    assert loaded_meta == meta
    assert loaded.keys() == saved.keys()
    for key, tensor in saved.items():
        assert loaded[key].dtype == tensor.dtype
        assert torch.equal(loaded[key], tensor)
    assert not list((tmp_path / "checkpoints").glob(".*"))


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("at", [0, 300, -1])
def test_one_flipped_bit_is_noticed(tmp_path, at):
    save_checkpoint(tmp_path, "a", tensors(), {"iteration": 1})
    _flip(tmp_path / "a.safetensors", at)
    with pytest.raises(CheckpointError, match=r"a\.safetensors is damaged"):
        load_checkpoint(tmp_path, "a")


def test_changed_meta_is_noticed(tmp_path):
    save_checkpoint(tmp_path, "a", tensors(), {"iteration": 1})
    path = tmp_path / "a.json"
    path.write_bytes(path.read_bytes().replace(b'"iteration":1', b'"iteration":2'))
    with pytest.raises(CheckpointError, match=r"a\.json is damaged"):
        load_checkpoint(tmp_path, "a")


@pytest.mark.parametrize("suffix", ["json", "safetensors"])
def test_truncated_and_missing_files(tmp_path, suffix):
    save_checkpoint(tmp_path, "a", tensors(), {})
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CheckpointError, match=rf"a\.{suffix} is damaged"):
        load_checkpoint(tmp_path, "a")
    path.unlink()
    with pytest.raises(CheckpointError, match=rf"a\.{suffix} cannot be read"):
        load_checkpoint(tmp_path, "a")


def test_newer_version_is_refused_with_a_sentence(tmp_path):
    save_checkpoint(tmp_path, "a", tensors(), {})
    path = tmp_path / "a.json"
    path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":99'))
    with pytest.raises(CheckpointError, match="newer resviz"):
        load_checkpoint(tmp_path, "a")


def test_newest_good_skips_damaged_ones_and_says_so(tmp_path):
    for iteration in (9, 10, 100):
        save_checkpoint(tmp_path, f"iteration-{iteration}", tensors(), {"iteration": iteration})
    assert checkpoint_names(tmp_path) == ["iteration-9", "iteration-10", "iteration-100"]
    checkpoint, skipped = newest_good(tmp_path)
    assert checkpoint is not None
    assert checkpoint.meta == {"iteration": 100}
    assert skipped == []
    _flip(tmp_path / "iteration-100.safetensors", 500)
    checkpoint, skipped = newest_good(tmp_path)
    assert checkpoint is not None
    assert checkpoint.name == "iteration-10"
    assert len(skipped) == 1
    assert "iteration-100.safetensors is damaged" in skipped[0]
    assert "so iteration-10 is used instead" in skipped[0]
    _flip(tmp_path / "iteration-10.safetensors", 500)
    (tmp_path / "iteration-9.json").write_bytes(b"{")
    with pytest.raises(CheckpointError, match=r"No checkpoint is left.*iteration-100\.saf.*-9\.json.*anew"):
        newest_good(tmp_path)
    assert newest_good(tmp_path / "nowhere") == (None, [])


def test_prune_keeps_what_is_named(tmp_path):
    # A killed worker left the hidden file.
    for iteration in (1, 2, 30, 500, 4):
        save_checkpoint(tmp_path, f"iteration-{iteration}", tensors(), {})
    (tmp_path / ".iteration-31.safetensors.x1y2").write_bytes(b"half")
    prune(tmp_path, keep={"iteration-4", "iteration-30"})
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "iteration-30.json",
        "iteration-30.safetensors",
        "iteration-4.json",
        "iteration-4.safetensors",
    ]


def test_overwriting_keeps_one_good_checkpoint(tmp_path):
    save_checkpoint(tmp_path, "a", tensors(1.0), {"turn": 1})
    save_checkpoint(tmp_path, "a", tensors(2.0), {"turn": 2})
    checkpoint = load_checkpoint(tmp_path, "a")
    assert checkpoint.meta == {"turn": 2}
    assert checkpoint.tensors["optimizer/b"].tolist() == [2.0] * 5


def test_unusable_folder_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CheckpointError, match="Cannot make the folder"):
        save_checkpoint(tmp_path / "file" / "checkpoints", "a", tensors(), {})


def test_parts():
    state = {"a.weight": torch.ones(2), "b": torch.zeros(1)}
    both = {**with_prefix("model", state), **with_prefix("optimizer", {"a.weight": torch.full((2,), 3.0)})}
    assert part("model", both).keys() == state.keys()
    assert part("optimizer", both)["a.weight"].tolist() == [3.0, 3.0]
