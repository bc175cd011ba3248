import hashlib
import subprocess
import sys

import pytest
import torch

from resviz.data.batches import MIXING_STEPS, Batches
from resviz.data.statistics import Statistics
from resviz.errors import DataError


def make(count=50, size=8, **settings):
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8, generator=generator)
    settings = {"batch_size": 16, "seed": 3, "augment": False, "normalise": "pixel-mean"} | settings
    return images, Batches(images, torch.arange(count), **settings)


def digest(batches, iterations):
    result = hashlib.sha256()
    for iteration in iterations:
        images, labels, *_ = batches.batch(iteration)
        result.update(images.contiguous().numpy().tobytes() + labels.numpy().tobytes())
    return result.hexdigest()


def test_a_batch_depends_on_seed_and_iteration_alone():
    _, one = make(augment=True)
    _, other = make(augment=True)
    order = [7, 0, 3, 100, 0]
    forward = {iteration: digest(one, [iteration]) for iteration in sorted(order)}
    for iteration in order:
        assert digest(other, [iteration]) == forward[iteration]
    assert len(set(forward.values())) == 4
    assert digest(make(augment=True, seed=4)[1], [0]) != forward[0]


def test_batches_are_what_they_always_were():
    # Runs of every version so far, so that old ones can be resumed and repeated.
    expected = "77a42c98c64c22fecd54ac1b8c9affebdaf1987f0f4e1338e540f45c5abcbd51"
    assert digest(make(augment=True)[1], [0, 1, 5, 40]) == expected


