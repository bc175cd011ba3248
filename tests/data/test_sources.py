import pytest
import torch

from resviz.data.sources import default_data_dir, load_dataset
from resviz.errors import DataError


def test_shapes_are_limited_resized_and_kept(tmp_path, monkeypatch):
    data = load_dataset("shapes", tmp_path, image_size=16, train_limit=200, test_limit=50)
    assert data.name == "shapes"
    assert data.image_shape == (3, 16, 16)
    assert data.train_labels.bincount().tolist() == [20] * 10
    assert len(data.test_labels) == 50
    monkeypatch.setattr("resviz.data.sources.paint_shapes", None)
    again = load_dataset("shapes", tmp_path, image_size=(16, 16), train_limit=200, test_limit=50)
    assert torch.equal(again.train_images, data.train_images)


def test_the_seed_matters_to_shapes(tmp_path):
    first = load_dataset("shapes", tmp_path, train_limit=20, test_limit=10)
    other = load_dataset("shapes", tmp_path, train_limit=20, test_limit=10, seed=1)
    assert not torch.equal(first.train_images, other.train_images)


@pytest.mark.parametrize("spec", ["cifar", "", "folder:", "Shapes"])
def test_an_unknown_name_lists_the_known_ones(spec, tmp_path):
    with pytest.raises(DataError, match="choose shapes, cifar10, cifar100 or folder:PATH"):
        load_dataset(spec, tmp_path)


@pytest.mark.parametrize("options", [{"image_size": 0}, {"train_limit": 0}, {"test_limit": -1}])
def test_impossible_numbers_are_refused(options, tmp_path):
    with pytest.raises(DataError, match="give"):
        load_dataset("shapes", tmp_path, **options)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="There is no folder"):
        load_dataset(f"folder:{tmp_path / 'nowhere'}", tmp_path)


def test_the_default_folder_is_the_users_or_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("RESVIZ_HOME", str(tmp_path))
    assert default_data_dir() == tmp_path / "data"
    load_dataset("shapes", train_limit=20, test_limit=10)
    assert list((tmp_path / "data" / "cache").glob("*.safetensors"))
    monkeypatch.delenv("RESVIZ_HOME")
    assert default_data_dir().name == "data"
    assert "resviz" in str(default_data_dir())


def test_a_read_only_data_folder_still_loads_and_the_cache_is_the_users(tmp_path, monkeypatch):
    monkeypatch.setattr("resviz.data.sources.os.access", lambda *_: False)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(tmp_path / "home"))
    (tmp_path / "data").mkdir()
    assert len(load_dataset("shapes", tmp_path / "data", train_limit=20, test_limit=10).train_labels) == 20
    assert not list((tmp_path / "data").iterdir())
    assert list((tmp_path / "home" / "data").glob("*.safetensors"))
