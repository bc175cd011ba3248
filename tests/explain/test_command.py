import json
import shutil
from pathlib import Path

import pytest
import torch

from resviz.cli import main
from resviz.nn.state import load_checkpoint


def last_line(capsys):
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_evaluate_prints_errors_and_json(runs, capsys):
    assert main(["evaluate", str(runs[0].path)]) == 0
    text = capsys.readouterr().out
    assert "test error" in text
    assert "green" in text
    assert main(["evaluate", str(runs[0].path), "--json"]) == 0
    document = last_line(capsys)
    assert document["pictures"] == 18
    assert document["iteration"] == 10
    assert 0 <= document["test_error_pct"] <= 100


def test_the_only_run_of_an_experiment_is_taken_and_several_are_listed(made_experiment, capsys, tmp_path):
    assert main(["evaluate", str(made_experiment.path)]) == 2
    error = capsys.readouterr().err
    assert f"holds 2 runs: give the folder of one of them, {made_experiment.runs[0].path}, " in error
    shutil.copytree(made_experiment.path, tmp_path / "one")
    shutil.rmtree(tmp_path / "one" / made_experiment.runs[0].name)
    assert main(["evaluate", str(tmp_path / "one"), "--json"]) == 0
    assert last_line(capsys)["run"] == made_experiment.runs[1].name


def test_explain_writes_files(runs, capsys, tmp_path):
    words = ["explain", str(runs[1].path), "--index", "3", "--method", "grad_cam", "-o", str(tmp_path / "x")]
    assert main([*words, "--json"]) == 0
    document = last_line(capsys)
    assert all(Path(document[key]).is_file() for key in ("picture", "heatmap", "overlay"))
    assert main(words) == 0
    assert "takes test picture 3 (blue) for" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["evaluate", "nowhere"], "There is no folder nowhere"),
        (["explain", "RUN", "--index", "-1", "-o", "x"], "no test picture -1"),
        (["explain", "RUN", "-o", "FILE"], "Cannot make the folder"),
        (["evaluate", "RUN", "--device", "quantum"], "no device 'quantum'"),
    ],
)
def test_mistakes_exit_2_with_one_line(runs, capsys, words, sentence):
    real = {"RUN": str(runs[0].path), "FILE": str(runs[0].path / "recipe.json")}
    assert main([real.get(word, word) for word in words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert sentence in error
    assert error.count("\n") == 1


def test_onnx_of_a_run_is_its_trained_network(runs, capsys, tmp_path, monkeypatch):
    exported = []
    monkeypatch.setattr("resviz.nn.onnx.export", lambda network, path: exported.append((network, path)))
    file = tmp_path / "network.onnx"
    assert main(["onnx", str(runs[1].path), "-o", str(file), "--json"]) == 0
    assert last_line(capsys) == {
        "file": str(file), "checkpoint": "iteration-10", "iteration": 10, "averaged": False,
    }  # fmt: skip
    ((network, path),) = exported
    assert path == file
    expected = load_checkpoint(runs[1].checkpoints_path, "iteration-10").tensors
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, expected[f"model/{name}"])
