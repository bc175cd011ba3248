import json
import os
import subprocess
import sys

import pytest

from resviz.arch.cost import cost_of
from resviz.arch.files import load, save
from resviz.arch.presets import names, preset
from resviz.arch.twin import twin
from resviz.cli import main
from tests.arch.documents import loose_unit


@pytest.fixture
def run(capsys):
    def call(*words):
        code = main(list(words))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def last_json(out):
    return json.loads(out.splitlines()[-1])


def test_presets(run):
    code, out, _ = run("presets", "--json")
    assert (code, last_json(out)) == (0, {"presets": names()})
    assert run("presets")[1].split() == names()


@pytest.mark.parametrize(
    ("name", "counts", "size", "classes"),
    [
        ("resnet-20", (269_722, 40_551_040, 14), 32, 10),
        ("plain-1202", (19_421_274, 2_829_238_912, 605), 32, 10),
        ("resnet-50", (25_557_032, 3_857_973_248, 22), 224, 1000),
        ("resnet-50-v1.5", (25_557_032, 4_089_184_256, 22), 224, 1000),
    ],
)
def test_info_as_json(run, name, counts, size, classes):
    parameters, multiply_adds, blocks = counts
    code, out, err = run("info", name, "--json")
    assert (code, err) == (0, "")
    document = last_json(out)
    memory = document.pop("training_memory")
    assert memory["batch_size"] == 128
    assert memory["bfloat16"] < memory["float32"] < 24 * 2**30
    assert memory["bfloat16_checkpointing"] < memory["float32_checkpointing"] < 0.8 * memory["float32"]
    assert document == {
        "name": name,
        "depth": int(name.split("-")[1]),
        "blocks": blocks,
        "parameters": parameters,
        "multiply_adds": multiply_adds,
        "input_shape": [3, size, size],
        "output_shape": [classes],
        "problems": [],
    }


def test_info_for_a_person(run):
    _, out, _ = run("info", "resnet-20")
    assert "269,722" in out
    assert "40.55 M" in out
    assert "stage2" in out
    assert "MiB of memory at a batch of 128" in out
    assert "residual" in out
    assert "plain" in run("info", "plain-20")[1]


def test_info_of_a_broken_file(run, tmp_path):
    path = save(loose_unit(channels=32), tmp_path / "broken.json")
    code, out, err = run("info", str(path), "--json")
    assert (code, err) == (1, "")
    (problem,) = last_json(out)["problems"]
    assert set(problem) == {"block", "message", "mend"}
    assert problem["block"] == "unit.add"
    assert problem["message"] == "Add: 16 and 32 channels cannot be added."
    assert problem["mend"].startswith("Use shortcut A or B on unit")
    assert last_json(out)["output_shape"] is None
    assert last_json(out)["parameters"] is last_json(out)["multiply_adds"] is None
    assert last_json(out)["training_memory"] is None
    out = run("info", str(path))[1]
    assert "Use shortcut A or B" in out
    assert out.endswith(f"1 of 1 can be mended: python -m resviz mend {path} -o FILE\n")


def test_info_of_a_cut_network_keeps_its_stages_in_order(run, tmp_path):
    cut = preset("resnet-20")
    for block_id in ("stage2.block1", "stage3.block1"):
        cut.disconnect(cut.incoming(block_id)["in"])
    _, out, _ = run("info", str(save(cut, tmp_path / "cut.json")))
    assert out.count("unknown until the problems are mended") == 5
    stages = [line.split()[0] for line in out.partition("stage  ")[2].splitlines()[1:9]]
    assert stages[:8] == ["input", "stem", "stage1", "stage2", "stage3", "pool", "classifier", "output"]


def test_info_of_an_empty_network(run, tmp_path):
    path = tmp_path / "empty.json"
    path.write_text('{"format": "resviz-architecture", "version": 1, "name": "empty", "blocks": []}')
    code, out, _ = run("info", str(path), "--json")
    assert (code, last_json(out)["blocks"], last_json(out)["depth"]) == (1, 0, 0)
    assert run("info", str(path))[0] == 1


def test_new_and_twin(run, tmp_path):
    file = tmp_path / "mine.json"
    code, out, _ = run("new", "resnet-20-B", "-o", str(file), "--json")
    assert (code, last_json(out)) == (0, {"file": str(file), "name": "resnet-20-B"})
    assert load(file) == preset("resnet-20-B")
    other = tmp_path / "twin.json"
    code, out, _ = run("twin", str(file), "-o", str(other), "--json")
    assert (code, last_json(out)) == (0, {"file": str(other), "name": "plain-20"})
    assert load(other) == twin(preset("resnet-20-B"))
    back = tmp_path / "back.json"
    assert run("twin", str(other), "-o", str(back))[0] == 0
    assert back.read_bytes() == file.read_bytes()


