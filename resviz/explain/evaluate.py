"""How good a trained network is on the whole test set."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy

from resviz.errors import DataError
from resviz.explain.subject import Report, Subject, batches

BATCH_SIZE = 500


@dataclass(frozen=True)
class Evaluation:
    """Test error of one checkpoint.

    Attributes:
        pictures: how many were tested.
        test_error_pct: percent of wrong answers.
        test_loss: mean cross-entropy, in nats.
        class_error_pct: percent of wrong answers a class; None for a class without test pictures.
    """

    pictures: int
    test_error_pct: float
    test_loss: float
    class_error_pct: dict[str, float | None]


def evaluate(subject: Subject, report: Report | None = None, batch_size: int = BATCH_SIZE) -> Evaluation:
    """Run all test pictures through the network, batch by batch, float32.

    Raises:
        DataError: there are no test pictures.
    """
    labels, classes = subject.dataset.test_labels, subject.dataset.classes
    if len(labels) == 0:
        raise DataError(f"{subject.dataset.name} has no test pictures: add some, or choose other data.")
    loss = torch.zeros((), dtype=torch.float64, device=subject.device)
    answers, done = [], 0
    with torch.inference_mode():
        for pictures, truth in batches(subject, batch_size):
            scores = subject.network(pictures)
            loss += cross_entropy(scores, truth, reduction="sum").double()
            answers.append(scores.argmax(1))
            done += len(truth)
            if report is not None:
                report(done / len(labels))
    wrong = (torch.cat(answers).cpu() != labels).double()
    by_class: dict[str, float | None] = {}
    for number, name in enumerate(classes):
        mine = wrong[labels == number]
        by_class[name] = 100 * mine.mean().item() if len(mine) else None
    return Evaluation(len(labels), 100 * wrong.mean().item(), loss.item() / len(labels), by_class)
