"""Each option of a recipe does, in a whole training, what its source says; parts have tests of their own."""

import math

import msgspec
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, log_softmax

from resviz.data.batches import Batches
from resviz.data.dataset import Dataset
from resviz.nn.build import build
from resviz.runs.events import Evaluated, Started, Stepped
from resviz.runs.series import Tail
from resviz.train import schedule
from resviz.train.optimiser import make_optimiser
from resviz.train.recipe import Recipe
from resviz.train.session import Session
from tests.train.small import RECIPE, Rig, architecture, dataset, experiment


def rates(folder, **fields):
    """Return the learning rate of each iteration as the run tells it."""
    return [step.learning_rate for step in Rig(folder, **fields).run().of(Stepped)]


def first_batch(**options):
    """Return the first batch of a `Rig`, made apart from it, and the scores that its network begins with."""
    data = dataset()
    batch = Batches(
        data.train_images, data.train_labels, batch_size=16, seed=0, augment=True, **options
    ).batch(0)
    return batch, build(architecture(), seed=0)(batch.images).double()


def test_the_papers_rate_is_divided_by_ten_at_its_milestones(tmp_path):
    """arXiv:1512.03385, Sec. 4.2: divided by 10 at 32k and 48k of 64k iterations; here 12 and 18 of 24."""
    found = rates(tmp_path, milestones=(12, 18), learning_rate=0.1)
    assert found == pytest.approx([0.1] * 12 + [0.01] * 6 + [0.001] * 6)


def test_cosine(tmp_path):
    """arXiv:1608.03983, Eq. 5: half the highest rate times 1 + cos(pi T_cur / T_i), without a restart."""
    found = rates(tmp_path, schedule="cosine")
    assert found == pytest.approx([0.05 / 2 * (1 + math.cos(math.pi * k / 24)) for k in range(24)], rel=1e-3)


def test_one_cycle(tmp_path):
    """arXiv:1708.07120: up to the highest rate and down, in the end far below where it began."""
    found = rates(tmp_path, schedule="one-cycle", one_cycle_peak=0.25, iterations=40)
    top = found.index(max(found))
    assert (top, found[top]) == (9, pytest.approx(0.05))
    assert found[: top + 1] == sorted(found[: top + 1])
    assert found[top:] == sorted(found[top:], reverse=True)
    assert found[0] == pytest.approx(0.05 / 25, rel=1e-3)
    assert found[-1] < found[0] / 1_000


def test_linear_scaling_lets_a_large_batch_train_as_several_small_ones(tmp_path):
    """arXiv:1706.02677, Sec. 2.1, Eq. 3 and 4: k steps on batches of n are about one of k times the rate on
    a batch of kn, as long as the gradient does not change much on the way.
    """
    found = rates(tmp_path, rate_scaling="linear", batch_size=32, learning_rate=0.1, milestones=(12,))
    assert found == pytest.approx([0.025] * 12 + [0.0025] * 12)

    torch.manual_seed(0)
    inputs, labels = torch.randn(512, 6), torch.randint(0, 3, (512,))

    def trained(batch_size, rate_scaling):
        recipe = Recipe(
            batch_size=batch_size,
            rate_scaling=rate_scaling,
            learning_rate=0.01,
            momentum=0.0,
            weight_decay=0.0,
        )
        torch.manual_seed(1)
        layer = nn.Linear(6, 3)
        before = layer.weight.detach().clone()
        optimiser = make_optimiser(layer.named_parameters(), recipe)
        for iteration, start in enumerate(range(0, 512, batch_size)):
            part = slice(start, start + batch_size)
            cross_entropy(layer(inputs[part]), labels[part]).backward()
            optimiser.step(schedule.rate(recipe, iteration, warm_up_end=0))
        return layer.weight.detach() - before

    small, scaled, unscaled = trained(128, "linear"), trained(512, "linear"), trained(512, "none")
    assert (scaled - small).norm() < 0.02 * small.norm()
    assert (unscaled - small).norm() > 0.7 * small.norm()


