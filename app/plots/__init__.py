"""Live plots, each fed by resviz.runs.series."""
