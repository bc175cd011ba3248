"""The built-in data set: ten soft shapes, painted by arithmetic from a seed.

A class is a form (disc, ring, ..., drop). What gives it away is spread over several levels, as in natural
pictures: a favourite hue with a wide spread (cheap, unreliable), a texture with a direction and a frequency
    (better), and the
form itself, which is moved, turned and scaled (best, and hardest to see). A residual network climbs these
levels quickly; a deep plain network of the same size stays on the first ones for a long time.

Nothing here is loaded from anywhere: no network, no licence, and the same seed paints the same pictures.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resviz.data.arrays import Arrays, Progress, report

Float = NDArray[np.floating[Any]]  # float32 throughout; numpy's annotations are wider

SIZE = 32
"""Height and width of a picture in pixels."""

VERSION = 1
"""Raise this when the same seed paints other pictures: it is part of the cache's key."""

_CHUNK = 500  # pictures painted at once, to bound the memory


@dataclass(frozen=True)
class Look:
    """How hard the pictures are. The defaults are the built-in data set; other values are for experiments.

    Attributes:
        hue_spread: standard deviation of a picture's hue around its class's favourite, in turns of the colour
            wheel.
        stray: fraction of pictures whose texture is that of a random class, and, independently, of those
            whose hue is.
        shift: largest displacement of the form from the middle, in half picture widths.
        turn: standard deviation of the form's rotation, in radians.
        noise: standard deviation of the white noise, as a fraction of the full brightness range.
    """

    hue_spread: float = 0.09
    stray: float = 0.4
    shift: float = 0.25
    turn: float = 0.2
    noise: float = 0.08


# --- forms: signed distances to the edge, (N, H, W), negative inside ---
# u points right, v down; a form fills about [-1, 1]. Python's numbers leave arrays at float32.


def _length(u: Float, v: Float) -> Float:
    return np.asarray(np.hypot(u, v), np.float32)


def _either(first: Float, second: Float) -> Float:
    return np.asarray(np.minimum(first, second), np.float32)


def _both(first: Float, second: Float) -> Float:
    return np.asarray(np.maximum(first, second), np.float32)


def _disc(u: Float, v: Float) -> Float:
    return _length(u, v) - 0.85


def _ring(u: Float, v: Float) -> Float:
    return abs(_length(u, v) - 0.68) - 0.24


def _square(u: Float, v: Float) -> Float:
    return _both(abs(u), abs(v)) - 0.74


def _triangle(u: Float, v: Float) -> Float:
    return _both(0.866 * abs(u) - 0.5 * v - 0.45, v - 0.7)


def _diamond(u: Float, v: Float) -> Float:
    return (abs(u) / 0.7 + abs(v) - 1) * 0.6


def _cross(u: Float, v: Float) -> Float:
    return _either(_both(abs(u) - 0.92, abs(v) - 0.3), _both(abs(u) - 0.3, abs(v) - 0.92))


def _star(u: Float, v: Float) -> Float:
    fifth = 2 * math.pi / 5
    angle = np.arctan2(u, -v)
    angle = abs(angle - fifth * np.round(angle / fifth))  # 0 on a ray, fifth / 2 in a notch
    # The straight edge from a tip at radius 1 to a notch at 0.45, as a half plane: normal . (x, y) < offset.
    x, y = 0.45 * math.sin(fifth / 2), 1 - 0.45 * math.cos(fifth / 2)
    normal_x, normal_y = y / math.hypot(x, y), x / math.hypot(x, y)
    radius = _length(u, v)
    return np.asarray(
        normal_x * radius * np.sin(angle) + normal_y * radius * np.cos(angle) - normal_y, np.float32
    )


def _heart(u: Float, v: Float) -> Float:
    lobes = _length(abs(u) - 0.4, v + 0.3) - 0.47
    # The point: a square on its corner, cut off at the middle of the lobes.
    point = _both((abs(u) + abs(v - 0.08)) * 0.7071 - 0.57, -v - 0.4)
    return _either(lobes, point)


def _crescent(u: Float, v: Float) -> Float:
    return _both(_length(u, v) - 0.92, 0.68 - _length(u - 0.5, v))


def _drop(u: Float, v: Float) -> Float:
    body = _length(u, v - 0.3) - 0.58
    # The tip: between the tangents from (0, -1) to the body.
    slope = math.asin(0.58 / 1.3)
    tip = abs(u) * math.cos(slope) - (v + 1) * math.sin(slope)
    return _either(body, _both(tip, v - 0.05))


# --- textures, (N, H, W) in [-1, 1]; x and y in pixels ---


