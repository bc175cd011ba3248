"""What is not saved outlives the window, whatever becomes of it: a child process is really killed."""

import itertools
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from app import autosave
from app.autosave import AutoSave
from app.document import Document
from app.editor.edits import Edits
from app.filing import Filing
from app.leftovers import find_leftovers
from app.theme import theme
from app.workspace import Workspace
from resviz.arch import files
from resviz.arch.presets import preset
from tests.app.lab.tiny import twins

EDITOR = """
import itertools, os, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from app.overrides import make_errors_whole
make_errors_whole()
from app.editor.edits import Edits
from app.workspace import Workspace
from resviz.arch.presets import preset
application = QApplication([])
workspace = Workspace((preset("resnet-8-w4"), preset("resnet-1202")))
workspace.show()
numbers = itertools.count()
def edit():
    number = next(numbers)
    workspace.panes[number % 2].edits.rename_architecture(f"edit-{number}")
    os.write(1, f"{number} {time.monotonic()}\\n".encode())
timer = QTimer()
timer.timeout.connect(edit)
timer.start(30)
application.exec()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_kill_loses_at_most_the_last_two_seconds(tmp_path):
    chance = random.Random(5)
    for _ in range(2):
        made = []
        with subprocess.Popen([sys.executable, "-c", EDITOR], stdout=subprocess.PIPE) as child:
            begun, lasts = None, chance.uniform(2.2, 3.2)
            for line in child.stdout:
                number, at = line.split()
                made.append((int(number), float(at)))
                begun = begun or made[0][1]
                if made[-1][1] > begun + lasts:
                    break
            child.send_signal(signal.SIGKILL)
            killed = time.monotonic()
        # A machine with too much to do delays edits too.
        held_up = max(after - before for (_, before), (_, after) in itertools.pairwise(made))
        old = [number for number, at in made if at < killed - 2 - held_up]
        [leftover] = find_leftovers()
        assert len(leftover.names) == 2
        kept = [int(name.removeprefix("edit-")) for name in leftover.names]
        assert all(kept[pane] >= max(n for n in old if n % 2 == pane) for pane in (0, 1))
        assert [each.base.name for each in leftover.documents] == ["resnet-8-w4", "resnet-1202"]
        leftover.discard()


@pytest.fixture
def workspace(qtbot, qapp):
    theme().apply(qapp)
    made = Workspace(twins())
    qtbot.addWidget(made)
    yield made
    made.autosave.close(keep=False)


def edit(document, name):
    Edits(document).rename_architecture(name)


def kept_names():
    """Return what a kill would leave now."""
    root = autosave.autosave_root()
    return sorted(
        files.load(path).name
        for path in root.glob("*/*.json")
        if path.name[0].isdigit() and "base" not in path.name
    )


def test_steady_editing_does_not_put_it_off(workspace, qtbot, monkeypatch):
    monkeypatch.setattr(autosave, "_PATIENCE_MS", 60)
    document = workspace.documents[0]
    edit(document, "first")
    timer = workspace.autosave._timer
    due = timer.remainingTime()
    for number in range(5):
        edit(document, f"edit-{number}")
        assert timer.remainingTime() <= due
    qtbot.waitUntil(lambda: kept_names() == ["edit-4"], timeout=5000)


def test_a_slow_disk_never_holds_the_window_up(workspace, qtbot, monkeypatch):
    monkeypatch.setattr(autosave, "_PATIENCE_MS", 1)
    gate, written = threading.Event(), []

    def slow(path, data):
        gate.wait(10)
        written.append((path.name, data))

    monkeypatch.setattr(autosave, "write_atomically", slow)
    edit(workspace.documents[0], "one")
    qtbot.waitUntil(lambda: workspace.autosave._writer is not None, timeout=5000)
    edit(workspace.documents[0], "two")
    qtbot.wait(5)
    assert written == []
    gate.set()
    qtbot.waitUntil(lambda: any(b'"two"' in data for _, data in written), timeout=5000)


def test_a_full_disk_is_tried_again(workspace, qtbot, monkeypatch):
    monkeypatch.setattr(autosave, "_PATIENCE_MS", 1)
    real, calls = autosave.write_atomically, []

    def full(path, data):
        calls.append(path)
        if len(calls) == 1:
            raise OSError("no room")
        return real(path, data)

    monkeypatch.setattr(autosave, "write_atomically", full)
    edit(workspace.documents[1], "one")
    qtbot.waitUntil(lambda: kept_names() == ["one"], timeout=5000)
    assert len(calls) > 1


def test_saved_documents_are_not_offered(workspace, tmp_path):
    document = workspace.documents[0]
    edit(document, "mine")
    workspace.autosave.save()
    folder = next(autosave.autosave_root().iterdir())
    assert (folder / "documents.json").exists()
    document.save(tmp_path / "mine.json")
    workspace.autosave.save()
    assert not (folder / "documents.json").exists()
    workspace.autosave.close()
    assert not folder.exists()


def test_all_tabs_come_back_with_files_names_and_undo(workspace, qtbot, tmp_path):
    filing = Filing(workspace)
    for name in ("a", "b", "c"):
        filing.open_file(str(files.save(preset("resnet-14-w4"), tmp_path / f"{name}.json")))
    edit(workspace.documents[0], "changed c")
    workspace.new_from_preset("plain-20-w4")
    edit(workspace.documents[0], "changed plain")
    workspace.groups[0].step(-2)  # "b" is in front
    edit(workspace.documents[1], "changed right")
    workspace.autosave.close()  # as after a kill: nothing was asked
    (tmp_path / "c.json").unlink()

    second = Workspace(twins())
    qtbot.addWidget(second)
    filing = Filing(second)
    [leftover] = find_leftovers()
    assert leftover.names == ["changed c", "changed plain", "changed right"]
    filing.restore(leftover)
    left, right = second.groups
    assert [left.strip.tabText(index) for index in range(4)] == [
        "a.json",
        "b.json",
        "c.json",
        "changed plain",
    ]
    assert [document.modified for document in left.documents] == [False, False, True, True]
    assert left.current.path == tmp_path / "b.json"
    assert right.documents[0].name == "changed right"
    assert right.strip.isHidden(), "the untouched preset gave way"
    left.show_document(left.documents[3])
    left.pane.undo()
    assert (left.current.name, left.current.modified) == ("plain-20-w4", False)
    assert left.documents[2].path == tmp_path / "c.json"
    assert not left.documents[2].undo_stack.canUndo(), "its file is gone: there is nothing to go back to"
    assert find_leftovers() == [], "what is open again is not offered again"
    second.autosave.close()
    [leftover] = find_leftovers()
    assert leftover.names == ["changed c", "changed right"], "but kept by this window"


def test_damaged_leftovers_are_passed_over(own_home):
    root = autosave.autosave_root()
    for name, data in (
        ("1-1", b"{"),
        ("1-2", b'[{"pane": 0, "changed": "../../x.json"}]'),
        ("1-3", b'[{"pane": "left"}]'),
        ("1-4", b"\xff"),
    ):
        (root / name).mkdir(parents=True)
        (root / name / "documents.json").write_bytes(data)
    assert find_leftovers() == []
    assert list(root.iterdir()) == [], "they are removed"


def test_a_thousand_blocks_are_put_into_bytes_in_an_instant(qapp):
    keeper, document = AutoSave(), Document(preset("resnet-1202"))
    keeper.set_documents([[document]], [document])
    edit(document, "mine")
    begun = time.process_time()
    assert keeper._work() is not None
    assert time.process_time() - begun < 0.1
    keeper._timer.stop()
    document.deleteLater()
    keeper.deleteLater()
