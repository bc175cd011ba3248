"""Which parts of a picture an answer rests on: integrated gradients and Grad-CAM (captum)."""

from __future__ import annotations

from typing import Literal

import torch
from captum.attr import IntegratedGradients, LayerGradCam
from torch import Tensor
from torch.nn.functional import interpolate

from resviz.arch.bypass import active
from resviz.arch.graph import Architecture
from resviz.arch.shapes import infer, read_ports
from resviz.errors import ResvizError
from resviz.explain.subject import Report, Subject
from resviz.nn.build import Network

Method = Literal["integrated_gradients", "grad_cam"]

STEPS = 64
"""Points on the way from the baseline to the picture."""
CHUNK = 8
"""Points computed at once; between two chunks a request can be cancelled."""


def attribute(
    subject: Subject, picture: Tensor, target: int, method: Method, report: Report | None = None
) -> Tensor:
    """Return the heat map of a class, float32 (H, W), on the CPU.

    Args:
        subject: the network that is asked.
        picture: uint8 (3, H, W).
        target: number of the class.
        method: see `integrated_gradients` and `grad_cam`.
        report: told the progress; may raise to cancel.
    """
    normalised = subject.normalised(picture[None])[0]
    if method == "integrated_gradients":
        return integrated_gradients(subject.network, normalised, target, report)
    if report is not None:
        report(0.0)
    return grad_cam(subject.network, subject.architecture, normalised, target)


def integrated_gradients(
    network: Network, picture: Tensor, target: int, report: Report | None = None, steps: int = STEPS
) -> Tensor:
    """Return how much each pixel adds to the score of `target`, (H, W), channels summed (arXiv:1703.01365).

    `picture` is normalised, float32 (C, H, W), on the device of the network, which is in evaluation mode. The
    baseline is zero after normalisation: the mean training picture. All pixels together sum up to the
    difference of the two scores, up to the error of `steps` points. Positive speaks for the class.
    """
    done, total = 0, steps + 2

    def scores(pictures: Tensor) -> Tensor:
        nonlocal done
        if report is not None:
            report(min(1.0, done / total))
        done += len(pictures)
        result: Tensor = network(pictures)
        return result

    method = IntegratedGradients(scores)
    values = method.attribute(picture[None], target=target, n_steps=steps, internal_batch_size=CHUNK)
    heat: Tensor = values[0].sum(0).detach().float().cpu()
    return heat


def grad_cam(network: Network, architecture: Architecture, picture: Tensor, target: int) -> Tensor:
    """Return where the last map before pooling speaks for `target`, (H, W), at least 0 (arXiv:1610.02391).

    The map is small (8x8 in a CIFAR network) and scaled up bilinearly to the picture.

    Raises:
        ResvizError: the network has no map before its output.
    """
    block = last_map_block(architecture)
    if block is None:
        raise ResvizError(
            f"{architecture.name} has no map before its output, as Grad-CAM needs: use integrated gradients."
        )
    method = LayerGradCam(network, network.module_of(block))
    values = method.attribute(picture[None], target=target, relu_attributions=True)
    heat = interpolate(values.detach().float(), size=picture.shape[1:], mode="bilinear", align_corners=False)
    return heat[0, 0].cpu()


def last_map_block(architecture: Architecture) -> str | None:
    """Return the last block before pooling: the first, from the output back, whose map is larger than 1x1."""
    architecture = active(architecture)
    inference = infer(architecture)
    block_id = next(architecture.of_kind("output")).id
    while True:
        wires = architecture.incoming(block_id)
        ports = read_ports(architecture[block_id])
        if not ports:
            return None
        block_id = wires[ports[0]].source
        shape = inference.shapes[block_id]
        if architecture[block_id].kind == "input":
            return None
        if len(shape) == 3 and shape[1] * shape[2] > 1:
            return block_id


def probabilities(network: Network, picture: Tensor) -> Tensor:
    """Return the softmax of the scores of one normalised picture (C, H, W): float32 (classes,), CPU."""
    with torch.no_grad():
        result: Tensor = network(picture[None])[0].float().softmax(0).cpu()
    return result
