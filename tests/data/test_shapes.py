import subprocess
import sys
import time

import numpy as np

from resviz.data.shapes import CLASSES, Look, paint_shapes


def test_sizes_types_and_balance():
    arrays = paint_shapes(205, 43)
    assert arrays.classes == CLASSES
    assert len(set(CLASSES)) == 10
    assert arrays.train_images.shape == (205, 3, 32, 32)
    assert arrays.train_images.dtype == np.uint8
    assert arrays.test_images.shape == (43, 3, 32, 32)
    counts = np.bincount(arrays.train_labels, minlength=10)
    assert counts.max() - counts.min() <= 1


def test_a_seed_decides_the_pictures():
    first, again, other = paint_shapes(60, 20, 1), paint_shapes(60, 20, 1), paint_shapes(60, 20, 2)
    assert np.array_equal(first.train_images, again.train_images)
    assert not np.array_equal(first.train_images, other.train_images)
    assert not np.array_equal(first.train_images[:20], first.test_images)


def test_a_longer_set_begins_with_a_shorter_one():
    long, short = paint_shapes(1200, 30), paint_shapes(500, 10)
    assert np.array_equal(long.train_images[:500], short.train_images)
    assert np.array_equal(long.test_images[:10], short.test_images)


def test_no_two_pictures_are_alike():
    images = paint_shapes(1000, 10).train_images
    assert len({image.tobytes() for image in images}) == 1000


def test_a_picture_shows_its_form():
    """Without noise, strays and movement, the mean brightness edge of a class differs from every other's."""
    still = Look(hue_spread=0.0, stray=0.0, shift=0.0, turn=0.0, noise=0.0)
    arrays = paint_shapes(2000, 10, look=still)
    spread = arrays.train_images.astype(np.float64).std(1)  # colourfulness: the form is, the ground hardly
    means = np.stack([spread[arrays.train_labels == label].mean(0).ravel() for label in range(10)])
    correlation = np.corrcoef(means)
    np.fill_diagonal(correlation, 0)
    assert correlation.max() < 0.995


def test_colour_alone_does_not_give_the_class_away_but_helps():
    """The nearest class by mean colour is right more often than chance and far less often than always."""
    arrays = paint_shapes(3000, 1000)
    train = arrays.train_images.mean((2, 3))
    test = arrays.test_images.mean((2, 3))
    centres = np.stack([train[arrays.train_labels == label].mean(0) for label in range(10)])
    nearest = ((test[:, None] - centres) ** 2).sum(2).argmin(1)
    right = (nearest == arrays.test_labels).mean()
    assert 0.12 < right < 0.5


def test_painting_takes_seconds_and_reports():
    said = []
    started = time.perf_counter()
    paint_shapes(progress=lambda *words: said.append(words))
    assert time.perf_counter() - started < 30
    assert said[-1] == ("painting 12,000 pictures", 12_000.0, 12_000.0, "pictures")


def test_painting_needs_no_torch():
    program = (
        "import sys, resviz.data.shapes, resviz.data.cifar, resviz.data.folder, resviz.data.cache;"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