def test_code(run, tmp_path):
    file = tmp_path / "network.py"
    code, out, _ = run("code", "resnet-20", "-o", str(file), "--json")
    assert (code, last_json(out)) == (0, {"file": str(file), "class": "ResNet20"})
    assert "class ResNet20(nn.Module):" in file.read_text()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("info", "resnet-21"),
            "error: resnet-21: depth must be 6n+2; the nearest are resnet-20 and resnet-26.",
        ),
        (("info", "resnt-20"), "did you mean 'resnet-20'?"),
        (("info", "nowhere.json"), "error: There is no file nowhere.json"),
        (("new", "resnet-20", "-o", "nowhere/mine.json"), "choose another folder"),
        (("info", "."), "error: The folder . holds no architecture.json: choose a file or a run."),
        (("info", "net.onnx"), "net.onnx: ONNX carries no architecture of resviz, open the .json, .py or "),
        (("info", "net.pdf"), "net.pdf: a PDF carries no network, open the .json, or save"),
        (("info",), "the following arguments are required: ARCH"),
        (("new", "resnet-20"), "required: -o/--output"),
    ],
)
def test_a_mistake_exits_2_with_one_line(words, sentence, tmp_path):
    for name in ("net.onnx", "net.pdf"):
        (tmp_path / name).write_bytes(b"\x08\x08")
    done = subprocess.run(
        [sys.executable, "-m", "resviz", *words], check=False, capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ")
    assert sentence in done.stderr


def test_a_file_that_is_replaced_is_said_and_the_one_that_is_read_is_not(run, tmp_path):
    file, other = tmp_path / "a.json", tmp_path / "b.json"
    assert run("new", "resnet-20", "-o", str(file))[2] == ""
    assert run("twin", str(file), "-o", str(other))[2] == ""
    assert run("twin", str(file), "-o", str(other))[::2] == (0, f"note: replaced {other}\n")
    before = file.read_bytes()
    for command in ("new", "twin", "mend", "code", "onnx"):
        code, out, err = run(command, str(file), "-o", str(tmp_path / "." / "a.json"))
        assert (code, out) == (2, "")
        assert "a.json is the file that is read: choose another, or add --force to replace it." in err
    assert file.read_bytes() == before
    assert run("twin", str(file), "-o", str(file), "--force")[::2] == (0, f"note: replaced {file}\n")
    assert load(file) == load(other)


def test_a_truncated_file_is_one_sentence(run, tmp_path):
    file = tmp_path / "torn.json"
    file.write_bytes(save(preset("resnet-8"), tmp_path / "whole.json").read_bytes()[:300])
    code, out, err = run("info", str(file), "--json")
    assert (code, out) == (2, "")
    assert "torn.json is damaged: use a copy of it." in err
    assert err.count("\n") == 1


def test_code_of_a_broken_network(run, tmp_path):
    path = save(loose_unit(channels=32), tmp_path / "broken.json")
    code, _, err = run("code", str(path), "-o", str(tmp_path / "b.py"))
    assert code == 2
    assert "Use shortcut A or B" in err
    assert not (tmp_path / "b.py").exists()


def test_info_of_1202_layers_needs_half_a_second_and_no_torch():
    script = (
        "import sys; from resviz.cli import main; code = main(['info', 'resnet-1202', '--json']); "
        "print(sorted({'torch', 'numpy', 'PySide6'} & set(sys.modules))); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    facts, modules = done.stdout.splitlines()
    assert json.loads(facts)["parameters"] == cost_of(preset("resnet-1202")).total.parameters == 19_421_274
    assert modules == "[]"
    best = float("inf")
    for _ in range(3):  # of the processor, the best of three: a busy machine says nothing about the program
        begin = os.times()
        subprocess.run(
            [sys.executable, "-m", "resviz", "info", "resnet-1202", "--json"], check=True, capture_output=True
        )
        end = os.times()
        spent = end.children_user + end.children_system - begin.children_user - begin.children_system
        best = min(best, spent)
    assert best < 0.5, f"{best:.2f} s"


def test_onnx(run, tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    file = tmp_path / "network.onnx"
    code, out, _ = run("onnx", "plain-8-w4", "-o", str(file), "--json")
    assert (code, last_json(out)) == (0, {"file": str(file)})
    assert file.stat().st_size > 4 * cost_of(preset("plain-8-w4")).total.parameters
