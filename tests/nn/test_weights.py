import re

import pytest
import torch
import torchvision
from torch.nn.functional import cross_entropy

from resviz.arch.cost import cost_of
from resviz.arch.presets import preset
from resviz.errors import CheckpointError
from resviz.nn.build import build
from resviz.nn.weights import load_torchvision, to_torchvision
from tests.arch.test_source import module_of
from tests.nn.test_build import pictures


def torchvision_model(name, classes=10):
    torch.manual_seed(0)
    model = getattr(torchvision.models, name)(weights=None, num_classes=classes)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.weight.data, module.running_var):
                tensor.uniform_(0.5, 1.5)
            for tensor in (module.bias.data, module.running_mean):
                tensor.uniform_(-0.5, 0.5)
    return model


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize(("ours", "theirs"), [("resnet-18", "resnet18"), ("resnet-50-v1.5", "resnet50")])
def test_torchvision_gives_the_same_outputs_and_gradients(ours, theirs, training):
    model = torchvision_model(theirs).train(training)
    network = build(preset(ours, input_shape=(3, 64, 64), classes=10)).train(training)
    load_torchvision(network, model.state_dict())
    x, labels = pictures(4, 3, 64, 64), torch.arange(4)
    outputs = network(x), model(x)
    assert torch.allclose(*outputs, rtol=0, atol=1e-5 * outputs[1].abs().max().item())
    for output in outputs:
        cross_entropy(output, labels).backward()
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    ours_by_their_name = to_torchvision(network)
    by_storage = {parameter.data_ptr(): parameter.grad for parameter in network.parameters()}
    for name, gradient in gradients.items():
        mine = by_storage[ours_by_their_name[name].data_ptr()]
        assert (mine - gradient).norm() <= 1e-4 * gradient.norm(), name
    after = to_torchvision(network)
    for name, tensor in model.state_dict().items():
        if "running" in name:
            assert torch.allclose(after[name], tensor, rtol=1e-5, atol=1e-6), name


def test_resnext_gives_the_same_scores():
    model = torchvision_model("resnext50_32x4d").eval()
    network = build(preset("resnext50_32x4d", input_shape=(3, 48, 48), classes=10)).eval()
    load_torchvision(network, model.state_dict())
    x = pictures(2, 3, 48, 48)
    with torch.inference_mode():
        scores, expected = network(x), model(x)
    assert torch.allclose(scores, expected, rtol=0, atol=1e-5 * expected.abs().max().item())


@pytest.mark.parametrize(
    "name",
    [name for name in torchvision.models.list_models(torchvision.models) if re.match("(wide_)?resne", name)],
)
def test_every_resnet_of_torchvision_can_be_had_by_its_name(name):
    with torch.device("meta"):
        model, exported = torchvision.models.get_model(name, weights=None), module_of(preset(name))
    ours = to_torchvision(exported)
    assert {key: value.shape for key, value in ours.items()} == {
        key: value.shape for key, value in model.state_dict().items()
    }
    assert sum(p.numel() for p in model.parameters()) == cost_of(preset(name)).total.parameters


@pytest.mark.parametrize(("ours", "theirs"), [("resnet-34", "resnet34"), ("resnet-50-v1.5", "resnet50")])
def test_a_network_goes_there_and_back(ours, theirs):
    network = build(preset(ours))
    model = getattr(torchvision.models, theirs)(weights=None)
    model.load_state_dict(to_torchvision(network), strict=True)
    other = build(preset(ours), seed=1)
    load_torchvision(other, model.state_dict())
    for name, tensor in network.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor)


def test_names_of_the_cifar_reproduction_are_understood():
    network, other = build(preset("resnet-20")), build(preset("resnet-20"), seed=1)
    state = {f"module.{name}".replace(".fc.", ".linear."): t for name, t in to_torchvision(network).items()}
    assert "module.linear.weight" in state
    load_torchvision(other, state)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize(
    ("name", "classes", "sentence"),
    [("resnet34", 10, "has no"), ("resnet18", 11, "classifier"), ("resnet50", 10, "lack|has no")],
)
def test_weights_of_another_network_are_refused(name, classes, sentence):
    network = build(preset("resnet-18", input_shape=(3, 64, 64), classes=10))
    before = network.state_dict()["stem.conv.weight"].clone()
    with pytest.raises(CheckpointError, match=sentence):
        load_torchvision(network, torchvision_model(name, classes).state_dict())
    assert torch.equal(network.state_dict()["stem.conv.weight"], before)


def test_layers_without_a_name_there_are_told():
    with pytest.raises(CheckpointError, match="no layer like"):
        to_torchvision(build(preset("preact-20")))
