import pytest

from resviz.train.recipe import PRESETS, from_json


def test_a_recipe_file_to_start_from(command, tmp_path):
    file = tmp_path / "mine.json"
    code, answer, _ = command("recipe", "--recipe", "short", "-o", file)
    assert (code, answer) == (0, {"file": str(file), "name": PRESETS["short"].name})
    assert from_json(file.read_bytes()) == PRESETS["short"]
    other = tmp_path / "other.json"
    options = ("--milestones", "10,20", "--decay-scope", "all", "--normalise", "channel-mean-std")
    code, text, _ = command(
        "recipe", "--recipe", file, *options, "--validation-split", "-o", other, json_answer=False
    )
    assert code == 0
    assert f"--recipe {other}" in text
    made = from_json(other.read_bytes())
    assert (made.milestones, made.decay_scope, made.normalise) == ((10, 20), "all", "channel-mean-std")
    assert made.validation_split
    assert made.iterations == PRESETS["short"].iterations


def test_milestones_may_be_none(command, tmp_path):
    assert command("recipe", "--milestones", "none", "-o", tmp_path / "a.json")[0] == 0
    assert from_json((tmp_path / "a.json").read_bytes()).milestones == ()


@pytest.mark.parametrize("text", ["10;20", "ten", "1.5"])
def test_milestones_that_are_no_numbers_are_one_line(command, tmp_path, capsys, text):
    with pytest.raises(SystemExit) as ended:
        command("recipe", "--milestones", text, "-o", tmp_path / "a.json")
    assert ended.value.code == 2
    assert "write 32000,48000" in capsys.readouterr().err


def test_a_recipe_that_cannot_be_written_is_one_line(command, tmp_path):
    code, _, err = command("recipe", "--batch-size", 0, "-o", tmp_path / "a.json")
    assert code == 2
    assert "--batch-size" in err
    assert not (tmp_path / "a.json").exists()
    assert command("recipe", "-o", tmp_path / "no" / "a.json")[0] == 2


def test_any_field_may_be_set(command, tmp_path):
    file = tmp_path / "mine.json"
    changes = ("--set", "schedule=cosine", "--set", "nesterov=on", "--set", "ema-decay=0.99")
    code, _, _ = command("recipe", "--learning-rate", 0.2, *changes, "--precision", "tf32", "-o", file)
    assert code == 0
    made = from_json(file.read_bytes())
    assert (made.schedule, made.nesterov, made.ema_decay) == ("cosine", True, 0.99)
    assert (made.learning_rate, made.precision) == (0.2, "tf32")


def test_setting_iterations_leaves_the_milestones_where_they_are(command, tmp_path):
    file = tmp_path / "mine.json"
    command("recipe", "--set", "iterations=40000", "-o", file)
    assert from_json(file.read_bytes()).milestones == (32_000, 48_000)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("label_smoth=0.1", "error: A recipe has no field 'label_smoth': did you mean label_smoothing?\n"),
        ("schedule=linear", "error: schedule must be steps, cosine or one-cycle, not 'linear'.\n"),
        (
            "nesterov",
            "error: --set 'nesterov' is no change: write FIELD=VALUE, such as learning_rate=0.01.\n",
        ),
    ],
)
def test_a_wrong_field_or_value_is_one_line(command, tmp_path, text, sentence):
    code, _, err = command("recipe", "--set", text, "-o", tmp_path / "a.json")
    assert (code, err) == (2, sentence)
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--train-limit", 20_000], "--train-limit: shapes has 10,000 training pictures"),
        (["--iterations", 10, "--milestones", "10,20"], "--milestones: none of 10, 20 is within 10"),
        (["--set", "iterations=100"], "milestones: none of 32,000, 48,000 is within 100"),
        (["--batch-size", 64, "--set", "batch-size=32"], "batch_size is set by --set and by --batch-size"),
        (["--set", "rate_scaling=linear", "--learning-rate", 1, "--batch-size", 65_536], "512 is out of"),
        (["--set", "name="], "name: it must not be empty"),
    ],
)  # fmt: skip
def test_what_nobody_can_mean_is_refused_before_anything_is_written(command, tmp_path, words, sentence):
    for begin in (["recipe", "-o", tmp_path / "a.json"], ["train", "resnet-8", "--out", tmp_path / "out"]):
        code, _, err = command(*begin, *words)
        assert code == 2
        assert sentence in err
        assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_the_picture_is_the_networks(command, tmp_path):
    small = ("--image-size", 16, "--set", "cutout=20", "--out", tmp_path / "out")
    code, _, err = command("train", "resnet-8", *small)
    assert (code, err.startswith("error: cutout: 20 pixels are more than the 16")) == (2, True)
    code, _, err = command("train", "resnet-8", "--name", "", "--out", tmp_path / "out")
    assert (code, "--name must not be empty" in err) == (2, True)
    assert not (tmp_path / "out").exists()
