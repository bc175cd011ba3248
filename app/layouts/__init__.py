"""Layouts of plots: which stand where, how a person moves them, and how that is remembered."""
