import json

import pytest

from resviz.arch.files import load, save
from resviz.arch.presets import preset
from resviz.arch.shapes import infer
from resviz.cli import main
from tests.arch.documents import chain, loose_unit


@pytest.fixture
def run(capsys):
    def call(*words):
        code = main(list(words))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_problems_are_mended_into_a_new_file(run, tmp_path):
    broken = save(loose_unit(channels=32, stride=2), tmp_path / "broken.json")
    before = broken.read_bytes()
    file = tmp_path / "mended.json"
    code, out, err = run("mend", str(broken), "-o", str(file), "--json")
    assert (code, err) == (0, "")
    assert json.loads(out.splitlines()[-1]) == {
        "file": str(file),
        "name": "loose",
        "done": [
            "Put a zero-padding shortcut with 32 channels and stride 2 on the wire from stem to unit.add."
        ],
        "problems": [],
    }
    assert broken.read_bytes() == before
    assert not infer(load(file)).problems
    assert "Put a zero-padding" in run("mend", str(broken), "-o", str(file))[1]


def test_what_only_a_person_can_mend_is_said_and_left(run, tmp_path):
    hopeless = chain("input", "flatten", "linear", ("conv", "late", {}), "output")
    broken, file = save(hopeless, tmp_path / "broken.json"), tmp_path / "mended.json"
    code, out, _ = run("mend", str(broken), "-o", str(file), "--json")
    (left,) = json.loads(out.splitlines()[-1])["problems"]
    assert (code, left["block"]) == (1, "late")
    assert "left: late: Convolution: needs a map" in run("mend", str(broken), "-o", str(file))[1]


def test_nothing_is_deleted_unless_it_is_wanted(run, tmp_path):
    loose = loose_unit()
    loose.add("relu", "spare")
    broken, file = save(loose, tmp_path / "broken.json"), tmp_path / "mended.json"
    assert run("mend", str(broken), "-o", str(file))[0] == 1
    assert "spare" in load(file)
    code, out, _ = run("mend", str(broken), "-o", str(file), "--delete", "--json")
    assert (code, json.loads(out)["done"]) == (0, ["Delete spare."])
    assert load(file) == loose_unit()


def test_a_sound_network_comes_out_as_it_went_in(run, tmp_path):
    code, out, _ = run("mend", "resnet-20", "-o", str(tmp_path / "same.json"), "--json")
    assert (code, json.loads(out)["done"]) == (0, [])
    assert load(tmp_path / "same.json") == preset("resnet-20")
