"""Gestures, undo commands, palette, inspector."""
