import contextlib
import json
import os
import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resviz.arch.files import VERSION, from_json, load, open_architecture, save, to_json
from resviz.arch.graph import Architecture, Wire
from resviz.arch.presets import names, preset
from resviz.arch.twin import twin
from resviz.errors import FormatError, PresetError, ResvizError
from tests.arch.documents import THOROUGH, architectures, loose_unit

HEAD = {"format": "resviz-architecture", "version": 1, "name": "x"}


def written(**fields):
    return json.dumps({**HEAD, "blocks": [], **fields}).encode()


@pytest.mark.parametrize("name", names())
def test_presets_and_their_twins_come_back_identical(name, tmp_path):
    for architecture in (preset(name), twin(preset(name))):
        path = save(architecture, tmp_path / "a.json")
        assert load(path) == architecture
        assert to_json(load(path)) == path.read_bytes()
        assert list(load(path).blocks) == architecture.order()


@THOROUGH
@given(architectures())
def test_any_document_comes_back_identical(architecture):
    data = to_json(architecture)
    again = from_json(data)
    assert again == architecture
    assert again.memory() == again.twin_memory
    assert to_json(again) == data
    grouped = any(
        b.spec.group == "Residual units" and b.params.get("groups", 1) > 1
        for b in architecture.blocks.values()
    )
    assert json.loads(data)["version"] == (3 if grouped or again.groups else 1)  # the oldest that can say it


@settings(THOROUGH, max_examples=100)
@given(architectures(), st.randoms(use_true_random=False))
def test_equal_documents_give_identical_bytes(architecture, random):
    other = Architecture(architecture.name)
    blocks, wires = list(architecture.blocks.values()), architecture.wires
    random.shuffle(blocks)
    random.shuffle(wires)
    for block in blocks:
        other.insert(block)
    for wire in wires:
        other.connect(wire)
    other.twin_memory = dict(
        random.sample(list(architecture.twin_memory.items()), len(architecture.twin_memory))
    )
    other.groups = dict(random.sample(list(architecture.groups.items()), len(architecture.groups)))
    assert other == architecture
    assert to_json(other) == to_json(architecture)


def test_equal_numbers_give_identical_bytes():
    a, b = Architecture("x"), Architecture("x")
    a.add("relu", "r", (0, 16))
    b.add("relu", "r", (-0.0, 16.0))
    assert a == b
    assert to_json(a) == to_json(b)


def test_a_later_parameter_is_written_only_where_it_says_something():
    plain = to_json(preset("resnet50"))
    assert b"groups" not in plain
    assert json.loads(plain)["version"] == 1
    grouped = json.loads(to_json(preset("resnext50_32x4d")))
    assert grouped["version"] == 3
    assert [b["params"]["groups"] for b in grouped["blocks"] if b["kind"] == "bottleneck"] == [32] * 16


def test_the_file_is_lines_a_person_can_read():
    lines = to_json(preset("resnet-8")).decode().splitlines()
    assert sum('"kind":"basic"' in line for line in lines) == 3
    assert max(map(len, lines)) < 200


def test_a_newer_version_is_refused_whatever_it_holds():
    newer = VERSION + 1
    with pytest.raises(FormatError, match=rf"newer resviz \(format version {newer}.*update resviz"):
        from_json(json.dumps({**HEAD, "version": newer, "layers": {}}))


def test_a_byte_order_mark_is_no_damage():
    assert from_json(b"\xef\xbb\xbf" + to_json(preset("resnet-8"))) == preset("resnet-8")


def unit(block_id="a", kind="relu", **fields):
    return {"id": block_id, "kind": kind, **fields}


