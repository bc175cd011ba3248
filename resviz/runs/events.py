"""The protocol of a run's directory: events (worker -> reader), commands (reader -> worker), as JSON lines.

Both are append-only JSON lines, typed here once. Iterations count finished optimiser steps (the first is 1).
"""

from __future__ import annotations

from typing import Literal

import msgspec

RunState = Literal["running", "paused", "finished", "stopped", "failed", "interrupted"]


class Started(msgspec.Struct, frozen=True, tag="started", tag_field="event"):
    """A worker began or took up the run again. The names fix the order of the values in `Probed`."""

    time: float
    """Seconds since 1970 (UTC)."""
    iteration: int
    """Iterations done before this start: 0, or that of the checkpoint."""
    iterations: int
    """Iterations the recipe asks for."""
    iterations_per_epoch: float
    batch_size: int
    seed: int
    device: str
    """As torch names it, with the model in brackets: "cpu", "cuda:0 (NVIDIA H100)"."""
    precision: str
    """"float32", "tf32", "bfloat16" or "float16"."""
    parameters: int
    convolutions: tuple[str, ...]
    """Convolutions on the main path in order of depth ("stage1.block1.conv1"): `Probed.gradient_norm`."""
    blocks: tuple[str, ...]
    """Residual-capable blocks (and loose additions) in order of depth: `Probed.residual_magnitude`."""
    responses: tuple[str, ...]
    """Names of the convolutions that a batch norm follows, in order: `Probed.response_std`."""
    classes: tuple[str, ...] = ()
    threads: int = 0
    """Threads that the CPU computes with: they decide the order of its sums. 0: an old log, not known."""
    execution: str = "eager"
    """How steps are run: "eager", "compiled" (torch.compile) or "graph" (CUDA graphs)."""
    versions: str = ""
    """Of the programs that trained it: "resviz 0.1.0, torch 2.14.1". "": an old log, not known."""


class Stepped(msgspec.Struct, frozen=True, tag="step", tag_field="event"):
    """Training went on; means over the batches since the previous `Stepped`."""

    time: float
    iteration: int
    loss: float | None
    train_error_pct: float
    """Percent of wrong answers on the training batches since the previous one."""
    learning_rate: float
    images_per_second: float


class Probed(msgspec.Struct, frozen=True, tag="probe", tag_field="event"):
    """Probes of one iteration, in the order of the names in `Started`; None: not defined or not finite.

    Definitions in `resviz.nn.probe` and `resviz.train.probes`. Empty: an old log, not measured.
    """

    iteration: int
    gradient_norm: tuple[float | None, ...]
    """L2 norm of dL/dW, a convolution."""
    residual_magnitude: tuple[float | None, ...]
    """Mean over the samples of |F(x)|/|s(x)|, a block; None for a plain block."""
    response_std: tuple[float | None, ...]
    """Standard deviation after batch norm (training statistics), before ReLU or addition (Fig. 7)."""
    weight_norm: tuple[float | None, ...] = ()
    """L2 norm of W before the update, a convolution."""
    update_ratio: tuple[float | None, ...] = ()
    """|W_new - W|/|W|, a convolution: the update that was made, weight decay and momentum included."""
    residual_share: tuple[float | None, ...] = ()
    """Mean over the samples of |F(x)|/|y|, a block; None for a plain block."""
    alignment: tuple[float | None, ...] = ()
    """Mean over the samples of cos(F(x), s(x)), a block; None for a plain block."""
    truncated_pct: tuple[float | None, ...] = ()
    """Percent of y below 0 before the block's last ReLU, or where it ends without one; plain ones too."""
    gradient_norm_total: float | None = None
    """L2 norm of the gradient of all parameters."""


class Evaluated(msgspec.Struct, frozen=True, tag="evaluation", tag_field="event"):
    """The whole test set (or validation part) was run through the network."""

    time: float
    iteration: int
    test_error_pct: float
    test_loss: float | None
    class_error_pct: tuple[float | None, ...] = ()
    """Percent of each class's pictures that were taken for another, in the order of `Started.classes`; None:
    the set has no picture of the class. Empty: an old log."""