def test_another_process_makes_the_same_batches():
    program = (
        "import sys, torch; sys.path[:0] = sys.argv[1:]; torch.set_num_threads(1);"
        "from tests.data.test_batches import make, digest;"
        "print(digest(make(augment=True)[1], [0, 1, 5, 40]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *sys.path], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == digest(make(augment=True)[1], [0, 1, 5, 40])


def test_every_epoch_sees_every_picture_once_and_batches_straddle_epochs():
    _, batches = make(count=50, batch_size=16)
    assert batches.iterations_per_epoch == 4
    seen = torch.cat([batches.batch(iteration)[1] for iteration in range(25)])  # 400 pictures: 8 epochs
    for epoch in seen.view(8, 50):
        assert epoch.sort().values.tolist() == list(range(50))
    assert not torch.equal(seen[:50], seen[50:100])


def test_a_batch_may_be_larger_than_the_set():
    _, batches = make(count=5, batch_size=12)
    assert batches.batch(0)[1][:10].bincount().tolist() == [2] * 5
    assert batches.iterations_per_epoch == 1


def test_without_augmentation_a_batch_is_the_normalised_pictures():
    images, batches = make()
    expected = images.double() / 255 - (images.double() / 255).mean(0)
    got, labels, *_ = batches.batch(2)
    torch.testing.assert_close(got.double(), expected[labels], atol=1e-6, rtol=0)
    assert got.dtype == torch.float32
    assert got.is_contiguous(memory_format=torch.channels_last)


def test_augmentation_is_a_shifted_window_of_the_padded_picture_or_its_mirror():
    images, batches = make(augment=True, count=400, batch_size=400)
    got, labels, *_ = batches.batch(0)
    plain = batches.statistics.apply(images)
    padded = torch.nn.functional.pad(plain, (4, 4, 4, 4))
    found = set()
    for picture, label in zip(got, labels.tolist(), strict=True):
        matches = []
        for down in range(9):
            for right in range(9):
                window = padded[label, :, down : down + 8, right : right + 8]
                matches += [
                    (down, right, flip)
                    for flip in (False, True)
                    if torch.equal(picture, window.flip(2) if flip else window)
                ]
        assert len(matches) == 1
        found.add(matches[0])
    assert {down for down, _, _ in found} == set(range(9))
    assert {right for _, right, _ in found} == set(range(9))
    assert {flip for _, _, flip in found} == {False, True}


def test_a_draw_is_whole_numbers_and_decides_the_batch():
    for options in ({}, {"augment": True}, {"augment": True, "cutout": 3, "mixup": 0.4}):
        _, batches = make(**options)
        drawn = batches.draw(5)
        assert (drawn.dtype, drawn.shape[1]) == (torch.int64, 16)
        one, other = batches.assemble(drawn), make(**options)[1].batch(5)
        for mine, theirs in zip(one, other, strict=True):
            assert (mine is None) == (theirs is None)
            assert mine is None or torch.equal(mine, theirs)
        assert one.images.is_contiguous(memory_format=torch.channels_last)


def test_options_leave_the_draws_of_the_others_alone():
    plain, both = make(augment=True)[1].draw(7), make(augment=True, cutout=2, mixup=1.0)[1].draw(7)
    assert torch.equal(both[:4], plain)
    assert torch.equal(make(augment=True, mixup=1.0)[1].draw(7)[4:], both[6:])


@pytest.mark.parametrize("side", [3, 4, 20])
def test_cutout_is_one_square_of_zeros_anywhere(side):
    # arXiv:1708.04552, Sec. 3.2: a square around a random pixel, which may lie partly outside.
    images, batches = make(count=2000, batch_size=2000, cutout=side, normalise="channel-mean")
    batches.statistics = Statistics(torch.full((3, 1, 1), -1.0), None)  # Nothing else is zero.
    got, labels, *_ = batches.batch(0)
    zeros, centres = (got == 0).all(1), set()
    torch.testing.assert_close(got, (images[labels] / 255 + 1) * ~zeros[:, None])
    for mask, down, right in zip(zeros, *batches.draw(0)[1:].tolist(), strict=True):
        expected = torch.zeros(8, 8, dtype=torch.bool)
        top, left = down - side // 2, right - side // 2
        expected[max(top, 0) : top + side, max(left, 0) : left + side] = True
        assert torch.equal(mask, expected)
        centres.add((down, right))
    assert centres == {(down, right) for down in range(8) for right in range(8)}


def test_mixup_mixes_pairs_by_one_share_from_the_beta_distribution():
    # arXiv:1710.09412, Eq. 1: x = share x_i + (1 - share) x_j with share from Beta(alpha, alpha).
    images, batches = make(mixup=0.4)
    got, labels, partners, share = batches.batch(0)
    plain = batches.statistics.apply(images)
    torch.testing.assert_close(got, share * plain[labels] + (1 - share) * plain[partners])
    assert sorted(partners.tolist()) == sorted(labels.tolist())
    shares = torch.tensor([batches.draw(k)[2, 0] / MIXING_STEPS for k in range(2000)])
    assert ((shares >= 0) & (shares <= 1)).all()
    # Mean 1/2 and variance 1 / (4 (2 alpha + 1)).
    assert shares.mean().item() == pytest.approx(0.5, abs=0.03)
    assert shares.var().item() == pytest.approx(1 / (4 * 1.8), rel=0.08)


def test_contiguous_memory_is_given_where_asked_for():
    for augment in (False, True):
        _, batches = make(augment=augment, memory_format=torch.contiguous_format)
        assert batches.batch(0)[0].is_contiguous()


@pytest.mark.parametrize("normalise", ["pixel-mean", "channel-mean", "channel-mean-std"])
def test_statistics_agree_with_float64(normalise):
    images = torch.randint(0, 256, (700, 3, 6, 5), dtype=torch.uint8)
    images[:, 1] = 255  # the largest sums, and a channel without spread
    found = Statistics.of(images, normalise)
    scaled = images.double() / 255
    if normalise == "pixel-mean":
        torch.testing.assert_close(found.mean.double(), scaled.mean(0), atol=1e-7, rtol=0)
    else:
        torch.testing.assert_close(
            found.mean.double(), scaled.mean((0, 2, 3)).view(3, 1, 1), atol=1e-7, rtol=0
        )
    if normalise == "channel-mean-std":
        std = scaled.std((0, 2, 3), correction=0).view(3, 1, 1)
        std[1] = 1
        torch.testing.assert_close(found.std.double(), std, atol=1e-7, rtol=0)
    else:
        assert found.std is None


def test_evaluation_uses_the_training_statistics_in_order_and_loses_nothing():
    _, batches = make(normalise="channel-mean-std")
    test = torch.randint(0, 256, (23, 3, 8, 8), dtype=torch.uint8)
    parts = list(batches.evaluation_batches(test, torch.arange(23), batch_size=10))
    assert [len(labels) for _, labels in parts] == [10, 10, 3]
    assert torch.cat([labels for _, labels in parts]).tolist() == list(range(23))
    assert torch.equal(torch.cat([images for images, _ in parts]), batches.statistics.apply(test))


def test_given_statistics_are_used():
    given = Statistics(torch.full((3, 1, 1), 0.5), torch.full((3, 1, 1), 0.25))
    images, batches = make(statistics=given)
    got, labels, *_ = batches.batch(0)
    torch.testing.assert_close(got, (images[labels].float() / 255 - 0.5) / 0.25)


def test_normalising_leaves_the_held_pictures_alone():
    images, batches = make()
    before = images.clone()
    batches.batch(0)
    assert torch.equal(images, before)
    assert digest(batches, [0]) == digest(make()[1], [0])


def test_mistakes_are_named():
    images = torch.zeros(0, 3, 8, 8, dtype=torch.uint8)
    with pytest.raises(DataError, match="at least one"):
        Batches(images, torch.arange(0), batch_size=4, seed=0, augment=False)
    with pytest.raises(DataError, match="batch of 0"):
        make(batch_size=0)
    with pytest.raises(DataError, match="choose one of pixel-mean"):
        make(normalise="whatever")
