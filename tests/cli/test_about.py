import json

from resviz.arch.blocks import CATALOGUE
from resviz.cli import main


def test_pages_for_people_and_scripts(capsys):
    assert main(["about", "basic"]) == 0
    out = capsys.readouterr().out
    assert "y = ReLU(F(x) + s(x))" in out
    assert "arXiv:1512.03385, Fig. 5 left" in out
    assert "9·C_in·C_out" in out
    assert max(map(len, out.splitlines())) <= 100
    assert main(["about", "preact-bottleneck", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert facts["kind"] == "preact_bottleneck"
    assert {cost["name"] for cost in facts["cost"]} >= {"Parameters", "Multiply-adds a picture"}


def test_all_kinds_are_listed_and_a_wrong_one_is_a_mistake(capsys):
    assert main(["about", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"kinds": list(CATALOGUE)}
    assert main(["about"]) == 0
    assert "Bottleneck block" in capsys.readouterr().out
    assert main(["about", "convolve"]) == 2
    assert "no kind of block called 'convolve'" in capsys.readouterr().err
