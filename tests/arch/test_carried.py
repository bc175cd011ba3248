"""An exported module is opened again, and not run for that."""

import pytest
from hypothesis import given, settings

from resviz.arch.carried import architecture_in
from resviz.arch.files import from_json, load, open_architecture
from resviz.arch.presets import preset
from resviz.arch.shapes import infer
from resviz.arch.source import python_source
from resviz.arch.twin import twin
from resviz.errors import FormatError
from tests.arch.documents import THOROUGH, loose_unit
from tests.arch.test_source import CASES, mixed
from tests.strategies import sound_networks

MARK = "# resviz-architecture\n"


def opened(source, tmp_path):
    path = tmp_path / "network.py"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    notes = []
    return load(path, notes), notes


@pytest.mark.parametrize("case", CASES)
def test_an_exported_module_opens_as_the_document_that_it_was(case, tmp_path):
    architecture = CASES[case]()
    assert opened(python_source(architecture), tmp_path) == (architecture, [])


def test_bypassed_blocks_and_what_the_twin_remembers_come_back(tmp_path):
    architecture = twin(loose_unit(channels=32, stride=2, shortcut="B"))
    architecture.set_bypassed("unit.norm1", True)
    assert opened(python_source(architecture), tmp_path) == (architecture, [])


@settings(THOROUGH, max_examples=50)
@given(sound_networks())
def test_any_network_comes_back_through_its_code(architecture):
    data, note = architecture_in(python_source(architecture).encode(), "it")
    assert (from_json(data), note) == (architecture, "")


def test_it_is_named_like_a_file_on_the_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "network.py").write_text(python_source(preset("resnet-8")), encoding="utf-8")
    assert open_architecture("network.py") == preset("resnet-8")
    with pytest.raises(FormatError, match=r"There is no file other\.py"):
        open_architecture("other.py")


@pytest.mark.parametrize(
    "edit",
    [
        lambda source: source.replace("F.relu", "F.gelu"),
        lambda source: "import os\n" + source,
        lambda source: source.replace("self.stem = ", "self.steam = "),
    ],
)
def test_code_changed_by_hand_is_told(edit, tmp_path):
    architecture, notes = opened(edit(python_source(preset("resnet-8"))), tmp_path)
    assert architecture == preset("resnet-8")
    (note,) = notes
    assert note.endswith("was changed by hand: what is opened is the network that it was written from.")


@pytest.mark.parametrize(
    "edit",
    [
        lambda source: source.replace("\n", "\r\n"),
        lambda source: "\ufeff" + source,
        lambda source: source + "\n\nprint('more')\n",
        lambda source: source.rstrip("\n"),
    ],
)
def test_what_editors_do_to_a_file_is_no_change(edit, tmp_path):
    assert opened(edit(python_source(preset("resnet-8"))), tmp_path) == (preset("resnet-8"), [])


def test_it_is_never_run(tmp_path):
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    architecture, notes = opened(trap + python_source(preset("resnet-8")) + trap, tmp_path)
    assert architecture == preset("resnet-8")
    assert notes
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "carries no architecture"),
        ("import torch\n", "carries no architecture"),
        ("(" * 100_000, "carries no architecture"),
        (b"\x00" * 1000, "carries no architecture"),
        (f"\n{MARK}", "carries no architecture"),
        (f"\n{MARK}# a\n# b\n", "carries no architecture"),
        (f"\n{MARK}# a\n# Its SHA-256 (of the lines above): 0\n", "carries no architecture"),
        (f"\n{MARK}# a\n# Its SHA-256 (of the lines above): 0\n# {{}}\n", "is not an architecture"),
        (f"\n{MARK}# a\n# Its SHA-256 (of the lines above): 0\n# {{\n", "is damaged: use a copy of it"),
        (f"\n{MARK}# a\n# Its SHA-256 (of the lines above): 0\n" + f"# {'[' * 100_000}\n", "is not an arch"),
        (python_source(preset("resnet-8"))[:-400], "is damaged: use a copy of it"),
    ],
)
def test_other_python_is_refused_in_one_sentence(source, reason, tmp_path):
    with pytest.raises(FormatError) as caught:
        opened(source, tmp_path)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_carried_is_comments_and_nothing_else():
    source = python_source(mixed())
    carried = source.partition(MARK)[2]
    assert all(line.startswith("# ") for line in carried.splitlines())
    assert infer(mixed()).problems == []
