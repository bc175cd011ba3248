"""A hypothesis strategy for networks that can be built: random graphs of all kinds of blocks.

A network grows from its input: each draw adds what fits the shapes that are there. All that is drawn is small
numbers, so that a failing network shrinks to a few layers.
"""

from math import gcd, prod

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from resviz.arch.composites import RESIDUAL_KINDS
from resviz.arch.graph import Architecture, Wire
from resviz.arch.spec import ShapeError

ODD_NAMES = (
    "forward",
    "a.b",
    "a",
    "stage1.block01",
    "x",
    "self",
    "type",
    "слой",
    "my layer",
    "1.2",
    "F",
    "a.b.c",
)
"""Ids that no Python attribute can have, that torch has taken, or that continue each other."""
LARGEST_MAP = 4096
"""Values: a network is a matter of milliseconds."""


class Growth:
    """A network that grows; `end` is the block at its end, `shapes` what leaves each block."""

    def __init__(self, draw, name):
        self.draw = draw
        self.architecture = Architecture(name)
        self.shapes = {}
        self.end = self._add(
            "input", channels=self.upto(3), height=self.upto(8) + 2, width=self.upto(8) + 2
        )  # fmt: skip

    def upto(self, most):
        """Draw a number from 1 to `most`."""
        return self.draw(st.integers(1, most))

    def chance(self):
        """Draw yes or no; no is the simpler one."""
        return self.draw(st.integers(0, 3)) == 3

    @property
    def shape(self):
        return self.shapes[self.end]

    def _name(self, kind):
        blocks = self.architecture.blocks
        if self.chance():
            free = [name for name in ODD_NAMES if name not in blocks]
            if free:
                return self.draw(st.sampled_from(free))
        if kind in RESIDUAL_KINDS and self.chance():
            stage = self.upto(2)
            number = next(n for n in range(1, 99) if f"stage{stage}.block{n}" not in blocks)
            return f"stage{stage}.block{number}"
        return None

    def _add(self, kind, *sources, **params):
        """Add a block behind `sources`; return its id, or None if it does not fit."""
        name = self._name(kind)
        trial = Architecture().add(kind, name, **params)
        inputs = tuple(self.shapes[source] for source in sources)
        bypassed = bool(sources) and self.chance()
        read = inputs[:1] if trial.params.get("plain") or bypassed else inputs
        try:
            shape = read[0] if bypassed else trial.spec.infer(trial.params, read)
        except ShapeError:
            return None
        if not prod(shape) or prod(shape) > LARGEST_MAP:
            return None
        block = self.architecture.add(kind, name, **params)
        if bypassed:
            self.architecture.set_bypassed(block.id, True)
        for source, port in zip(sources, block.spec.inputs, strict=False):
            self.architecture.connect(Wire(source, block.id, "out", port))
        self.shapes[block.id] = shape
        return block.id

    def step(self):
        """Add a block, or a fork with its addition, behind the end."""
        if len(self.shape) == 1:
            kinds = ("linear", "relu", "dropout", "identity", "fork")
        else:
            kinds = (
                "conv", "batch_norm", "relu", "conv_bn_relu", *RESIDUAL_KINDS, "fork", "max_pool", "avg_pool",
                "zero_pad_shortcut", "dropout", "identity",
            )  # fmt: skip
        kind = self.draw(st.sampled_from(kinds))
        if kind == "fork":
            self._fork()
        else:
            self.end = self._add(kind, self.end, **self._params(kind)) or self.end

    def _params(self, kind):
        channels = self.shape[0]
        match kind:
            case "conv":
                outputs = self.upto(8)
                groups = self.draw(st.sampled_from(_divisors(gcd(channels, outputs))))
                return self._window(3) | {"out_channels": outputs, "groups": groups, "bias": self.chance()}
            case "conv_bn_relu":
                return self._window(3) | {"out_channels": self.upto(8)}
            case "max_pool" | "avg_pool":
                window = self._window(3)
                return window | {"padding": min(window["padding"], window["kernel_size"] // 2)}
            case "zero_pad_shortcut":
                return {"out_channels": channels + self.upto(4) - 1, "stride": self.upto(2)}
            case "linear":
                return {"out_features": self.upto(6), "bias": not self.chance()}
            case "dropout":
                return {"p": self.draw(st.sampled_from([0.0, 0.25, 0.5]))}
            case _ if kind in RESIDUAL_KINDS:
                params = {
                    "shortcut": self.draw(st.sampled_from(["A", "none", "B", "C"])),
                    "stride": self.upto(3),
                    "out_channels": self.draw(st.sampled_from([channels, channels + 1, 2 * channels, 3])),
                }
                if kind.endswith("bottleneck"):
                    params["groups"] = self.draw(st.sampled_from([1, 2, 3]))
                    params["width"] = params["groups"] * self.upto(2)
                    params["stride_in"] = self.draw(st.sampled_from(["first 1x1", "3x3"]))
                return params
        return {}

    def _window(self, largest):
        kernel = self.upto(largest)
        return {
            "kernel_size": kernel,
            "stride": self.upto(2),
            "padding": self.draw(st.integers(0, kernel // 2)),
        }

    def _fork(self):
        """Lead a shortcut around some steps, or from a value further back, as the shapes allow it."""
        start = self.end
        if self.chance():
            start = self.draw(st.sampled_from(list(self.shapes)))
        for _ in range(self.upto(2)):
            self.step()
        if self.end == start:
            return
        shortcut = self._fitting(start)
        plain = shortcut is None or self.chance()
        added = self._add("add", self.end, shortcut or start, plain=plain)
        self.end = added or self.end

    def _fitting(self, start):
        """Add what makes the value of `start` fit the end; return its id, None if nothing does."""
        before, after = self.shapes[start], self.shape
        if before == after:
            return start
        if len(before) != 3 or len(after) != 3:
            return None
        for stride in range(1, 5):
            if tuple((side - 1) // stride + 1 for side in before[1:]) == after[1:]:
                break
        else:
            return None
        if after[0] >= before[0] and not self.chance():
            made = self._add("zero_pad_shortcut", start, out_channels=after[0], stride=stride)
        else:
            made = self._add("conv", start, out_channels=after[0], kernel_size=1, padding=0, stride=stride)
        return made if made and self.shapes[made] == after else None

    def finish(self):
        """Add the head, and take away what leads nowhere."""
        if len(self.shape) == 3:
            kind = "flatten" if prod(self.shape) <= 256 and self.chance() else "global_avg_pool"
            self.architecture.add(kind, "head")
            self.architecture.connect(Wire(self.end, "head"))
            self.shapes["head"] = (prod(self.shape) if kind == "flatten" else self.shape[0],)
            self.end = "head"
        for _ in range(self.draw(st.integers(0, 2))):
            self.step()
        self.architecture.add("output", "output")
        self.architecture.connect(Wire(self.end, "output"))
        loose = True
        while loose:
            loose = [
                block.id for block in self.architecture.blocks.values()
                if block.spec.outputs and not self.architecture.outgoing(block.id)
            ]  # fmt: skip
            for block_id in loose:
                self.architecture.remove(block_id)


def _divisors(number):
    return [n for n in range(1, number + 1) if number % n == 0]


@st.composite
def sound_networks(draw, most_steps=10):
    """Return a network without problems: convolutions, units, forks, plain and bypassed blocks, any head."""
    growth = Growth(draw, draw(st.sampled_from(["mine", "resnet-20", 'odd "name" \\ {0}', ""])))
    for _ in range(draw(st.integers(0, most_steps))):
        growth.step()
    growth.finish()
    return growth.architecture


def large_networks(count):
    """Return the same few networks each time, each of other kinds of blocks: the largest of fifty."""
    found = {}

    @settings(max_examples=50, derandomize=True, database=None, phases=[Phase.generate])
    @given(sound_networks())
    def collect(architecture):
        found[tuple(sorted({block.kind for block in architecture.blocks.values()}))] = architecture

    collect()
    return sorted(found.values(), key=lambda architecture: len(architecture.blocks))[-count:]
