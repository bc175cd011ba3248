"""The loop that everybody copies, written plainly: the rival of `training.py`.

A CIFAR ResNet as module classes in float32, channels first; pictures as PIL images through torchvision's
transforms, one at a time, in a DataLoader of two workers; `torch.optim.SGD`; `loss.item()` in every step; and
for the diagnostics forward hooks, `.item()` after `.item()`.
"""

from __future__ import annotations

import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

FEW = ("gradient_norm", "residual_magnitude", "response_std")
ALL = (
    *FEW,
    "weight_norm",
    "update_ratio",
    "residual_share",
    "alignment",
    "truncated_pct",
    "gradient_norm_total",
)
"""Names as in `resviz.runs.events.Probed`."""


class PadShortcut(nn.Module):
    """Option A: every second pixel, zeros for the channels that are missing."""

    def __init__(self, channels):
        super().__init__()
        self.missing = channels

    def forward(self, x):
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.missing // 2, self.missing - self.missing // 2))


class Block(nn.Module):
    """Two convolutions and, unless the network is plain, a shortcut."""

    def __init__(self, in_channels, channels, stride, plain):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = None
        if not plain:
            self.shortcut = nn.Identity() if stride == 1 else PadShortcut(channels - in_channels)

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.shortcut is not None:
            out = out + self.shortcut(x)
        return F.relu(out)


class CifarNet(nn.Module):
    """A network of 6n+2 layers for CIFAR (arXiv:1512.03385, Sec. 4.2), its parameters in order of depth."""

    def __init__(self, depth, plain, width=16, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        blocks, channels = [], width
        for stage in range(3):
            for block in range((depth - 2) // 6):
                wider = stage > 0 and block == 0
                out_channels = width * 2**stage
                blocks.append(Block(channels, out_channels, 2 if wider else 1, plain))
                channels = out_channels
        self.blocks = nn.Sequential(*blocks)
        self.linear = nn.Linear(channels, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.blocks(x)
        x = F.avg_pool2d(x, x.shape[-1]).flatten(1)
        return self.linear(x)


class Diagnostics:
    """Hooks that write a dict of lists, `values`, in each step."""

    def __init__(self, network, names=ALL):
        self.values = {}
        self.names = names
        self.network = network
        self.convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
        self.before = []
        self.branch, self.identity = {}, {}
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.register_forward_hook(self.on_response)
            elif isinstance(module, Block):
                module.bn2.register_forward_hook(self.on_branch(module))
                if module.shortcut is not None:
                    module.shortcut.register_forward_hook(self.on_shortcut(module))
                module.register_forward_hook(self.on_block)

    def begin(self):
        self.values = {name: [] for name in self.names}

    def on_response(self, module, inputs, output):
        self.values["response_std"].append(output.detach().std(unbiased=False).item())

    def on_branch(self, block):
        def hook(module, inputs, output):
            self.branch[block] = output.detach()

        return hook

    def on_shortcut(self, block):
        def hook(module, inputs, output):
            self.identity[block] = output.detach()

        return hook

    def on_block(self, block, inputs, output):
        branch, identity = self.branch.pop(block), self.identity.pop(block, None)
        total = branch
        if identity is not None:
            total = branch + identity
            branch, identity = branch.flatten(1), identity.flatten(1)
            size, identity_size = branch.norm(dim=1), identity.norm(dim=1)
            self.put("residual_magnitude", lambda: size / identity_size)
            self.put("residual_share", lambda: size / total.flatten(1).norm(dim=1))
            self.put("alignment", lambda: F.cosine_similarity(branch, identity, dim=1))
        self.put("truncated_pct", lambda: 100 * (total < 0).float())

    def put(self, name, values):
        if name in self.names:
            self.values[name].append(values().mean().item())

    def after_backward(self):
        for convolution in self.convolutions:
            self.put("gradient_norm", convolution.weight.grad.norm)
            self.put("weight_norm", convolution.weight.detach().norm)
        if "gradient_norm_total" in self.names:
            squares = [parameter.grad.norm().item() ** 2 for parameter in self.network.parameters()]
            self.values["gradient_norm_total"] = sum(squares) ** 0.5
        if "update_ratio" in self.names:
            self.before = [convolution.weight.detach().clone() for convolution in self.convolutions]

    def after_update(self):
        for convolution, before in zip(self.convolutions, self.before, strict=False):
            change = (convolution.weight.detach() - before).norm().item()
            self.values["update_ratio"].append(change / before.norm().item())


class Pictures(Dataset):
    """A CIFAR set as torchvision serves it: an array, of which each item is made into a PIL image."""

    def __init__(self, images, labels, transform):
        """Take uint8 (N, H, W, 3) and N labels."""
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.images[index])), self.labels[index]


def transform(size, mean, std, *, augment=True):
    """Return what happens to each picture."""
    crops = [transforms.RandomCrop(size, padding=4), transforms.RandomHorizontalFlip()] if augment else []
    return transforms.Compose([*crops, transforms.ToTensor(), transforms.Normalize(mean, std)])


def loader(images, labels, mean, std, *, batch_size, device):
    """Return the DataLoader of the training set."""
    pictures = Pictures(images, labels, transform(images.shape[1], mean, std))
    return DataLoader(
        pictures, batch_size, shuffle=True, num_workers=2, drop_last=True, pin_memory=device.type == "cuda"
    )


def optimiser(network, learning_rate):
    """Return SGD with the paper's momentum and weight decay, on all parameters."""
    return torch.optim.SGD(network.parameters(), lr=learning_rate, momentum=0.9, weight_decay=1e-4)


def step(network, sgd, images, labels, diagnostics=None):
    """Train on one batch; return its loss."""
    if diagnostics:
        diagnostics.begin()
    loss = F.cross_entropy(network(images), labels)
    sgd.zero_grad()
    loss.backward()
    if diagnostics:
        diagnostics.after_backward()
    sgd.step()
    if diagnostics:
        diagnostics.after_update()
    return loss.item()


def train(network, sgd, batches, device, diagnostics=None):
    """Train for ever; yields the loss of each step."""
    network.train()
    while True:
        for images, labels in batches:
            yield step(network, sgd, images.to(device), labels.to(device), diagnostics)
