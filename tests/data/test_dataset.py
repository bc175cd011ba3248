import pytest
import torch

from resviz.data.dataset import Dataset
from resviz.errors import DataError


def make(train_labels, test_labels=(0, 1), size=8, classes=("a", "b")):
    def images(count):
        generator = torch.Generator().manual_seed(count)
        return torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8, generator=generator)

    train, test = torch.tensor(train_labels), torch.tensor(test_labels)
    return Dataset("made up", classes, images(len(train)), train, images(len(test)), test)


def test_balanced_takes_equal_shares_and_the_same_ones_again():
    labels = [0] * 30 + [1] * 20 + [2] * 25
    data = make(labels, [0, 1, 2], classes=("a", "b", "c"))
    small = data.balanced(train_limit=15)
    assert small.train_labels.bincount().tolist() == [5, 5, 5]
    assert torch.equal(small.train_images, data.balanced(train_limit=15).train_images)
    assert torch.equal(small.test_images, data.test_images)


def test_balanced_fills_up_where_a_class_is_small():
    data = make([0] * 30 + [1] * 2)
    assert data.balanced(train_limit=10).train_labels.bincount().tolist() == [8, 2]


def test_a_smaller_balanced_part_lies_within_a_larger_one():
    data = make([0, 1] * 50)
    small = {tuple(i.flatten().tolist()) for i in data.balanced(train_limit=10).train_images}
    large = {tuple(i.flatten().tolist()) for i in data.balanced(train_limit=30).train_images}
    assert small < large


def test_balanced_choice_is_spread_over_the_class():
    data = make([0] * 1000 + [1] * 1000)
    kept = data.balanced(train_limit=100)
    tags = {tuple(i.flatten().tolist()): n for n, i in enumerate(data.train_images)}
    first_class = [tags[tuple(i.flatten().tolist())] for i in kept.train_images[:50]]
    assert max(first_class) > 500


def test_a_limit_of_zero_is_refused():
    with pytest.raises(DataError, match="leaves no pictures"):
        make([0, 1]).balanced(train_limit=0)


def test_halving_averages_two_by_two_pixels():
    data = make([0, 1])
    small = data.resized(4, 4)
    block = data.train_images[0, 0, :2, :2].float().mean().round()
    assert small.train_images.dtype == torch.uint8
    assert small.image_shape == (3, 4, 4)
    assert small.train_images[0, 0, 0, 0] == block
    assert small.test_images.shape[2:] == (4, 4)


def test_enlarging_a_flat_picture_keeps_it_flat():
    data = make([0, 1])
    data.train_images.fill_(200)
    assert (data.resized(20, 12).train_images == 200).all()


def test_the_same_size_is_not_copied():
    data = make([0, 1])
    assert data.resized(8, 8).train_images is data.train_images


def test_validation_is_the_last_tenth_of_each_class():
    data = make([0, 1] * 50)
    split = data.split_validation()
    assert split.train_labels.bincount().tolist() == [45, 45]
    assert split.test_labels.bincount().tolist() == [5, 5]
    assert torch.equal(split.test_images, data.train_images[90:])
    assert "validation" in split.name


def test_validation_needs_two_pictures_a_class():
    with pytest.raises(DataError, match="'b'"):
        make([0, 0, 0, 1]).split_validation()


@pytest.mark.parametrize("labels", [[0, 2], [-1, 0]])
def test_labels_outside_the_classes_are_refused(labels):
    with pytest.raises(DataError, match="outside its 2 classes"):
        make(labels)


def test_float_pictures_are_refused():
    data = make([0, 1])
    with pytest.raises(DataError, match="uint8"):
        Dataset(
            "x", ("a", "b"), data.train_images.float(), data.train_labels, data.test_images, data.test_labels
        )
