"""The words of a block's tool tip."""

from app.plots.block_report import report
from app.plots.blocks import BlockRows
from resviz.runs.events import Probed, Started
from resviz.runs.series import RunSeries

CONVOLUTIONS = ("stem.conv", "stage1.block1.conv1", "stage1.block1.conv2")
BLOCK = "stage1.block1"


def told(block_id, magnitude=0.31, **more):
    series = RunSeries()
    series.feed([Started(0.0, 0, 9, 1.0, 8, 0, "cpu", "float32", 1, CONVOLUTIONS, (BLOCK,), CONVOLUTIONS)])
    values = {
        "gradient_norm": (1.0, 0.5, 0.25),
        "response_std": (1.0, 0.9, 0.8),
        "weight_norm": (5.0,) * 3,
        "update_ratio": (1e-3, 2e-3, 3e-3),
        "residual_share": (0.29,),
        "alignment": (-0.12,),
        "truncated_pct": (31.4,),
    }
    series.feed([Probed(1200, residual_magnitude=(magnitude,), **{**values, **more})])
    rows = BlockRows(series.started, ("stem", BLOCK, "pool"))
    return report(series, rows, 1200, "resnet-8", block_id)


def test_a_block_says_all_that_was_measured():
    assert told(BLOCK) == (
        "At iteration 1,200 of resnet-8:",
        "‖F‖ / ‖s(x)‖ 0.31 · ‖F‖ / ‖y‖ 0.29 · cos(F, s) −0.12",
        "31 % of y is below 0: a ReLU cuts it off",
        "conv1: gradient norm 0.5 · step 2e-3 of the weights · response std 0.90",
        "conv2: gradient norm 0.25 · step 3e-3 of the weights · response std 0.80",
    )


def test_what_was_not_measured_is_not_spoken_of():
    assert told("pool") == ()
    assert told("stem")[1:] == ("conv: gradient norm 1 · step 1e-3 of the weights · response std 1.00",)
    plain = told(BLOCK, None, residual_share=(None,), alignment=(None,))
    assert plain[1] == "31 % of y is below 0: a ReLU cuts it off"


def test_a_faded_block_says_why():
    assert "Faded: its branch adds 0.8 % to what the shortcut brings." in told(BLOCK, 0.008)


def test_an_alarm_comes_first():
    assert told(BLOCK, update_ratio=(1e-3, 2.5, 3e-3))[1] == (
        "Exploding: this step moved the weights of conv1 by 2.5 times their length."
    )
    assert told(BLOCK, gradient_norm=(1.0, 0.0, 0.0))[1] == "Dead: no gradient reaches conv1."
    assert not told(BLOCK, gradient_norm=(1.0, 0.0, 0.5))[1].startswith("Dead")
