"""What a request is answered with: files in a folder, and a dictionary that says what they show."""

from __future__ import annotations

import io
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from torch import Tensor

from resviz.atomic import write_atomically
from resviz.errors import ResvizError
from resviz.explain.pictures import save_overlay, save_picture
from resviz.explain.subject import Report, Subject

if TYPE_CHECKING:
    from resviz.explain.attribution import Method

Target = Literal["predicted", "label"]


def explain_picture(
    subject: Subject,
    index: int,
    method: Method,
    folder: Path,
    *,
    target: Target = "predicted",
    report: Report | None = None,
) -> dict[str, Any]:
    """Explain the network's answer to one test picture; write picture, heat map and overlay into `folder`.

    `target`: the class that is explained, the network's own answer or the right one.

    Raises:
        DataError: there is no such picture.
        ResvizError: no map for Grad-CAM, or the folder cannot be written.
    """
    # captum draws matplotlib in: seconds that listing pictures need not wait for
    from resviz.explain import attribution  # noqa: PLC0415

    picture, label = subject.picture(index)
    shares = attribution.probabilities(subject.network, subject.normalised(picture[None])[0])
    predicted = int(shares.argmax())
    number = predicted if target == "predicted" else label
    heat = attribution.attribute(subject, picture, number, method, report).numpy()
    stem = f"{subject.run}-{index}-{method}-{subject.checkpoint}"
    pixels, signed = picture.numpy(), method == "integrated_gradients"
    _make(folder)
    buffer = io.BytesIO()
    np.save(buffer, heat.astype(np.float32), allow_pickle=False)
    name = subject.class_name(number)
    return {
        "picture": str(save_picture(pixels, folder / f"{subject.run}-{index}.png")),
        "heatmap": str(write_atomically(folder / f"{stem}.npy", buffer.getvalue())),
        "overlay": str(save_overlay(pixels, heat, folder / f"{stem}.png", signed=signed)),
        "legend": f"Red speaks for {name}, blue against it." if signed else f"Bright speaks for {name}.",
        "method": method,
        "index": index,
        "label": subject.class_name(label),
        "label_index": label,
        "predicted": subject.class_name(predicted),
        "predicted_index": predicted,
        "target": name,
        "target_index": number,
        "probabilities": {subject.class_name(i): share for i, share in enumerate(shares.tolist())},
        "checkpoint": subject.checkpoint,
        "iteration": subject.iteration,
        "notes": list(subject.skipped),
    }


def list_pictures(subject: Subject, count: int, folder: Path) -> dict[str, Any]:
    """Write some test pictures of all classes into `folder`; each run of an experiment has the same ones.

    Raises:
        ResvizError: the folder cannot be written.
    """
    _make(folder)
    pictures = []
    for index in spread(subject.dataset.test_labels, count):
        picture, label = subject.picture(index)
        path = save_picture(picture.numpy(), folder / f"{subject.run}-{index}.png")
        pictures.append(
            {"index": index, "picture": str(path), "label": subject.class_name(label), "label_index": label}
        )
    return {"pictures": pictures, "count": len(subject.dataset.test_labels), "data": subject.dataset.name}


def spread(labels: Tensor, count: int) -> list[int]:
    """Return indices of `count` pictures: the first of each class, the second of each, and so on."""
    by_class: dict[int, list[int]] = {}
    for index, label in enumerate(labels.tolist()):
        by_class.setdefault(label, []).append(index)
    rounds = itertools.zip_longest(*(by_class[label] for label in sorted(by_class)))
    chosen = (index for one_of_each in rounds for index in one_of_each if index is not None)
    return list(itertools.islice(chosen, max(0, count)))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResvizError(
            f"Cannot make the folder {folder} ({error.strerror or error}): choose another one or make room."
        ) from error
