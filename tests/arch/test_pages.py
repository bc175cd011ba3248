"""Every kind has its page, and what pages say of costs and shapes is what the catalogue computes."""

import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from resviz.arch.about import about_block, about_kind
from resviz.arch.blocks import CATALOGUE
from resviz.arch.composites import RESIDUAL_KINDS
from resviz.arch.figure import figure_of
from resviz.arch.graph import Architecture, Wire
from resviz.arch.pages import PAGES, SYMBOLS, numbers
from resviz.arch.presets import preset
from resviz.arch.shapes import infer
from resviz.arch.spec import Cost, ShapeError
from resviz.arch.typeset import Formula, html, plain
from resviz.errors import UnknownBlockError
from tests.arch.documents import chain, parameter_values

FAST = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_no_kind_lacks_a_page():
    assert list(PAGES) == list(CATALOGUE)
    for kind in CATALOGUE:
        page = about_kind(kind)
        assert page.equations
        assert page.paper.endswith(".")
        assert all(part in page.paper for part in CATALOGUE[kind].source.split(", "))
        assert len(page.text().splitlines()) > 10
        assert {p.name for p in CATALOGUE[kind].parameters} == {s.name for s in page.settings}
        assert page.gives is not None
    with pytest.raises(UnknownBlockError, match="Did you mean 'conv'"):
        about_kind("convv")


maps = st.tuples(st.integers(1, 24), st.integers(1, 40), st.integers(1, 40))
vectors = st.tuples(st.integers(1, 500))


@FAST
@given(st.data(), st.sampled_from(sorted(CATALOGUE)))
def test_the_formulas_say_what_the_catalogue_counts(data, kind):
    spec = CATALOGUE[kind]
    params = spec.complete({p.name: data.draw(parameter_values(p)) for p in spec.parameters})
    shape = data.draw(vectors if kind in ("linear", "output") else maps)
    inputs = (shape,) * len(spec.inputs)
    try:
        output = spec.infer(params, inputs)
    except ShapeError:
        assume(False)
    known, page = numbers(kind, params, inputs, output), PAGES[kind]
    counted = Cost(*(f.value(known) for f in (page.parameters, page.multiply_adds, page.activations)))
    assert counted == spec.cost(params, inputs, output)
    for formula in (page.parameters, page.multiply_adds, page.activations):
        assert set(formula.names()) <= set(SYMBOLS)
        filled = plain(formula.text(known)).translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))
        assert not re.search("[A-Za-z]", filled)


def test_every_kind_of_shortcut_is_counted():
    """Hypothesis draws them too; here none can be missed."""
    for kind in RESIDUAL_KINDS:
        spec, seen = CATALOGUE[kind], set()
        for shortcut in ("none", "A", "B", "C"):
            for stride in (1, 2):
                for where in ("first 1x1", "3x3"):
                    more = {"stride_in": where, "groups": 2} if kind.endswith("bottleneck") else {}
                    params = spec.complete(
                        {"shortcut": shortcut, "stride": stride, "out_channels": 64, **more}
                    )
                    inputs = ((16, 31, 32),)
                    output = spec.infer(params, inputs)
                    known = numbers(kind, params, inputs, output)
                    assert PAGES[kind].parameters.value(known) == spec.cost(params, inputs, output).parameters
                    assert (
                        PAGES[kind].activations.value(known) == spec.cost(params, inputs, output).activations
                    )
                    seen.add(known["j"])
        assert seen == {0, 1}


def test_a_block_tells_its_own_numbers():
    architecture = preset("resnet-20-B")
    page = about_block(architecture, infer(architecture), "stage2.block1")
    assert page.block == "stage2.block1"
    assert page.shape == (
        "16 x 32 x 32 -> 32 x 16 x 16",
        "16 -> 32 channels because out_channels is 32.",
        "32 x 32 -> 16 x 16 because stride 2. (size - 1) / 2 + 1, rounded down.",
    )
    assert page.costs[0].value == 9 * 16 * 32 + 9 * 32**2 + 4 * 32 + 16 * 32 + 2 * 32
    assert plain(page.equations[-1]) == "s(x) = BN(W_s ∗ x) (shortcut B)"
    assert [step.kind for step in page.figure.shortcut] == ["conv", "batch_norm"]
    assert "= 14,528" in page.text()


