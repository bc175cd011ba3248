import pytest
from PySide6.QtCore import QPoint

from app.lab.schedule_plot import SchedulePlot
from resviz.train.recipe import PAPER
from resviz.train.schedule import Start, curve


@pytest.fixture
def plot(qtbot):
    made = SchedulePlot()
    qtbot.addWidget(made)
    made.resize(300, 60)
    made.show()
    return made


def test_the_axes_end_in_numbers_with_their_units(plot):
    plot.show_schedule(curve(PAPER, 20), PAPER.iterations)
    assert plot._ends() == ("rate 0.1", "0.001")
    assert plot.accessibleDescription() == "rate 0.1 → 0.01 → 0.001, 64,000 iterations"
    cosine = Start(32_000, warm_up_end=0)
    plot.show_schedule(curve(PAPER, 20, start=cosine), PAPER.iterations, 32_000)
    assert plot._ends() == ("rate 0.01", "0.001")
    assert plot.accessibleDescription().endswith("fork begins")


def test_the_mouse_reads_no_rate_of_before_the_fork(plot, qtbot):
    plot.show_schedule(curve(PAPER, 20, start=Start(32_000, warm_up_end=0)), PAPER.iterations, 32_000)
    qtbot.mouseMove(plot, QPoint(70, 20))
    assert plot._reading(plot._read_at(plot._area())) == "rate 0.01 at iteration 32,000"


def test_a_wide_plot_is_taller(plot):
    assert plot.heightForWidth(700) > plot.heightForWidth(270) == plot.heightForWidth(200)