def test_label_smoothing(tmp_path):
    """arXiv:1512.00567, Sec. 7: q'(k) = (1 - share) [k = y] + share / K is the target in place of [k = y]."""
    first = Rig(tmp_path, label_smoothing=0.3).run(until=1)
    batch, scores = first_batch()
    target = torch.full((16, 10), 0.03, dtype=torch.float64)
    target.scatter_add_(1, batch.labels[:, None], torch.full((16, 1), 0.7, dtype=torch.float64))
    first.run()
    expected = -(target * log_softmax(scores, 1)).sum(1).mean().item()
    assert first.of(Stepped)[0].loss == pytest.approx(expected, rel=1e-4)
    # Pictures of the test set are judged by the usual loss, so that runs can be compared.
    network = first.trainer._step.network.eval()
    data = dataset()
    images = (data.test_images - data.train_images.double().mean(0)).div(255).float()
    expected = cross_entropy(network(images), data.test_labels).item()
    assert first.of(Evaluated)[-1].test_loss == pytest.approx(expected, rel=1e-4)


def test_nesterov_looks_ahead():
    """Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning", Eq. 3, 4:
    v' = mu v - rate * gradient(w + mu v);  w' = w + v'. Here the parameters are w + mu v.
    """
    recipe = Recipe(momentum=0.8, nesterov=True, weight_decay=0.0)
    curvature, rate = torch.tensor([1.0, 3.0, 0.1]), 0.1
    ours = nn.Parameter(torch.tensor([1.0, -2.0, 5.0]))
    optimiser = make_optimiser([("w", ours)], recipe)
    w, v = ours.detach().double(), torch.zeros(3, dtype=torch.float64)
    usual = nn.Parameter(ours.detach().clone())
    plain = make_optimiser([("w", usual)], msgspec.structs.replace(recipe, nesterov=False))
    for _ in range(20):
        for parameter, mover in ((ours, optimiser), (usual, plain)):
            (0.5 * curvature * parameter.square()).sum().backward()
            mover.step(rate)
        v = 0.8 * v - rate * curvature * (w + 0.8 * v)
        w = w + v
        assert torch.allclose(ours.double(), w + 0.8 * v, rtol=1e-4, atol=1e-6)
    assert not torch.allclose(ours, usual, rtol=1e-2)