@pytest.mark.parametrize(
    ("kind", "params", "words"),
    [
        ("conv", {}, "32 x 32 stays because stride 1 and padding 1 around a window of 3."),
        ("conv", {"padding": 0}, "32 x 32 -> 30 x 30 because a window of 3 with padding 0."),
        ("conv", {"padding": 0, "kernel_size": 1, "stride": 2}, "32 x 32 -> 16 x 16 because stride 2."),
        ("conv", {"kernel_size": 5, "padding": 0, "stride": 2}, "because stride 2 and a window of 5"),
        ("max_pool", {}, "32 x 32 -> 16 x 16 because stride 2."),
        ("avg_pool", {}, "32 x 32 -> 16 x 16 because stride 2."),
        ("zero_pad_shortcut", {"stride": 2}, "32 x 32 -> 16 x 16 because stride 2."),
        ("flatten", {}, "3 x 32 x 32 = 3,072 values in one row."),
        ("global_avg_pool", {}, "One value for each of the 3 channels"),
        ("relu", {}, "Never changes the shape."),
    ],
)
def test_what_changes_the_shape_is_told(kind, params, words):
    architecture = chain("input", (kind, "block", params))
    lines = about_block(architecture, infer(architecture), "block").shape
    assert any(words in line for line in lines), lines


def test_pages_of_blocks_whose_shapes_are_not_known_or_not_used():
    architecture = Architecture()
    architecture.add("basic", "loose")
    page = about_block(architecture, infer(architecture), "loose")
    assert page.shape[0].startswith("Not known")
    assert [cost.value for cost in page.costs] == [None] * 3
    sound = preset("resnet-8")
    sound.set_bypassed("stage1.block1", True)
    assert about_block(sound, infer(sound), "stage1.block1").shape[0].startswith("Bypassed")
    plain_add = chain("input", ("add", "add", {"plain": True}))
    assert about_block(plain_add, infer(plain_add), "add").gives == (3, 32, 32)


def test_figures_show_the_layers_in_order_and_where_the_shortcut_leaves():
    spec = CATALOGUE["preact_basic"]
    params = spec.complete({"out_channels": 32, "stride": 2, "shortcut": "B"})
    assert figure_of("preact_basic", params, 16).lines() == [
        "x -> BN -> ReLU -> conv 3x3 32 /2 -> BN -> ReLU -> conv 3x3 32 -> (+) -> y",
        "ReLU -> conv 1x1 32 /2 -> (+)",
    ]
    basic = CATALOGUE["basic"]
    padded = figure_of("basic", basic.complete({"out_channels": 32, "stride": 2}), 16)
    assert padded.lines()[1] == "x -> zero-pad 32 /2 -> (+)"
    assert figure_of("basic", basic.complete({"shortcut": "none"}), 16).shortcut is None
    assert figure_of("add", CATALOGUE["add"].complete({}), 16).lines() == ["F(x) -> (+) -> y", "s(x) -> (+)"]


def test_mathematics_is_set_with_real_small_letters():
    formula = Formula("k**2*C_in*(C_out + 1)/g")
    assert html(formula.text()) == (
        "<i>k</i><sup>2</sup>·<i>C</i><sub>in</sub>·(<i>C</i><sub>out</sub> + 1)/<i>g</i>"
    )
    assert plain(formula.text()) == "k²·C_in·(C_out + 1)/g"
    assert formula.value({"k": 3, "C_in": 4, "C_out": 1, "g": 2}) == 36
    assert plain(formula.text({"k": 3, "C_in": 4, "C_out": 1, "g": 2})) == "3²·4·(1 + 1)/2"
    assert html("W_2 < ReLU(x)") == "<i>W</i><sub>2</sub> &lt; ReLU(<i>x</i>)"
    with pytest.raises(ValueError, match="no arithmetic"):
        Formula("__import__('os')").value({})
    with pytest.raises(ValueError, match="no whole number"):
        Formula("k/g").value({"k": 3, "g": 2})


def test_an_addition_with_both_wires():
    architecture = chain("input", ("conv", "conv", {}), ("add", "add", {}))
    architecture.connect(Wire("conv", "add", "out", "shortcut"))
    page = about_block(architecture, infer(architecture), "add")
    assert page.costs[2].value == 16 * 32 * 32
    assert page.figure.starts == ("F(x)", "s(x)")
