"""Torch modules of an architecture, and weights from and to torchvision."""
