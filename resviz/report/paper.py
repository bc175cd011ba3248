"""What arXiv:1512.03385 itself measured on CIFAR-10, read off the vector curves of its Figs. 6 and 7."""

from __future__ import annotations

from resviz.runs.series import RunSeries

PAPER_ITERATIONS = 64_000
"""After which its networks for CIFAR-10 ended."""
END_ERRORS: dict[str, tuple[float, float]] = {
    "plain-20": (1.4, 9.6),
    "plain-32": (1.3, 10.1),
    "plain-44": (2.7, 11.3),
    "plain-56": (5.6, 13.3),
    "resnet-20": (0.7, 8.8),
    "resnet-32": (0.3, 7.5),
    "resnet-44": (0.2, 7.15),
    "resnet-56": (0.1, 7.05),
    "resnet-110": (0.06, 6.6),
    "resnet-1202": (0.07, 7.9),
}
"""Training and test error, percent, mean over iterations 60k to 64k (Fig. 6)."""

MEAN_RESPONSES: dict[str, float] = {
    "plain-20": 1.82,
    "plain-56": 1.52,
    "resnet-20": 1.62,
    "resnet-56": 1.13,
    "resnet-110": 0.99,
}
"""Mean over the layers of the standard deviation of the responses (Fig. 7)."""

_CLASSES = frozenset(
    ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
)


def is_cifar10(series: RunSeries) -> bool:
    """Return whether a run trains on CIFAR-10, by the names of its classes."""
    return series.started is not None and frozenset(series.started.classes) == _CLASSES