def defined(*blocks, end="a", **fields):
    return {"blocks": list(blocks) or [unit()], "entries": [["a", "in"]], "exit": end, **fields}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\x00" * 50, "is no file of resviz: choose a network saved by it"),
        (b"\xff\xfe{}", "is no file of resviz"),
        (b'{"format": "resviz-arch', "is damaged"),
        (b"[]", "not an architecture of resviz: choose another file"),
        (b"null", "not an architecture of resviz"),
        (b'"resviz-architecture"', "not an architecture of resviz"),
        (b"{}", "not an architecture of resviz"),
        (b'{"format": "resviz-run", "version": 1}', "not an architecture of resviz, but says 'resviz-run'"),
        (b'{"format": "resviz-architecture"}', "not an architecture of resviz"),
        (b'{"format": "resviz-architecture", "version": "1"}', "not an architecture of resviz"),
        (b'{"format": "resviz-architecture", "version": 0}', "impossible format version"),
        (b'{"format": "resviz-architecture", "version": 1}', "the field name is missing"),
        (written(blocks={}), "the value of blocks cannot be used"),
        (written(name=3), "the value of name cannot be used"),
        (written(blocks=[unit(kind="rellu")]), "no kind of block called 'rellu'. Did you mean 'relu'"),
        (written(blocks=[unit(kind="q" * 100_000)]), "no kind of block called"),
        (written(blocks=[unit(), unit()]), "already a block called 'a'"),
        (written(blocks=[unit("")]), "needs a name"),
        (written(blocks=[unit("a\n")]), "cannot be called"),
        (written(blocks=[unit(colour="red")]), "the field colour of blocks[0] is not known to resviz"),
        (written(blocks=[unit(params={"x": 1})]), "no parameter 'x'"),
        (written(blocks=[unit("a", "conv", params={"stride": 0})]), "conv.stride must be from 1 to 16"),
        (written(blocks=[unit("a", "conv", params={"stride": None})]), "cannot be used"),
        (written(blocks=[unit("a", "conv", params={"stride": [1]})]), "cannot be used"),
        (written(blocks=[unit("a", "conv", params={"stride": float("nan")})]), "is damaged: use a copy"),
        (written(blocks=[unit(position=[float("inf"), 0])]), "is damaged: use a copy"),
        (written(blocks=[unit(position=[1])]), "damaged"),
        (written(blocks=[unit()], wires=[{"source": "a", "target": "b"}]), "no block called 'b'"),
        (written(blocks=[unit()], wires=[{"source": "a", "target": "a"}]), "close a circle"),
        (
            written(
                blocks=[unit("a"), unit("b")],
                wires=[{"source": "a", "target": "b"}, {"source": "b", "target": "a"}],
            ),
            "close a circle",
        ),
        (
            written(blocks=[unit(), unit("b")], wires=[{"source": "a", "target": "b", "target_port": "l"}]),
            "no input 'l'",
        ),
        (written(blocks=[unit()], twin_memory={"a": "B"}), "Twin memory names 'a'"),
        (written(blocks=[unit("a", "basic")], twin_memory={"a": "Z"}), "Twin memory says 'Z'"),
        (written(groups={"g": {"members": []}}), "Group 'g' has no blocks"),
        (written(groups={"g": {"members": ["a"]}}), "Group 'g' names 'a', which is no block"),
        (written(blocks=[unit()], groups={"g": {"members": ["a", "a"]}}), "'a' is named by a group again"),
        (written(blocks=[unit()], groups={key: {"members": ["a"]} for key in "gh"}), "one is enough"),
        (written(blocks=[unit()], groups={"": {"members": ["a"]}}), "A group cannot be called ''"),
        (written(blocks=[unit()], groups={"q" * 1000: {"members": ["a"]}}), "A group cannot be called"),
        (written(blocks=[unit()], groups={"g": {"members": ["a"], "definition": "d"}}), "is not defined"),
        (written(blocks=[unit()], groups={"g": {"members": ["a"], "folded": 1}}), "cannot be used"),
        (written(groups=[]), "the value of groups cannot be used"),
        (written(definitions={"d": {}}), "the field blocks of definitions[...] is missing"),
        (written(definitions={"d": defined(end="b")}), "ends at 'b', which is no block"),
        (written(definitions={"d": defined(entries=[["a", "shortcut"]])}), "begins at a.shortcut"),
        (written(definitions={"d": defined(entries=[["a", "in"], ["a", "in"]])}), "begins twice"),
        (written(definitions={"d": defined(unit("a", "input"))}), "an end of a network"),
        (written(definitions={"d": defined(doc="two\nlines")}), "more than a line"),
        (written(definitions={"d": defined(twin_memory={"a": "B"})}), "no blocks with shortcuts"),
        (written(definitions={"a\u0000": defined()}), "A definition cannot be called"),
        (b"[" * 100_000, "not an architecture of resviz"),
        (written()[:-1] + b', "wires": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"format": "resviz-architecture", "version": ' + b"9" * 10_000 + b"}", "not an architecture"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_one_sentence(data, reason):
    with pytest.raises(FormatError) as caught:
        from_json(data, "network.json")
    message = str(caught.value)
    assert reason in message
    assert message.startswith("network.json ")
    assert message[-1] in ".?"
    assert "\n" not in message
    assert len(message) < 450


def assert_read_or_refused(data):
    """What `from_json` makes of damaged data is a sound document, or else a FormatError and nothing else."""
    architecture = None
    with contextlib.suppress(FormatError):
        architecture = from_json(data)
    if architecture is not None:
        assert from_json(to_json(architecture)) == architecture


def test_every_truncation_of_a_file_is_a_format_error():
    data = to_json(twin(loose_unit(channels=32, shortcut="B")))
    for length in range(len(data.rstrip())):
        with pytest.raises(FormatError):
            from_json(data[:length])


@settings(THOROUGH, max_examples=500)
@given(st.data())
def test_flipped_bytes_are_a_format_error_or_another_document(data):
    original = bytearray(to_json(loose_unit(shortcut="B", channels=32)))
    for _ in range(data.draw(st.integers(1, 3))):
        original[data.draw(st.integers(0, len(original) - 1))] = data.draw(st.integers(0, 255))
    assert_read_or_refused(bytes(original))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["relu", "add", "none", "A", "input", "stem", "out", "in", "resviz-architecture"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "kind", "params", "position", "source", "target", "stride", ""]), inner,
        max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip


