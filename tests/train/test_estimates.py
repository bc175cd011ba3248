"""What a measurement says of a training, and where measurements are kept."""

import msgspec
import pytest

from resviz.arch.presets import preset
from resviz.train import estimates, memory
from resviz.train.estimate_words import duration, provenance, step_text
from resviz.train.estimates import Measured, predict
from resviz.train.recipe import PAPER, Recipe

MEASURED = Measured(
    device="cpu", machine="Test 3000", precision="float32", threads=2, beside=0, asked=128, batch_size=128,
    step_s=0.5, test_s=0.001, memory_factor=1.2, whole=True, steps=5, at=0.0,
)  # fmt: skip


def paper(**fields):
    return msgspec.structs.replace(PAPER, **({"data": "cifar10"} | fields))


def test_time_is_that_of_steps_and_tests():
    told = predict(preset("resnet-20"), paper(), MEASURED)
    assert told.step_s == 0.5
    assert told.images_per_second == 256
    # 50,000 pictures are 391 batches: 64,000 iterations have 164 tests of 10,000 pictures.
    assert told.testing_s == pytest.approx(164 * 10_000 * 0.001)
    assert told.training_s == pytest.approx(32_000 + 1640)


def test_tests_are_those_of_the_recipe():
    def testing_s(**fields):
        return predict(preset("resnet-20"), paper(**fields), MEASURED).testing_s

    assert testing_s(test_limit=100) == pytest.approx(164 * 100 * 0.001)
    assert testing_s(evaluate_interval=640) == pytest.approx(100 * 10_000 * 0.001)
    assert testing_s(validation_split=True) == pytest.approx(182 * 5_000 * 0.001)
    assert testing_s(data="folder:/nowhere") == 0.0


def test_another_batch_takes_time_in_proportion_and_memory_by_the_model():
    architecture = preset("resnet-20")
    model = memory.estimate(architecture, paper())
    for batch in (32, 128, 512):
        told = predict(architecture, paper(batch_size=batch), MEASURED)
        assert told.step_s == pytest.approx(0.5 * batch / 128)
        assert told.memory == model.total(batch, 1.2) > model.total(batch)
    unmeasured = predict(architecture, paper(), None)
    assert unmeasured.memory == model.total(128)
    assert unmeasured.training_s is None


def test_measurements_are_found_again_for_the_same_computation():
    architecture = preset("resnet-20")
    estimates.keep(architecture, paper(), MEASURED)
    assert estimates.find(architecture, paper(), 2) == MEASURED
    renamed = architecture.copy()
    renamed.rename("stage1.block1", "first")
    renamed.name = "another name"
    renamed.move("first", (500.0, 0.0))
    assert estimates.find(renamed, paper(iterations=10, milestones=(), seed=3), 2) == MEASURED
    for other, recipe, threads, beside in (
        (preset("plain-20"), paper(), 2, 0),
        (architecture, paper(precision="bfloat16"), 2, 0),
        (architecture, paper(mixup=0.2), 2, 0),
        (architecture, paper(), 1, 0),
        (architecture, paper(), 2, 1),
    ):
        assert estimates.find(other, recipe, threads, beside) is None


def test_of_several_batches_the_nearest_counts(own_home):
    architecture = preset("resnet-8")
    for batch in (16, 64, 64, 256):
        measured = msgspec.structs.replace(MEASURED, asked=batch, batch_size=batch, step_s=batch / 100)
        estimates.keep(architecture, paper(), measured)
    assert estimates.find(architecture, paper(batch_size=100), 2).asked == 64
    assert estimates.find(architecture, paper(batch_size=4000), 2).asked == 256
    (file,) = (own_home / "estimates").iterdir()
    assert len(msgspec.json.decode(file.read_bytes())) == 3
    file.write_bytes(b"[{")
    assert estimates.find(architecture, paper(), 2) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0012, "1.2 ms"), (0.0424, "42 ms"), (1.26, "1.3 s"), (31.4, "31 s"), (130, "2 min")],
)
def test_steps_are_said_shortly(seconds, text):
    assert step_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (42, "42 s"), (300, "5 min"), (3 * 3600 + 300, "3 h 5 min"), (30 * 3600, "30 h"),
        (2 * 86_400 + 4 * 3600, "2 days 4 h"), (40 * 86_400, "40 days"),
    ],
)  # fmt: skip
def test_durations_are_no_finer_than_they_are_known(seconds, text):
    assert duration(seconds) == text


def test_it_is_said_what_an_estimate_goes_by():
    said = provenance(MEASURED, 128)
    assert said.startswith("Estimated by 5 steps of it on 1970-01-0")
    assert said.endswith("cpu (Test 3000), 2 threads, float32.")
    parts = msgspec.structs.replace(MEASURED, whole=False, batch_size=32, beside=1, memory_factor=None)
    said = provenance(parts, 128)
    assert "of smaller networks of the same blocks" in said
    assert "while another was measured" in said
    assert "batches of 32 were measured" in said
    assert "Memory is reckoned, not measured." in said
    assert "Other programs" not in said
    assert "Other programs kept" in provenance(msgspec.structs.replace(parts, got=0.4), 128)


def test_a_card_is_named_without_threads():
    assert msgspec.structs.replace(MEASURED, device="cuda:0 (H100)").place == "cuda:0 (H100)"


def test_the_test_set_is_run_through_about_200_times():
    assert Recipe(iterations=64_000).evaluation_interval(391) == 391
    assert Recipe(iterations=64_000).evaluation_interval(40) == 320
    assert Recipe(iterations=64_000, evaluate_interval=7).evaluation_interval(391) == 7
