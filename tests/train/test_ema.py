import pytest
import torch

from resviz.nn.build import build
from resviz.train.ema import Average
from tests.train.small import architecture


def moved(network, seed):
    """Give the network other weights and statistics, as an iteration does."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in network.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.randn(tensor.shape, generator=generator))
            else:
                tensor.add_(1)


def floating(network):
    return {n: t.double().clone() for n, t in network.state_dict().items() if t.is_floating_point()}


@pytest.mark.parametrize("decay", [0.5, 0.75, 0.999])
def test_averages_as_in_mean_teachers(decay):
    """arXiv:1703.01780, Eq. 1, with the authors' alpha = min(1 - 1 / (step + 1), decay)."""
    network = build(architecture(), seed=1)
    average = Average(network, decay)
    expected = floating(network)
    for step in range(1, 9):
        moved(network, step)
        average.update()
        alpha = min(1 - 1 / (step + 1), decay)
        for name, tensor in floating(network).items():
            expected[name] = alpha * expected[name] + (1 - alpha) * tensor
    for name, tensor in floating(average.network).items():
        assert torch.allclose(tensor, expected[name], rtol=1e-5, atol=1e-6), name


def test_a_high_decay_begins_as_the_mean_of_all_weights():
    """Polyak and Juditsky 1992: the mean of all iterates."""
    network = build(architecture(), seed=1)
    average = Average(network, 0.9999)
    seen = [network.get_parameter("classifier.weight").detach().clone()]
    for step in range(5):
        moved(network, step)
        average.update()
        seen.append(network.get_parameter("classifier.weight").detach().clone())
    mean = torch.stack(seen).mean(0)
    assert torch.allclose(average.network.get_parameter("classifier.weight"), mean, atol=1e-6)


def test_leaves_the_trained_network_alone():
    network = build(architecture(), seed=1).to(memory_format=torch.channels_last)
    average = Average(network, 0.9)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    average.update()
    moved(average.network, 3)
    assert network.training
    assert not average.network.training
    assert all(p.requires_grad for p in network.parameters())
    assert not any(p.requires_grad for p in average.network.parameters())
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
    weight = "stage1.block1.conv1.weight"
    assert average.network.get_parameter(weight).stride() == network.get_parameter(weight).stride()


def test_its_own_network_answers_as_one_with_these_weights():
    network = build(architecture(), seed=1)
    average = Average(network, 0.9)
    images = torch.randn(4, 3, 8, 8)
    for _ in range(3):
        network(images)  # Moves the running statistics.
        moved(network.get_submodule("classifier"), 5)
        average.update()
    other = build(architecture(), seed=2).eval()
    other.load_state_dict(average.network.state_dict())
    assert torch.equal(average.network(images), other(images))
    assert not torch.equal(average.network(images), network.eval()(images))


def test_goes_on_from_a_state_bit_for_bit():
    network = build(architecture(), seed=1)
    average = Average(network, 0.9)
    for step in range(3):
        moved(network, step)
        average.update()
    saved = {name: tensor.clone() for name, tensor in average.state().items()}
    other = Average(network, 0.9)
    other.restore(saved)
    moved(network, 7)
    average.update()
    other.update()
    for name, tensor in average.state().items():
        assert torch.equal(tensor, other.state()[name]), name
    names = {name for name in saved if name.startswith("average/")}
    assert names == {f"average/{name}" for name in floating(network)}
    del saved["averaged"]
    with pytest.raises(KeyError):
        other.restore(saved)


def test_begins_anew_at_the_present_weights():
    network = build(architecture(), seed=1)
    average = Average(network, 0.9)
    moved(network, 1)
    average.update()
    moved(network, 2)
    average.begin()
    fresh = Average(network, 0.9)
    for name, tensor in average.state().items():
        assert torch.equal(tensor, fresh.state()[name]), name