class Changed(msgspec.Struct, frozen=True, tag="state", tag_field="event"):
    """The run changed its state; `message` is one sentence where there is something to say."""

    time: float
    iteration: int
    state: RunState
    message: str = ""


class Saved(msgspec.Struct, frozen=True, tag="checkpoint", tag_field="event"):
    """A checkpoint is safely on the disk; `name` is its file stem in `checkpoints/`."""

    iteration: int
    name: str


class RateChanged(msgspec.Struct, frozen=True, tag="learning_rate", tag_field="event"):
    """From this iteration on the schedule is multiplied by `factor` (a person's change; kept by resume)."""

    iteration: int
    factor: float
    learning_rate: float


class Noted(msgspec.Struct, frozen=True, tag="note", tag_field="event"):
    """A sentence worth showing: warm-up ended, divergence, data being unpacked (`progress` from 0 to 1)."""

    time: float
    iteration: int
    message: str
    progress: float | None = None


class Forked(msgspec.Struct, frozen=True, tag="forked", tag_field="event"):
    """The run began as a copy of another run's checkpoint, or of its initial weights; first in its log."""

    time: float
    iteration: int
    """Iterations that the parent had done; 0: its initialisation."""
    parent: str
    """Folder of the parent run, as it was then."""
    checkpoint: str | None
    """Name of the parent's checkpoint; None: its initialisation."""
    changes: tuple[str, ...] = ()
    """Each field of the recipe that differs, as "learning_rate: 0.1 -> 0.01"."""


Event = Forked | Started | Stepped | Probed | Evaluated | Changed | Saved | RateChanged | Noted


class Pause(msgspec.Struct, frozen=True, tag="pause", tag_field="command"):
    """Stop between two iterations, keep everything in memory."""


class Resume(msgspec.Struct, frozen=True, tag="resume", tag_field="command"):
    """Go on after `Pause`."""


class Stop(msgspec.Struct, frozen=True, tag="stop", tag_field="command"):
    """Checkpoint and end."""


class Checkpoint(msgspec.Struct, frozen=True, tag="checkpoint", tag_field="command"):
    """Write a checkpoint now."""


class SetLearningRate(msgspec.Struct, frozen=True, tag="set_learning_rate", tag_field="command"):
    """Use this rate from the next iteration on; later drops of the schedule apply to it in proportion."""

    learning_rate: float


Command = Pause | Resume | Stop | Checkpoint | SetLearningRate

_encoder = msgspec.json.Encoder()
_event_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_command_decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)


def encode(message: Event | Command) -> bytes:
    """Return one line, newline included; NaN and infinity become null."""
    return _encoder.encode(message) + b"\n"


def decode_event(line: bytes) -> Event:
    """Return the event of one line.

    Raises:
        msgspec.DecodeError: the line is torn or is no event.
    """
    return _event_decoder.decode(line)


def decode_events(lines: bytes) -> list[Event]:
    """Return the events of complete lines, each of which is one event.

    Raises:
        msgspec.DecodeError: a line is torn, empty, or is not one event.
    """
    found = _event_decoder.decode_lines(lines)
    # It takes several on one line, and one on several, too. But no object holds the end of another, a newline
    # and the beginning of a third; so where each newline is such a place, each line is an object of its own.
    joints = lines.count(b"}\n{") + 1
    whole = lines.startswith(b"{") and lines.endswith(b"}\n")
    if lines and not (whole and lines.count(b"\n") == joints == len(found)):
        raise msgspec.DecodeError("Not one event a line.")
    return found


def decode_command(line: bytes) -> Command:
    """Return the command of one line.

    Raises:
        msgspec.DecodeError: the line is torn or is no command.
    """
    return _command_decoder.decode(line)
