"""The explanation views."""
