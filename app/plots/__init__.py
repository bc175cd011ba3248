"""Live plots, each fed by resviz.runs.series. The package itself loads nothing: pyqtgraph takes a while."""
