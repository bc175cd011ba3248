"""ONNX files of networks."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn

from resviz.errors import ResvizError
from resviz.nn.network import Network

_NEEDED = ("onnx", "onnxscript")


def export(network: Network, path: Path) -> None:
    """Write the network in evaluation mode: "pictures" (batch, C, H, W) in, "scores" (batch, classes) out.

    The batch size stays open. Pictures are what training feeds: float32, normalised.

    Raises:
        ResvizError: the extra packages are missing, or the file cannot be written.
    """
    if not all(importlib.util.find_spec(name) for name in _NEEDED):
        raise ResvizError('Writing ONNX needs extra packages: pip install -e ".[onnx]".')
    was_training = network.training
    device = next((parameter.device for parameter in network.parameters()), None)  # None: there is none
    example = torch.zeros(2, *network.input_shape, device=device)
    network.eval()
    try:
        with _quiet():
            program = torch.onnx.export(
                _Scores(network),
                (example,),
                input_names=["pictures"],
                output_names=["scores"],
                dynamic_shapes={"pictures": {0: torch.export.Dim("batch")}},
                dynamo=True,
                verbose=False,
            )
            assert program is not None
            program.save(str(path))
    except OSError as error:
        raise ResvizError(
            f"Cannot write {path} ({error.strerror or error}): choose another folder or make room."
        ) from error
    finally:
        network.train(was_training)


class _Scores(nn.Module):
    """The network without its probe argument."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.network(pictures)
        return scores


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter's progress and its warnings about its own parts."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)
