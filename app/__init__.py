"""The window. Knows no torch."""