def test_adamw_decouples_the_decay():
    """arXiv:1711.05101, Algorithm 2, line 12: the decay is not divided by the root of the second moment."""
    recipe = Recipe(optimiser="adamw", weight_decay=0.3, adam_betas=(0.8, 0.9), decay_scope="all")
    ours = nn.Parameter(torch.tensor([1.0, -2.0, 5.0]))
    optimiser = make_optimiser([("w", ours)], recipe)
    w = ours.detach().double()
    first, second = torch.zeros_like(w), torch.zeros_like(w)
    scales = torch.tensor([1e-3, 1.0, 1e3])
    for step in range(1, 8):
        (scales * ours * (-1) ** (step // 3)).sum().backward()
        gradient = scales.double() * (-1) ** (step // 3)
        first = 0.8 * first + 0.2 * gradient
        second = 0.9 * second + 0.1 * gradient**2
        adam = (first / (1 - 0.8**step)) / ((second / (1 - 0.9**step)).sqrt() + 1e-8)
        w = w - 0.01 * (adam + 0.3 * w)
        optimiser.step(0.01)
        assert torch.allclose(ours.double(), w, rtol=1e-4)
    # Whatever the size of the gradients, the decay is the same share of the weight.
    ours.data.fill_(1.0)
    still = make_optimiser([("w", ours)], recipe)
    still.step(0.01)
    assert torch.allclose(ours, torch.tensor(1 - 0.01 * 0.3))


def test_a_run_is_tested_with_the_average_of_its_weights(tmp_path):
    """arXiv:1703.01780, Eq. 1: average' = alpha average + (1 - alpha) weights, alpha low at first as in the
    authors' code. Training goes on from the weights themselves.
    """
    rig, plain = (Rig(tmp_path / name, ema_decay=decay) for name, decay in (("a", 0.9), ("b", 0.0)))
    average = {name: tensor.double().clone() for name, tensor in rig.state.items()}
    for step in range(1, 25):
        rig.run(until=step)
        alpha = min(0.9, 1 - 1 / (step + 1))
        for name, tensor in rig.state.items():
            average[name] = alpha * average[name] + (1 - alpha) * tensor.double()
    rig.run()
    plain.run()
    assert all(torch.equal(rig.state[name], tensor) for name, tensor in plain.state.items())
    network = build(architecture()).eval()
    network.load_state_dict({name: tensor.float() for name, tensor in average.items()})
    data = dataset()
    images = (data.test_images - data.train_images.double().mean(0)).div(255).float()
    expected = cross_entropy(network(images), data.test_labels).item()
    found, without = rig.of(Evaluated)[-1].test_loss, plain.of(Evaluated)[-1].test_loss
    assert found == pytest.approx(expected, rel=1e-4)
    assert without != pytest.approx(expected, rel=1e-2)


def test_mixup(tmp_path):
    """arXiv:1710.09412, Eq. 1: pictures and targets of two examples are mixed by one share from a Beta."""
    rig = Rig(tmp_path, mixup=0.7).run()
    mixed, scores = first_batch(mixup=0.7)
    alone, _ = first_batch()
    share = mixed.share.item()
    other = [
        alone.images[(alone.labels == partner).nonzero().flatten()] for partner in mixed.partners
    ]  # Candidates: the partner is one picture of that label in the same batch.
    for picture, own, candidates in zip(mixed.images, alone.images, other, strict=True):
        distances = [(picture - (share * own + (1 - share) * each)).abs().max() for each in candidates]
        assert min(distances) < 1e-5
    target = torch.zeros(16, 10, dtype=torch.float64)
    rows = torch.arange(16)
    target[rows, mixed.labels] += share
    target[rows, mixed.partners] += 1 - share
    expected = -(target * log_softmax(scores, 1)).sum(1).mean().item()
    assert rig.of(Stepped)[0].loss == pytest.approx(expected, rel=1e-4)


def test_cutout(tmp_path):
    """arXiv:1708.04552, Sec. 3.2: a square at a random centre is zero after normalising; a part of it may
    lie outside.
    """
    rig = Rig(tmp_path, cutout=4).run()
    cut, scores = first_batch(cutout=4)
    whole, _ = first_batch()
    for one, other in zip(cut.images, whole.images, strict=True):
        changed = (one != other).any(0)
        assert (one[:, changed] == 0).all()
        rows, columns = changed.any(1).nonzero().flatten(), changed.any(0).nonzero().flatten()
        assert len(rows) <= 4
        assert len(columns) <= 4
    assert (cut.images != whole.images).any()
    expected = cross_entropy(scores, cut.labels).item()
    assert rig.of(Stepped)[0].loss == pytest.approx(expected, rel=1e-4)


def test_the_validation_split_of_cifar_10():
    """arXiv:1512.03385, Sec. 4.2: the 50k training pictures as 45k to train on and 5k to validate."""
    labels = torch.arange(50_000) % 10
    number = torch.arange(50_000)
    colours = (number // 65_536, number // 256 % 256, number % 256)
    images = torch.stack(colours, 1).to(torch.uint8)[:, :, None, None]
    data = Dataset("cifar10", tuple("abcdefghij"), images, labels, images[:10], labels[:10])
    split = data.split_validation()
    assert (len(split.train_labels), len(split.test_labels)) == (45_000, 5_000)
    assert split.train_labels.bincount().tolist() == [4_500] * 10
    assert split.test_labels.bincount().tolist() == [500] * 10

    def numbers(images):
        red, green, blue = images.flatten(1).long().unbind(1)
        return set((red * 65_536 + green * 256 + blue).tolist())

    train, validation = numbers(split.train_images), numbers(split.test_images)
    assert train.isdisjoint(validation)
    assert train | validation == set(range(50_000))


@pytest.mark.parametrize(("split", "pictures", "tested"), [(False, 40, 20), (True, 30, 10)])
def test_a_run_with_the_validation_split_keeps_a_part_of_every_class_back(tmp_path, split, pictures, tested):
    """Of 4 pictures of each of 10 classes one is kept back, and is what the run is tested on."""
    run = experiment(tmp_path / "out", names=("resnet-8-w4",), validation_split=split).runs[0]
    session, datasets = Session(run), {}
    session.prepare(lambda: False, datasets)
    session.close()
    [started] = [event for event in Tail(run.events_path).read() if isinstance(event, Started)]
    assert started.iterations_per_epoch == pictures / RECIPE.batch_size
    [data] = datasets.values()
    assert len(data.test_labels) == tested
