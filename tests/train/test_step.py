import itertools

import msgspec
import pytest
import torch
from torch.nn.functional import cross_entropy, log_softmax

from resviz.data.batches import Batches
from resviz.nn.build import build
from resviz.runs.events import Evaluated, Stepped
from resviz.train import scaling
from resviz.train.probes import Probes
from resviz.train.step import Step
from tests.train.small import CPU, RECIPE, Rig, architecture, dataset


def make_step(precision="float32", **fields):
    recipe = msgspec.structs.replace(RECIPE, **fields)
    return Step(build(architecture(), seed=0), recipe, CPU, precision)


def feed(**options):
    data = dataset()
    settings = {"batch_size": 16, "seed": 0, "augment": True} | options
    return Batches(data.train_images, data.train_labels, **settings)


def test_label_smoothing_spreads_its_share_over_all_classes():
    # arXiv:1512.00567, Sec. 7: q'(k) = (1 - share) [k = y] + share / K.
    step, batch = make_step(label_smoothing=0.2), feed().batch(0)
    step.compute(batch)
    target = torch.full((16, 10), 0.02).scatter_(1, batch.labels[:, None], 0.82)
    logits = make_step().network(batch.images)
    assert step.totals[0].item() == pytest.approx(-(target * log_softmax(logits, 1)).sum(1).mean().item())


def test_mixup_mixes_the_labels_as_the_pictures():
    # arXiv:1710.09412, Eq. 1, on the targets.
    step, batch = make_step(), feed(mixup=1.0).batch(0)
    step.compute(batch)
    share = batch.share.item()
    assert 0.01 < share < 0.99
    target = torch.zeros(16, 10).scatter_add_(1, batch.labels[:, None], torch.full((16, 1), share))
    target.scatter_add_(1, batch.partners[:, None], torch.full((16, 1), 1 - share))
    logits = make_step().network(batch.images)
    assert step.totals[0].item() == pytest.approx(-(target * log_softmax(logits, 1)).sum(1).mean().item())
    right = target.gather(1, logits.argmax(1, keepdim=True)).sum().item()
    assert step.totals[1].item() == pytest.approx(16 - right, abs=1e-4)


def test_float16_equals_torch_s_gradient_scaler_bit_for_bit(monkeypatch):
    monkeypatch.setattr(scaling, "GROWTH_INTERVAL", 3)
    step, batches = make_step("float16"), feed()
    reference = build(architecture(), seed=0).to(memory_format=torch.channels_last)
    groups = [
        {"params": [p for p in reference.parameters() if p.ndim > 1], "weight_decay": 1e-4},
        {"params": [p for p in reference.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.SGD(groups, lr=0.05, momentum=0.9, fused=True)
    scaler, scales = torch.amp.GradScaler("cpu", init_scale=2.0**16, growth_interval=3), []
    for iteration in range(20):
        images, labels, *_ = batch = batches.batch(iteration)
        step.compute(batch)
        step.update(0.05)
        with torch.autocast("cpu", torch.float16):
            loss = cross_entropy(reference(images).float(), labels)
        optimiser.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimiser)
        scaler.update()
        scales.append(scaler.get_scale())
    # It grew until gradients overflowed: iterations were skipped.
    assert max(scales) > 2.0**16
    assert any(one > other for one, other in itertools.pairwise(scales))
    assert step.scale.state()["scale"].item() == scales[-1]
    for key, value in reference.state_dict().items():
        assert torch.equal(step.network.state_dict()[key], value), key


def test_probes_see_gradients_without_the_scale():
    norms = []
    for precision in ("float32", "float16"):
        step, batch = make_step(precision), feed().batch(0)
        probes = Probes(step.network, CPU)
        step.compute(batch, probes)
        norms.append(probes.event(1, step.update(0.05, probes).tolist()).gradient_norm)
    assert norms[1] == pytest.approx(norms[0], rel=0.05)


def test_the_scale_is_kept_over_a_resume():
    one, other = scaling.LossScale(CPU), scaling.LossScale(CPU)
    one.unscale([torch.tensor([torch.inf])])
    one.unscale([torch.tensor([1.0])])
    other.restore(one.state())
    assert {name: value.item() for name, value in other.state().items()} == {"scale": 2.0**15, "good": 1}


def test_errors_of_each_class(tmp_path):
    data = dataset(test=75)
    rig = Rig(tmp_path, data=data, evaluate_interval=24).run()
    [evaluated] = rig.of(Evaluated)
    network = rig.trainer._step.network.eval()
    scores = network((data.test_images / 255 - data.train_images.double().mean(0) / 255).float())
    for label, error_pct in enumerate(evaluated.class_error_pct):
        mine = data.test_labels == label
        wrong = (scores[mine].argmax(1) != label).double().mean().item()
        assert error_pct == pytest.approx(100 * wrong, rel=1e-5)
    assert len(evaluated.class_error_pct) == 10


def test_a_class_without_pictures_has_no_error(tmp_path):
    rig = Rig(tmp_path, data=dataset(test=3), evaluate_interval=24).run()
    shown = [error_pct is not None for error_pct in rig.of(Evaluated)[0].class_error_pct]
    assert shown == [True] * 3 + [False] * 7


@pytest.mark.parametrize(
    "fields", [{"label_smoothing": 0.1}, {"mixup": 0.2}, {"cutout": 4}, {"precision": "float16"}], ids=str
)
def test_every_option_learns(tmp_path, fields):
    losses = [step.loss for step in Rig(tmp_path, iterations=60, milestones=(), **fields).run().of(Stepped)]
    assert sum(losses[-10:]) < 0.9 * sum(losses[:10])
