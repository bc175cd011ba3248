"""Data sets as uint8 tensors, the built-in one, and batches made on the device.

`sources.load_dataset` is the door: it reads `shapes`, `cifar10`, `cifar100` or `folder:PATH`.
`batches.Batches` turns the result into training batches, a pure function of (seed, iteration). Only
`dataset`, `sources` and `batches` import torch.
"""
