"""Guided demonstrations."""