def _places(tree, path=()):
    yield path
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield from _places(value, (*path, key))


@settings(THOROUGH, max_examples=500)
@given(st.data())
def test_any_json_in_any_place_is_a_format_error_or_another_document(data):
    tree = json.loads(to_json(loose_unit()))
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from([p for p in _places(tree) if p]))
        parent = tree
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = data.draw(json_values)
    assert_read_or_refused(json.dumps(tree))


@settings(THOROUGH, max_examples=200)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_format_error(data):
    with pytest.raises(FormatError):
        from_json(data)


def test_a_large_file_in_any_order_is_read_quickly():
    tree = json.loads(to_json(preset("resnet-1202")))
    tree["wires"].reverse()
    tree["blocks"].reverse()
    assert from_json(json.dumps(tree)) == preset("resnet-1202")


def test_a_name_that_no_file_can_hold():
    with pytest.raises(FormatError, match="choose another name"):
        to_json(Architecture("\ud800"))


def test_save_leaves_the_old_file_when_it_fails(tmp_path, monkeypatch):
    path = save(preset("resnet-8"), tmp_path / "a.json")
    before = path.read_bytes()

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(ResvizError, match="The disk is full"):
        save(preset("resnet-20"), path)
    assert path.read_bytes() == before
    assert [child.name for child in tmp_path.iterdir()] == ["a.json"]


def test_save_into_a_missing_folder(tmp_path):
    with pytest.raises(ResvizError, match="choose another folder"):
        save(preset("resnet-8"), tmp_path / "nowhere" / "a.json")


@pytest.mark.parametrize("path", ["nowhere.json", "folder", "folder/deeper.json", "\0", "x" * 5000])
def test_load_of_what_is_not_there(path, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(FormatError) as caught:
        load(str(tmp_path / path) if path != "\0" else path)
    assert "Traceback" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="a device file of Unix")
def test_load_does_not_read_devices():
    with pytest.raises(FormatError, match="is not a file"):
        load("/dev/zero")


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may read everything")
def test_load_of_an_unreadable_file(tmp_path):
    path = save(preset("resnet-8"), tmp_path / "a.json")
    path.chmod(stat.S_IWUSR)
    with pytest.raises(FormatError, match="permissions"):
        load(path)


def test_load_from_a_run_folder(tmp_path):
    save(preset("resnet-8"), tmp_path / "architecture.json")
    assert load(tmp_path) == preset("resnet-8")


def test_open_architecture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert open_architecture("resnet-20") == preset("resnet-20")
    save(preset("resnet-8"), "mine")
    assert open_architecture("mine") == preset("resnet-8")
    assert open_architecture(str(Path("mine").resolve())) == preset("resnet-8")
    with pytest.raises(PresetError, match="nearest are resnet-20"):
        open_architecture("resnet-21")
    with pytest.raises(FormatError, match=r"There is no file resnet-21.json"):
        open_architecture("resnet-21.json")
    for text in ("", "\0", "y" * 5000):
        with pytest.raises(PresetError):
            open_architecture(text)


def test_parameters_left_out_take_their_defaults():
    data = written(blocks=[unit("a"), unit("b", "conv")], wires=[{"source": "a", "target": "b"}])
    architecture = from_json(data)
    assert architecture["b"].params["kernel_size"] == 3
    assert architecture.wires == [Wire("a", "b")]
    assert msgspec.json.decode(to_json(architecture))["blocks"][1]["params"]["kernel_size"] == 3


def test_the_wire_that_goes_back_is_the_one_that_closes_a_circle():
    document = json.loads(to_json(preset("resnet-20")))
    document["wires"].append({"source": "stage2.block1", "target": "stage1.block1", "target_port": "in"})
    document["wires"] = [
        w for w in document["wires"] if (w["source"], w["target"]) != ("stem", "stage1.block1")
    ]
    with pytest.raises(FormatError, match=r"from 'stage2\.block1' to 'stage1\.block1' would close a circle"):
        from_json(json.dumps(document))
