import msgspec
import pytest
from PIL import Image

from resviz.runs.store import find_runs
from resviz.train import demonstration
from tests.train.small import architecture


@pytest.fixture
def small_demonstration(monkeypatch):
    made = demonstration.recipe(0)
    small = msgspec.structs.replace(
        made, train_limit=40, test_limit=20, batch_size=16, precision="float32", iterations=200_000
    )
    monkeypatch.setattr(demonstration, "recipe", lambda seed: msgspec.structs.replace(small, seed=seed))
    monkeypatch.setattr(demonstration, "architectures", lambda: (architecture("plain-8-w4"), architecture()))


def test_demo(command, tmp_path, small_demonstration, monkeypatch):
    from resviz.cli import demo

    monkeypatch.setattr(demo, "GAP_SECONDS", (8, 60))
    out = tmp_path / "out"
    code, answer, err = command("demo", "--seconds", 20, "--seed", 3, "--out", out)
    assert code == 0, err
    assert 20 <= answer["seconds"] < 23
    assert answer["device"]
    gap = answer["plain"]["train_error_pct"] - answer["residual"]["train_error_pct"]
    assert answer["gap_points"].keys() == {"8", "20"}
    assert answer["gap_points"]["20"] == pytest.approx(gap)
    [picture] = answer["files"]
    with Image.open(picture) as image:
        assert image.format == "PNG"
        assert image.width >= 1000
        assert image.convert("L").entropy() > 0.1
    runs = find_runs(out)
    assert [run.state() for run in runs] == ["stopped", "stopped"]
    assert {run.recipe().seed for run in runs} == {3}


def test_demo_that_cannot_be(command, tmp_path):
    code, _, err = command("demo", "--seconds", 0)
    assert code == 2
    assert "--seconds must be above 0" in err
