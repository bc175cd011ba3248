"""Code and ONNX files of the network in use."""

import pytest

from app.theme import theme
from resviz.arch.files import load
from tests.app.test_filing import Small


@pytest.fixture
def small(qtbot, qapp):
    theme().apply(qapp)
    made = Small()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def exporting(small):
    return small.filing.exporting


def test_code_is_written_and_opened_again(small, exporting, tmp_path):
    document = small.workspace.active.document
    exporting.write_code(document, tmp_path / "mine")
    path = tmp_path / "mine.py"
    assert small.told.pop().startswith(f"Saved {path}: it needs only torch")
    assert load(path) == document.architecture
    small.filing.open_file(str(path))
    opened = small.workspace.active.document
    assert opened is not document
    assert (opened.architecture, opened.path) == (document.architecture, None)
    assert small.told.pop() == "Opened mine.py."


def test_code_that_was_changed_by_hand_is_told(small, exporting, tmp_path):
    path = tmp_path / "mine.py"
    exporting.write_code(small.workspace.active.document, path)
    path.write_text(path.read_text(encoding="utf-8").replace("F.relu", "F.gelu"), encoding="utf-8")
    small.filing.open_file(str(path))
    assert "was changed by hand" in small.told.pop()


@pytest.mark.parametrize(("action", "words"), [("code", "as code"), ("onnx", "as ONNX")])
def test_a_network_with_problems_is_refused_before_a_file_is_asked_for(
    small,
    exporting,
    action,
    words,
):
    document = small.workspace.active.document
    document.disconnect_wire(document.architecture.wires[0])
    getattr(exporting, action)()
    assert f"cannot be written {words} yet. " in small.failed.pop()


def test_a_folder_that_is_not_there_is_told(small, exporting, tmp_path):
    exporting.write_code(small.workspace.active.document, tmp_path / "nowhere" / "mine.py")
    assert "choose another folder" in small.failed.pop()


def test_onnx_is_written_by_a_child_that_tells_how_it_went(
    small,
    exporting,
    tmp_path,
    qtbot,
    monkeypatch,
):
    monkeypatch.setattr("app.exporting.PROGRAM", ("-c", "import sys; sys.exit('error: no room.')"))
    exporting.write_onnx(small.workspace.active.document, tmp_path / "mine")
    assert exporting.busy
    assert small.asked.pop()[0] == "Writing mine.onnx …"
    exporting.onnx()
    assert small.failed.pop() == "Still writing mine.onnx: wait for it, or cancel it."
    with qtbot.waitSignal(small.filing.failed, timeout=10_000):
        pass
    assert small.failed.pop() == "no room."
    monkeypatch.setattr("app.exporting.PROGRAM", ("-c", "import sys; open(sys.argv[4], 'w').close()"))
    with qtbot.waitSignal(
        small.filing.asked, timeout=10_000, check_params_cb=lambda text, *_: text.startswith("Saved")
    ):
        exporting.write_onnx(small.workspace.active.document, tmp_path / "mine")
    assert (tmp_path / "mine.onnx").exists()


def test_onnx_can_be_cancelled(small, exporting, tmp_path, monkeypatch):
    monkeypatch.setattr("app.exporting.PROGRAM", ("-c", "import threading; threading.Event().wait()"))
    exporting.write_onnx(small.workspace.active.document, tmp_path / "mine")
    (_, answers) = small.asked.pop()
    answers["Cancel"]()
    assert small.told.pop() == "Cancelled: mine.onnx is not written."
    assert not exporting.busy
