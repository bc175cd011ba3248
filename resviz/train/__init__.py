"""Training: recipe, step, probes, trainer, checkpoints. `recipe` and `schedule` import no torch."""
