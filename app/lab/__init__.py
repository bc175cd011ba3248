"""Experiments, runs and the bridge to the worker process."""
