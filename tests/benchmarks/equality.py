"""Whether the rival computes what ours does: the same weights and batches, the same losses and diagnostics.

`python equality.py NETWORK DATA SIZE BATCH_SIZE DEVICE` prints the largest differences as JSON, and fails
where ours are further from the rival in float64 than float32 rounding takes the rival itself.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from torchvision.transforms.functional import to_pil_image

from resviz.arch.presets import preset
from resviz.data.batches import Batches
from resviz.nn.build import build
from resviz.runs.events import Probed, Stepped
from resviz.runs.series import Tail
from resviz.runs.store import create_experiment
from resviz.train import devices
from resviz.train.recipe import Recipe
from resviz.train.session import Session
from tests.benchmarks import rival
from tests.benchmarks.contenders import load, twin_of_ours

STEPS = 3
RATE = 1e-4
"""Low: what an update amplifies would hide what it computes."""
FACTOR = 8
"""Ours may be so many times as far from float64 as the rival in float32 is. Deep plain networks amplify
rounding: in plain-56 it changes gradient norms by percents, so that a fixed tolerance would say nothing."""
FLOOR = 2e-4
"""Difference that is always granted: probes are written with five digits."""
GRADIENT_FLOOR = 5e-3
"""The same for what comes from gradients: a ReLU that rounding opens or shuts moves those of resnet-20 by
0.001, and whether one is on the edge is chance."""
NEAR_ZERO = {"alignment": 1.0, "truncated_pct": 100.0}
"""Scale of what may be near 0: a cosine, and percent. The rest is compared in proportion."""
_FROM_GRADIENTS = {"gradient_norm", "gradient_norm_total", "update_ratio"}


class UnequalError(Exception):
    """The rival computes something else."""


def compare(network, data, size, batch_size, device="cpu"):
    """Train both for some steps; return the largest difference of each quantity.

    Raises:
        UnequalError: one is beyond its tolerance.
    """
    recipe = Recipe(
        data=data,
        device=device,
        iterations=STEPS,
        milestones=(),
        learning_rate=RATE,
        warm_up="off",
        batch_size=batch_size,
        probe_interval=1,
        decay_scope="all",
        normalise="channel-mean-std",
    )
    architecture = preset(network, input_shape=(3, size, size), classes=10)
    dataset, where = load(data, size), devices.choose(device)
    batches = Batches(
        dataset.train_images,
        dataset.train_labels,
        batch_size=batch_size,
        seed=recipe.seed,
        augment=recipe.augment,
        normalise=recipe.normalise,
        memory_format=torch.contiguous_format,
        device=where,
    )
    _check_pictures(batches, dataset)
    with tempfile.TemporaryDirectory() as folder:
        events = _train(architecture, recipe, dataset, folder)
    losses = [event.loss for event in events if isinstance(event, Stepped)]
    probed = next(event for event in events if isinstance(event, Probed))
    ours = {"loss": losses, **{name: getattr(probed, name) for name in rival.ALL}}
    begin = build(architecture, recipe.seed)
    exact = _rival(network, begin, batches, where, torch.float64)
    rounded = _rival(network, begin, batches, where, torch.float32)
    found = {}
    for name, reference in exact.items():
        floor = GRADIENT_FLOOR if name in _FROM_GRADIENTS else FLOOR
        granted = max(floor, FACTOR * _difference(name, reference, rounded[name]))
        found[name] = _difference(name, reference, ours[name])
        if not found[name] <= granted:
            raise UnequalError(f"{network}: {name} differs by {found[name]:.2g}, rounding by {granted:.2g}")
    return found


def _train(architecture, recipe, dataset, folder):
    """Return the events of our run."""
    [run] = create_experiment([architecture], recipe, out=folder).runs
    session = Session(run)
    try:
        # The data set is at hand already; testing on a part of it is enough.
        key = (recipe.data, recipe.data_dir, dataset.image_shape[1:], None, None, recipe.validation_split)
        session.prepare(lambda: False, {key: dataset.balanced(test_limit=10)})
        while not session.over:
            session.turn()
    finally:
        session.close()
    return Tail(run.events_path).read()


def _rival(name, network, batches, device, dtype):
    """Return losses and first diagnostics of the rival, begun from our network's weights."""
    theirs = twin_of_ours(name).to(device, dtype).train()
    with torch.no_grad():
        for parameter, source in zip(theirs.parameters(), network.parameters(), strict=True):
            parameter.copy_(source)
    sgd = rival.optimiser(theirs, RATE)
    diagnostics = rival.Diagnostics(theirs)
    values = {"loss": []}
    for number in range(STEPS):
        images, labels, *_ = batches.batch(number)
        values["loss"].append(rival.step(theirs, sgd, images.to(dtype), labels, diagnostics))
        values = dict(diagnostics.values) | values  # Those of the first step stay.
    return values


def _check_pictures(batches, dataset):
    """Check the rival's way from a picture to a tensor, without the random part, against ours."""
    images, labels = dataset.test_images[:4], dataset.test_labels[:4]
    mean, std = batches.statistics.mean.flatten().tolist(), batches.statistics.std.flatten().tolist()
    change = rival.transform(images.shape[-1], mean, std, augment=False)
    theirs = torch.stack([change(to_pil_image(image)) for image in images])
    ours, _ = next(batches.evaluation_batches(images, labels))
    if not torch.allclose(ours.cpu(), theirs, atol=1e-5):
        raise UnequalError("the pictures are normalised otherwise")


def _difference(name, reference, values):
    """Return the largest difference between two lists of numbers (or two numbers)."""
    reference, values = _flat(reference), _flat(values)
    if reference.shape != values.shape:
        raise UnequalError(f"{name}: the rival has {len(reference)} values, ours {len(values)}")
    if len(values) == 0:
        return 0.0
    scale = NEAR_ZERO.get(name) or torch.maximum(reference.abs(), values.abs())
    return ((reference - values).abs() / scale).max().item()


def _flat(values):
    values = values if isinstance(values, list | tuple) else [values]
    return torch.tensor([value for value in values if value is not None], dtype=torch.float64)


if __name__ == "__main__":
    torch.backends.cudnn.allow_tf32 = False
    found = compare(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
    print(json.dumps({name: float(f"{value:.2g}") for name, value in found.items()}))