def _waves(along: Float, period: float, phase: Float) -> Float:
    return np.asarray(np.sin(along * (2 * math.pi / period) + phase), np.float32)


def _texture(kind: str, x: Float, y: Float, phase: Float, lean: Float) -> Float:
    """Return texture `kind`, (N, H, W) in [-1, 1]; `lean` (N, 1, 1) is -1 or 1 and chooses a diagonal.

    Diagonals lean either way, so that a horizontal flip keeps the class.
    """
    diagonal = (x + lean * y) * 0.7071
    if kind == "broad rows":
        return _waves(y, 10.0, phase)
    if kind == "fine rows":
        return _waves(y, 5.0, phase)
    if kind == "broad columns":
        return _waves(x, 10.0, phase)
    if kind == "fine columns":
        return _waves(x, 5.0, phase)
    if kind == "broad diagonals":
        return _waves(diagonal, 10.0, phase)
    if kind == "fine diagonals":
        return _waves(diagonal, 5.0, phase)
    if kind == "broad checks":
        return _waves(x, 12.0, phase) * _waves(y, 12.0, phase)
    if kind == "fine checks":
        return _waves(x, 6.5, phase) * _waves(y, 6.5, phase)
    if kind == "ripples":
        return _waves(_length(x - SIZE / 2, y - SIZE / 2), 6.5, phase)
    return _waves(x, 5.0, phase) * 0.15  # smooth


@dataclass(frozen=True)
class _Kind:
    name: str
    form: Callable[[Float, Float], Float]
    texture: str
    hue: float  # turns: 0 red, 1/3 green, 2/3 blue


_KINDS = (
    _Kind("disc", _disc, "broad rows", 0.08),
    _Kind("ring", _ring, "fine rows", 0.52),
    _Kind("square", _square, "broad columns", 0.62),
    _Kind("triangle", _triangle, "fine columns", 0.33),
    _Kind("diamond", _diamond, "broad diagonals", 0.72),
    _Kind("cross", _cross, "fine diagonals", 0.23),
    _Kind("star", _star, "broad checks", 0.14),
    _Kind("heart", _heart, "fine checks", 0.95),
    _Kind("crescent", _crescent, "ripples", 0.83),
    _Kind("drop", _drop, "smooth", 0.43),
)

CLASSES = tuple(kind.name for kind in _KINDS)
"""The names of the ten classes, in the order of their labels."""


def _colour(hue: Float, saturation: Float, value: Float) -> Float:
    """Turn hue (turns), saturation and value, each (N, 1, 1), into RGB (N, 3, 1, 1) in [0, 1]."""
    offset = np.array([5.0, 3.0, 1.0], np.float32)[None, :, None, None]
    k = (offset + hue[:, None] * 6) % 6
    ramp = np.clip(np.minimum(k, 4 - k), 0, 1)
    return np.asarray(value[:, None] * (1 - saturation[:, None] * ramp), np.float32)


