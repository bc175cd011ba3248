import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from resviz.data.folder import choose_size, decode_folder, list_folder
from resviz.data.sources import load_dataset
from resviz.errors import DataError


def picture(path, size=(8, 8), colour=(10, 20, 30), mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    rgb = np.full((size[1], size[0], 3), colour, np.uint8)
    rgb[0, 0] = 255 - rgb[0, 0]
    Image.fromarray(rgb).convert(mode).save(path, **options)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "pictures"
    for part, count in (("train", 3), ("test", 2)):
        for label, name in enumerate(("cat", "dog")):
            for index in range(count):
                picture(root / part / name / f"{index}.png", colour=(40 * label, 7 * index, 90))
    return root


def test_pictures_and_labels_pixel_for_pixel(root):
    arrays = decode_folder(list_folder(root), (8, 8))
    assert arrays.classes == ("cat", "dog")
    assert arrays.train_labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert arrays.test_labels.tolist() == [0, 0, 1, 1]
    assert arrays.train_images.shape == (6, 3, 8, 8)
    assert arrays.train_images[5, :, 3, 3].tolist() == [40, 14, 90]
    assert arrays.train_images[5, :, 0, 0].tolist() == [215, 241, 165]


def test_every_format_and_mode_becomes_three_channels(root):
    picture(root / "train/cat/a.webp", lossless=True)
    picture(root / "train/cat/b.JPG", quality=95)
    picture(root / "train/cat/c.png", mode="L")
    picture(root / "train/cat/d.png", mode="P")
    picture(root / "train/cat/e.png", mode="RGBA")
    (root / "train/cat/notes.txt").write_text("not a picture")
    (root / "train/cat/.hidden.png").write_text("not a picture")
    arrays = decode_folder(list_folder(root), (8, 8))
    assert arrays.train_images.shape == (11, 3, 8, 8)
    by_name = {Path(path).name: index for index, (path, _) in enumerate(list_folder(root).train)}
    assert arrays.train_images[by_name["a.webp"], :, 4, 4].tolist() == [10, 20, 30]


def test_other_sizes_are_brought_to_the_most_common_one(root):
    picture(root / "train/dog/large.png", size=(40, 20), colour=(1, 2, 3))
    picture(root / "test/dog/small.png", size=(3, 3), colour=(1, 2, 3))
    listing = list_folder(root)
    assert choose_size(listing, None) == (8, 8)
    arrays = decode_folder(listing, (8, 8))
    large = next(index for index, (path, _) in enumerate(listing.train) if path.endswith("large.png"))
    assert arrays.train_images[large, :, 4, 4].tolist() == [1, 2, 3]


def test_small_pictures_are_kept_at_their_own_size_and_large_ones_at_the_asked_one(root, tmp_path):
    assert choose_size(list_folder(root), (4, 4)) == (8, 8)
    for part in ("train", "test"):
        for name in ("x", "y"):
            picture(tmp_path / "large" / part / name / "0.png", size=(300, 200))
    assert choose_size(list_folder(tmp_path / "large"), (4, 4)) == (4, 4)
    assert choose_size(list_folder(tmp_path / "large"), None) == (200, 300)


def test_a_second_load_decodes_nothing_and_a_change_is_noticed(root, tmp_path, monkeypatch):
    data = load_dataset(f"folder:{root}", tmp_path / "data")
    calls = []
    monkeypatch.setattr(
        "resviz.data.folder.decode_folder", lambda *args: calls.append(args) or decode_folder(*args)
    )
    again = load_dataset(f"folder:{root}", tmp_path / "data")
    assert not calls
    assert (again.train_images == data.train_images).all()
    picture(root / "train/cat/new.png")
    assert len(load_dataset(f"folder:{root}", tmp_path / "data").train_labels) == 7
    assert len(calls) == 1
    assert len(list((tmp_path / "data" / "cache").glob("*.safetensors"))) == 1


def test_progress_reaches_the_end(root):
    said = []
    decode_folder(list_folder(root), (8, 8), lambda *words: said.append(words))
    assert said[0] == ("reading 10 pictures", 0.0, 10.0, "pictures")
    assert said[-1] == ("reading 10 pictures", 10.0, 10.0, "pictures")


def test_a_truncated_picture_is_named(root):
    path = root / "train/dog/1.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DataError, match=r"1\.png cannot be read .*; replace or remove it"):
        decode_folder(list_folder(root), (8, 8))


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_a_truncated_lossy_picture_is_named(root, suffix):
    path = root / f"train/dog/torn{suffix}"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(DataError, match="torn"):
        decode_folder(list_folder(root), (8, 8))


def test_a_text_file_in_a_pictures_clothes_is_named(root):
    (root / "test/cat/fake.png").write_text("hello")
    with pytest.raises(DataError, match=r"fake\.png cannot be read \(it is no picture\)"):
        decode_folder(list_folder(root), (8, 8))


def _no_folder(root):
    shutil.rmtree(root)


def _no_test(root):
    shutil.rmtree(root / "test")


def _one_class(root):
    shutil.rmtree(root / "train/dog")


def _class_untested(root):
    shutil.rmtree(root / "test/dog")


def _class_untrained(root):
    picture(root / "test/emu/0.png")


def _empty_class(root):
    for path in (root / "train/dog").iterdir():
        path.unlink()


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_no_folder, "There is no folder"),
        (_no_test, "has no folder 'test'"),
        (_one_class, "holds only one class, 'cat'"),
        (_class_untested, "no folder for the class 'dog'"),
        (_class_untrained, "class 'emu' that train has not"),
        (_empty_class, "dog holds no pictures"),
    ],
)
def test_gaps_are_named(root, damage, sentence):
    damage(root)
    with pytest.raises(DataError, match=sentence):
        list_folder(root)


def test_too_much_for_the_memory_is_said_before_anything_is_read(root):
    with pytest.raises(DataError, match="smaller image size"):
        decode_folder(list_folder(root), (40_000, 40_000))
