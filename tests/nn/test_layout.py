import pytest
import torch

from resviz.arch.presets import preset
from resviz.nn.build import build


@pytest.mark.parametrize("name", ["resnet-20", "plain-20", "resnet-20-B", "preact-20"])
def test_values_and_gradients_keep_the_channels_last(name):
    # A gradient of another layout makes what reads it up to forty times as slow on the CPU.
    network = build(preset(name)).to(memory_format=torch.channels_last)
    layouts = {}

    def note(place, tensor):
        layouts[place] = tensor.is_contiguous(memory_format=torch.channels_last)

    def watch(module, inputs, output, place):
        if output.ndim == 4:
            note(place, output)
            output.register_hook(lambda gradient: note(f"gradient of {place}", gradient))

    for place, module in network.named_modules():
        module.register_forward_hook(lambda *arguments, place=place: watch(*arguments, place))
    images = torch.randn(4, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    network(images).sum().backward()
    assert len(layouts) > 40
    assert [place for place, kept in layouts.items() if not kept] == []
