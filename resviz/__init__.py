"""resviz: the engine of a desktop laboratory for residual networks (arXiv:1512.03385). Knows no Qt."""

__version__ = "0.1.0"
