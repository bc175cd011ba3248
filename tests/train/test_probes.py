"""What a step measures, against float64 and hooks, through the trainer and in its parts."""

import copy
import math

import pytest
import torch

from resviz.nn.build import build
from resviz.runs.events import Probed, Started
from resviz.train.probes import Probes
from tests.train.small import CPU, Rig, architecture

RECIPES = {
    "sgd": {},
    "nesterov": {"nesterov": True, "weight_decay": 0.01},
    "adamw": {"optimiser": "adamw", "learning_rate": 0.003, "weight_decay": 0.1},
}


def convolutions(network, started):
    parameters = dict(network.named_parameters())
    return [parameters[f"{name}.weight"].detach().double().clone() for name in started.convolutions]


@pytest.mark.parametrize("fields", RECIPES.values(), ids=RECIPES)
def test_probes_equal_a_slow_float64_reference(tmp_path, fields):
    rig = Rig(tmp_path, "resnet-8-w4", augment=False, probe_interval=1, **fields)
    rig.run(until=3)  # there is momentum
    before = rig.trainer._step.network
    network, started = copy.deepcopy(before).double(), rig.of(Started)[0]
    old = convolutions(before, started)
    rig.run(until=4)
    new = convolutions(before, started)
    rig.trainer.save()  # delivers what is on its way
    probed = rig.of(Probed)[-1]
    assert probed.iteration == 4

    images, labels, *_ = rig.trainer._batches.batch(3)
    seen = {}
    for block in started.blocks:
        network.module_of(block).register_forward_hook(
            lambda module, inputs, output, block=block: seen.update({block: (module, inputs[0].clone())})
        )
    torch.nn.functional.cross_entropy(network(images.double()), labels).backward()
    gradients = {name: parameter.grad for name, parameter in network.named_parameters()}
    assert len(started.convolutions) == 7
    of_convolutions = [gradients[f"{name}.weight"].norm().item() for name in started.convolutions]
    assert probed.gradient_norm == pytest.approx(of_convolutions, rel=1e-3)
    total = math.sqrt(sum(gradient.square().sum().item() for gradient in gradients.values()))
    assert probed.gradient_norm_total == pytest.approx(total, rel=1e-3)
    assert probed.weight_norm == pytest.approx([w.norm().item() for w in old], rel=1e-4)
    ratios = [((w - v).norm() / v.norm()).item() for w, v in zip(new, old, strict=True)]
    assert probed.update_ratio == pytest.approx(ratios, rel=1e-4)

    # Blocks by hand: y = ReLU(s(x) + F(x)), s pads half the new channels before and half behind.
    def norm(z, bn):
        spread = z.var((0, 2, 3), unbiased=False)[:, None, None] + 1e-5
        normalised = (z - z.mean((0, 2, 3))[:, None, None]) / spread.sqrt()
        return normalised * bn.weight[:, None, None] + bn.bias[:, None, None]

    for slot, block in enumerate(started.blocks):
        module, x = seen[block]
        stride = module.conv1.stride[0]
        inner = torch.relu(norm(torch.conv2d(x, module.conv1.weight, stride=stride, padding=1), module.norm1))
        branch = norm(torch.conv2d(inner, module.conv2.weight, padding=1), module.norm2)
        shortcut, missing = x[:, :, ::stride, ::stride], branch.shape[1] - x.shape[1]
        zeros = torch.zeros_like(branch[:, : missing // 2])
        shortcut = torch.cat((zeros, shortcut, zeros), 1)
        f, s = branch.flatten(1), shortcut.flatten(1)
        y = f + s
        assert probed.residual_magnitude[slot] == pytest.approx(
            (f.norm(dim=1) / s.norm(dim=1)).mean().item(), rel=1e-3
        )
        assert probed.residual_share[slot] == pytest.approx(
            (f.norm(dim=1) / y.norm(dim=1)).mean().item(), rel=1e-3
        )
        cosine = torch.nn.functional.cosine_similarity(f, s, dim=1).mean().item()
        assert probed.alignment[slot] == pytest.approx(cosine, abs=1e-4)
        assert probed.truncated_pct[slot] == pytest.approx(100 * (y < 0).double().mean().item(), abs=0.05)
        told = dict(zip(started.responses, probed.response_std, strict=True))
        assert told[f"{block}.conv2"] == pytest.approx(branch.std(unbiased=False).item(), rel=1e-3)


def test_what_has_no_gradient_now_keeps_the_others_in_their_places():
    network = build(architecture())
    probes = Probes(network, CPU)
    x = torch.randn(4, 3, 8, 8)
    network.module_of("stage2.block1").dropped = True
    network(x, probes.forward).square().sum().backward()
    probes.before_update()
    told = probes.event(7, probes.values().tolist())
    names = [name for name, _ in network.convolutions]
    norms = dict(zip(names, told.gradient_norm, strict=True))
    parameters = dict(network.named_parameters())
    assert [name for name in names if norms[name] == 0] == ["stage2.block1.conv1", "stage2.block1.conv2"]
    for name in set(names) - {"stage2.block1.conv1", "stage2.block1.conv2"}:
        assert norms[name] == pytest.approx(parameters[f"{name}.weight"].grad.norm().item(), rel=1e-3)
    assert told.iteration == 7
    assert told.update_ratio == (0,) * len(names)  # nothing was updated
    assert [value is None for value in told.residual_share] == [False, True, False]
    assert told.gradient_norm_total > max(told.gradient_norm)


def test_probes_of_recomputed_activations_are_the_same(tmp_path):
    runs = [
        Rig(tmp_path / str(again), probe_interval=3, activation_checkpointing=again).run()
        for again in (False, True)
    ]
    first, second = (rig.of(Probed) for rig in runs)
    assert first == second
    assert len(first) == 9


def test_a_weight_of_zeros_has_no_ratio():
    network = build(architecture(), residual_init="fixup")
    probes = Probes(network, CPU)
    network(torch.randn(4, 3, 8, 8), probes.forward).square().sum().backward()
    probes.before_update()
    told = probes.event(1, probes.values().tolist())
    undefined = [
        n for (n, _), ratio in zip(network.convolutions, told.update_ratio, strict=True) if ratio is None
    ]
    assert undefined == [f"stage{stage}.block1.conv2" for stage in (1, 2, 3)]
