import subprocess
import sys
from pathlib import Path

import pytest

from app import startup
from app.running import open_named
from app.theme import theme
from app.window import MainWindow
from resviz.arch import files
from resviz.arch.presets import preset

MAIN = Path(__file__).resolve().parents[2] / "main.py"


def test_missing_package_is_one_sentence_with_the_command(monkeypatch, capsys):
    monkeypatch.setattr(startup, "PACKAGES", ("PySide6", "no_such_package"))
    assert startup.main(["main.py"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "no_such_package" in err
    assert "pip install -e ." in err
    assert "PySide6," not in err


linux_only = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="libraries and screens are looked up on Linux only"
)


@linux_only
def test_missing_library_names_the_apt_line(monkeypatch):
    monkeypatch.setattr(startup, "LIBRARIES", ("libnosuchthing.so.1",))
    sentence = startup.obstacle()
    assert sentence is not None
    assert "libnosuchthing.so.1" in sentence
    assert startup.APT_LINE in sentence
    assert startup.APT_LINE in (MAIN.parent / "README.md").read_text(encoding="utf-8")


@linux_only
def test_without_a_screen_the_demo_is_offered(monkeypatch):
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    answer = subprocess.run(
        [sys.executable, str(MAIN)], capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert "python -m resviz demo" in answer.stderr


def test_old_python_is_told_so(monkeypatch):
    monkeypatch.setattr(startup.sys, "version_info", (3, 9, 2))
    assert "Python 3.11 to 3.13" in (startup.obstacle() or "")


def test_nothing_in_the_way_here():
    assert startup.obstacle() is None


OPEN_A_WINDOW = """
import sys
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from app.window import MainWindow

application = QApplication([])
window = MainWindow()
window.show()
QTest.qWait(500)
window.close()
print(sorted({"torch", "torchvision", "captum"} & set(sys.modules)))
"""


def test_the_windows_process_imports_no_torch():
    answer = subprocess.run(
        [sys.executable, "-c", OPEN_A_WINDOW],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=MAIN.parent,
        check=True,
    )
    assert answer.stdout.strip() == "[]"


def test_the_files_that_are_named_come_side_by_side(qtbot, qapp, tmp_path):
    theme().apply(qapp)
    window = MainWindow()
    qtbot.addWidget(window)
    paths = [files.save(preset(name), tmp_path / f"{name}.json") for name in ("plain-8-w4", "resnet-8-w4")]
    open_named(window, [*map(str, paths), "resnet-14-w4", str(tmp_path / "none.json")])
    window.show()
    qtbot.waitUntil(lambda: [d.path for d in window.workspace.documents] == paths, timeout=5000)
    left, right = window.workspace.groups
    assert window.workspace.active is left.pane
    assert [document.name for document in left.documents] == ["plain-8-w4", "resnet-14-w4"]
    assert right.documents == [right.current], "the start's networks gave way"
    assert "none.json" in window.status
    window.close()


def test_help_says_what_can_be_named(capsys):
    assert startup.main(["main.py", "--help"]) == 0
    assert "python main.py [FILE" in capsys.readouterr().out
