"""A unit and its loose layers compute the same, with the same weights under the same names."""

import pytest
import torch

from resviz.arch.convert import collapse, expand
from resviz.nn.build import build
from tests.arch.test_convert import CASES, layers_of, network


@pytest.mark.parametrize(("kind", "channels", "params"), CASES)
def test_expanded_and_collapsed_networks_compute_the_same(kind, channels, params):
    before = network(kind, channels, **params)
    loose = expand(before, "unit").applied(before)
    back = collapse(loose, layers_of(loose)).applied(loose)
    composite = build(before, seed=3)
    generator = torch.Generator().manual_seed(5)
    for value in composite.state_dict().values():
        value.copy_(torch.rand(value.shape, generator=generator) - 0.3 * (value.ndim > 1))
    images = torch.randn(4, channels, 8, 8, generator=generator)
    for other in (loose, back):
        made = build(other, seed=4)
        made.load_state_dict(composite.state_dict())  # strict: the names are the same
        for training in (True, False):
            torch.testing.assert_close(
                made.train(training)(images), composite.train(training)(images), rtol=0, atol=0
            )
            made.load_state_dict(composite.state_dict())


def test_both_begin_with_the_same_weights():
    before = network("basic", 16, out_channels=32, stride=2, shortcut="B")
    loose = build(expand(before, "unit").applied(before), seed=7).state_dict()
    for name, value in build(before, seed=7).state_dict().items():
        torch.testing.assert_close(loose[name], value, rtol=0, atol=0)