def _paint(labels: NDArray[np.int64], look: Look, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Paint one picture for each of `labels` (N,) and return them as (N, 3, 32, 32)."""
    count = len(labels)

    def uniform(low: float, high: float, *shape: int) -> Float:
        return rng.uniform(low, high, (count, *(shape or (1, 1)))).astype(np.float32)

    def normal(scale: float, *shape: int) -> Float:
        return np.float32(scale) * rng.standard_normal((count, *(shape or (1, 1))), dtype=np.float32)

    hue_labels = np.where(rng.random(count) < look.stray, rng.integers(0, len(_KINDS), count), labels)
    texture_labels = np.where(rng.random(count) < look.stray, rng.integers(0, len(_KINDS), count), labels)

    y, x = np.meshgrid(np.arange(SIZE, dtype=np.float32), np.arange(SIZE, dtype=np.float32), indexing="ij")
    x, y = x[None], y[None]

    # Where the form is: the inverse of turn, scale and shift.
    turn, scale = normal(look.turn), uniform(0.6, 0.95)
    middle_u, middle_v = uniform(-look.shift, look.shift), uniform(-look.shift, look.shift)
    mirror = np.where(rng.random((count, 1, 1)) < 0.5, -1, 1).astype(np.float32)
    u = (2 * x + 1) / SIZE - 1 - middle_u
    v = (2 * y + 1) / SIZE - 1 - middle_v
    u, v = (
        (np.cos(turn) * u + np.sin(turn) * v) / scale * mirror,
        (np.cos(turn) * v - np.sin(turn) * u) / scale,
    )

    # The texture lies in the picture, not in the form: slightly turned, stretched and at any phase.
    skew, stretch, phase = normal(0.1), uniform(0.85, 1.15), uniform(0, 2 * np.pi)
    lean = np.where(rng.random((count, 1, 1)) < 0.5, -1, 1).astype(np.float32)
    tx = (x * np.cos(skew) + y * np.sin(skew)) * stretch
    ty = (y * np.cos(skew) - x * np.sin(skew)) * stretch

    distance = np.empty((count, SIZE, SIZE), np.float32)
    texture = np.empty((count, SIZE, SIZE), np.float32)
    for index, kind in enumerate(_KINDS):
        mine = labels == index
        distance[mine] = kind.form(u[mine], v[mine])
        mine = texture_labels == index
        texture[mine] = _texture(kind.texture, tx[mine], ty[mine], phase[mine], lean[mine])

    # Inside the form 1, outside 0, over an edge two to three pixels wide.
    softness = uniform(0.04, 0.10)
    inside = (1 / (1 + np.exp(np.clip(distance * scale / softness * 2, -30, 30))))[:, None]

    favourite = np.array([kind.hue for kind in _KINDS], np.float32)[hue_labels][:, None, None]
    hue = favourite + normal(look.hue_spread)
    bright = _colour(hue, uniform(0.45, 0.9), uniform(0.8, 1.0))
    deep = _colour(hue + normal(0.03), uniform(0.6, 0.95), uniform(0.4, 0.6))
    blend = (0.5 + 0.5 * texture * uniform(0.6, 1.0))[:, None]
    figure = bright * blend + deep * (1 - blend)

    # The ground: two colours of any hue, run into each other by a slanting ramp and a slow swell; dark or
    # pale.
    pale = rng.random((count, 1, 1)) < 0.35
    value = np.where(pale, uniform(0.75, 0.95), uniform(0.12, 0.4)).astype(np.float32)
    saturation = np.where(pale, uniform(0.05, 0.3), uniform(0.2, 0.6)).astype(np.float32)
    ground_hue = uniform(0, 1)
    near = _colour(ground_hue, saturation, value)
    far = _colour(ground_hue + normal(0.08), saturation, value * uniform(0.65, 0.95))
    heading, wave = uniform(0, 2 * np.pi), uniform(0, 2 * np.pi)
    ramp = ((x - 15.5) * np.cos(heading) + (y - 15.5) * np.sin(heading)) / 22
    swell = np.sin(x * uniform(0.1, 0.3) + wave) * np.sin(y * uniform(0.1, 0.3) + wave)
    share = np.clip(0.5 + 0.5 * ramp + 0.35 * swell, 0, 1)[:, None]
    ground = near * share + far * (1 - share)

    picture = figure * inside + ground * (1 - inside) + normal(look.noise, 3, SIZE, SIZE)
    return np.asarray(np.rint(np.clip(picture, 0, 1) * 255), np.uint8)


def _part(count: int, look: Look, seed: int, part: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return `count` pictures (N, 3, 32, 32) and labels (N,), the classes taking turns."""
    labels = np.arange(count, dtype=np.int64) % len(_KINDS)
    images = np.empty((count, 3, SIZE, SIZE), np.uint8)
    whole = np.arange(_CHUNK, dtype=np.int64) % len(_KINDS)
    for index, start in enumerate(range(0, count, _CHUNK)):
        # A whole chunk even where less is left, so that the length of a set does not change its pictures.
        painted = _paint(whole, look, np.random.default_rng([VERSION, seed, part, index]))
        images[start : start + _CHUNK] = painted[: count - start]
    return images, labels


def paint_shapes(
    train: int = 10_000,
    test: int = 2_000,
    seed: int = 0,
    look: Look | None = None,
    progress: Progress | None = None,
) -> Arrays:
    """Paint the built-in data set.

    Args:
        train: number of training pictures; the classes are balanced to within one.
        test: number of test pictures.
        seed: the same seed paints the same pictures; a longer part begins with the pictures of a shorter one.
        look: how hard they are; the built-in data set if left out.
        progress: called with ("painting 12,000 pictures", done, total, "pictures").

    Returns:
        uint8 pictures (N, 3, 32, 32) and their labels.
    """
    look = look or Look()
    stage = f"painting {train + test:,} pictures"
    report(progress, stage, 0, train + test, "pictures")
    train_images, train_labels = _part(train, look, seed, 0)
    report(progress, stage, train, train + test, "pictures")
    test_images, test_labels = _part(test, look, seed, 1)
    report(progress, stage, train + test, train + test, "pictures")
    return Arrays(CLASSES, train_images, train_labels, test_images, test_labels)
