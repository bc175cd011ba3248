"""Attribution and evaluation of a run's checkpoint."""
