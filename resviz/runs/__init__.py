"""Runs on disk: events, the store, series and exports; imports no torch."""
