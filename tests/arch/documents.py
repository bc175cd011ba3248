"""Architectures for tests: hand-made ones, and a hypothesis strategy for any that a person could make."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from resviz.arch.blocks import CATALOGUE
from resviz.arch.graph import Architecture, Group, Wire
from resviz.arch.names import check_id
from resviz.arch.twin import twin
from resviz.errors import ArchitectureError

THOROUGH = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine fails no test."""


def chain(*steps, name="mine"):
    """Return blocks wired one after the other; a step is a kind, or (kind, id, parameters)."""
    architecture = Architecture(name)
    previous = None
    for step in steps:
        kind, block_id, params = step if isinstance(step, tuple) else (step, None, {})
        block = architecture.add(kind, block_id, **params)
        if previous is not None:
            port = block.spec.inputs[0]
            architecture.connect(Wire(previous, block.id, "out", port))
        previous = block.id
    return architecture


def loose_unit(*, channels=16, stride=1, shortcut=None, name="loose"):
    """Return a network with one residual unit of loose layers; `shortcut`: None (a wire), "A" or "B"."""
    architecture = chain(
        ("input", "input", {"height": 8, "width": 8}),
        ("conv", "stem", {}),
        ("conv", "unit.conv1", {"out_channels": channels, "stride": stride}),
        ("batch_norm", "unit.norm1", {}),
        ("relu", "unit.relu1", {}),
        ("conv", "unit.conv2", {"out_channels": channels}),
        ("batch_norm", "unit.norm2", {}),
        ("add", "unit.add", {}),
        ("relu", "unit.relu2", {}),
        ("global_avg_pool", "pool", {}),
        ("linear", "classifier", {}),
        ("output", "output", {}),
        name=name,
    )
    fork = "stem"
    if shortcut == "A":
        architecture.add("zero_pad_shortcut", "unit.pad", out_channels=channels, stride=stride)
        architecture.connect(Wire("stem", "unit.pad"))
        fork = "unit.pad"
    elif shortcut == "B":
        architecture.add(
            "conv", "unit.projection", out_channels=channels, stride=stride, kernel_size=1, padding=0
        )
        architecture.add("batch_norm", "unit.projection_norm")
        architecture.connect(Wire("stem", "unit.projection"))
        architecture.connect(Wire("unit.projection", "unit.projection_norm"))
        fork = "unit.projection_norm"
    architecture.connect(Wire(fork, "unit.add", "out", "shortcut"))
    return architecture


def _usable(text):
    try:
        check_id(text)
    except ArchitectureError:
        return False
    return True


ids = st.one_of(
    st.sampled_from(["a", "a.b", "a.b.c", "stage1.block1", "stage1.block01", "block10", "block2", "forward"]),
    st.text(min_size=1, max_size=8).filter(_usable),
)  # fmt: skip
names = st.one_of(
    st.sampled_from(
        ["resnet-56", "plain-56", "resnet-110-B", "cifar-resnet-50-w8", "plain", "", "-plain", "-residual"]
    ),
    st.sampled_from(["x-plain", "x-residual", "x-plain-residual", "x-residual-plain", "resnet-1-A-B"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)  # fmt: skip
numbers = st.floats(-1e6, 1e6).map(lambda value: round(value, 2))


def parameter_values(parameter):
    """Return a strategy for allowed values of a catalogue parameter."""
    if parameter.choices:
        return st.sampled_from(parameter.choices)
    if isinstance(parameter.default, bool):
        return st.booleans()
    if isinstance(parameter.default, float):
        return st.floats(parameter.minimum, parameter.maximum)
    return st.integers(parameter.minimum, min(parameter.maximum, parameter.minimum + 40))


@st.composite
def architectures(draw, kinds=tuple(CATALOGUE), edits=True):
    """Return an architecture that the public methods can make, sound or broken, edited or fresh."""
    architecture = Architecture(draw(names))
    for block_id in draw(st.lists(ids, max_size=8, unique=True)):
        kind = draw(st.sampled_from(kinds))
        wanted = [
            p for p in CATALOGUE[kind].parameters if p.name in ("shortcut", "plain") or draw(st.booleans())
        ]
        params = {p.name: draw(parameter_values(p)) for p in wanted}
        position = draw(st.none() | st.tuples(numbers, numbers))
        architecture.add(kind, block_id, position, **params)
    _wire(draw, architecture)
    if edits and draw(st.booleans()):
        architecture = twin(architecture)
        for block_id in list(architecture.blocks):
            match draw(st.integers(0, 7)):
                case 0:
                    architecture.remove(block_id)
                case 1 if architecture[block_id].shortcut and architecture[block_id].kind != "add":
                    architecture.set_params(block_id, shortcut=draw(st.sampled_from(["none", "A", "B", "C"])))
                case 2:
                    new = draw(ids)
                    if new not in architecture:
                        architecture.rename(block_id, new)
        if draw(st.booleans()):
            architecture.name = draw(names)
        _wire(draw, architecture)
    if edits and draw(st.integers(0, 3)) == 0:
        members = st.lists(st.sampled_from(sorted(architecture.blocks) or ["gone"]), max_size=4, unique=True)
        for name in draw(st.lists(ids, max_size=2, unique=True)):
            architecture.groups[name] = Group(tuple(draw(members)), draw(st.booleans()))
    return architecture


def _wire(draw, architecture):
    blocks = list(architecture.blocks)
    for source in blocks:
        for target in blocks:
            ports = architecture[target].spec.inputs
            if ports and architecture[source].spec.outputs and draw(st.integers(0, 2)) == 0:
                wire = Wire(source, target, "out", draw(st.sampled_from(ports)))
                if architecture.can_connect(wire) is None:
                    architecture.connect(wire)


def bare(architecture):
    """Return blocks without their places, and wires."""
    return {(b.id, b.kind, str(b.params), b.bypassed) for b in architecture.blocks.values()}, set(
        architecture.wires
    )
