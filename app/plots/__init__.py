"""Live plots, each fed by resviz.runs.series."""

from app.plots.base import PlotRun
from app.plots.error import ErrorPlot
from app.plots.gradient import GradientPlot
from app.plots.residual import ResidualPlot

__all__ = ["ErrorPlot", "GradientPlot", "PlotRun", "ResidualPlot"]
