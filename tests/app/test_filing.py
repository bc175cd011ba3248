"""Files of documents: recent ones, ones that other programs change, ones that only carry a network."""

import pytest
from PySide6.QtCore import QFile
from PySide6.QtWidgets import QMainWindow

from app.canvas.picture import save_network
from app.editor.edits import Edits
from app.filing import Filing
from app.recent import RecentMenu
from app.theme import theme
from app.workspace import Workspace
from resviz.arch import files
from resviz.arch.presets import preset
from resviz.errors import ResvizError
from resviz.runs.store import create_experiment
from tests.app.lab.tiny import recipe, twins


class Small(QMainWindow):
    """The part of a window that holds documents; what is told and asked is kept."""

    def __init__(self):
        super().__init__()
        self.workspace = Workspace(twins())
        self.filing = Filing(self.workspace)
        self.setCentralWidget(self.workspace)
        self.told, self.failed, self.asked = [], [], []
        self.filing.told.connect(self.told.append)
        self.filing.failed.connect(self.failed.append)
        self.filing.asked.connect(lambda text, answers, _before: self.asked.append((text, dict(answers))))


@pytest.fixture
def small(qtbot, qapp):
    theme().apply(qapp)
    made = Small()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def mine(small, tmp_path):
    """Return an open file and its document."""
    path = files.save(preset("resnet-14-w4"), tmp_path / "mine.json")
    small.filing.open_file(str(path))
    return path, small.workspace.active.document


def names(menu):
    menu.fill()
    return [action.text().partition("   ")[0] for action in menu.actions() if not action.isSeparator()][:-2]


def test_the_files_used_last_are_offered_those_that_are_gone_grey(small, tmp_path):
    menu = RecentMenu(small.filing.recent)
    menu.fill()
    assert [action.isEnabled() for action in menu.actions()] == [False], "it says that there are none"
    paths = [files.save(preset("plain-8-w4"), tmp_path / f"{number}.json") for number in range(14)]
    for path in (*paths, paths[5]):
        small.filing.open_file(str(path))
    small.filing.save_to(small.workspace.active.document, tmp_path / "a & b.json")
    assert names(menu) == [
        "a && b.json",
        "5.json",
        *(f"{n}.json" for n in (13, 12, 11, 10, 9, 8, 7, 6, 4, 3)),
    ]
    again = Filing(small.workspace).recent
    assert again.paths == small.filing.recent.paths, "the next window knows them too"
    QFile.remove(str(paths[13]))
    menu.fill()
    assert not menu.actions()[2].isEnabled()
    assert "not there any more" in menu.actions()[2].text()
    assert len(small.filing.recent.entries()) == 11, "what is gone is no command"
    menu.actions()[-2].trigger()
    assert "13.json" not in names(menu)
    menu.fill()
    menu.chosen.connect(small.filing.open_file)
    small.workspace.close_document(small.workspace.active.document)
    menu.actions()[0].trigger()
    assert small.workspace.active.document.path == tmp_path / "a & b.json"
    menu.actions()[-1].trigger()
    assert small.filing.recent.paths == []


def change(path, name):
    """Write a file as another program does: anew."""
    architecture = files.load(path)
    architecture.name = name
    path.unlink()
    path.write_bytes(files.to_json(architecture))


def test_a_file_that_another_program_changes_is_offered_to_be_reloaded(small, mine, qtbot):
    path, document = mine
    Edits(document).rename_architecture("what I did")
    small.filing.save()
    change(path, "theirs")
    qtbot.waitUntil(lambda: bool(small.asked), timeout=5000)
    text, answers = small.asked.pop()
    assert text == "mine.json was changed by another program."
    assert list(answers) == ["Reload", "Keep what is here"]
    assert document.modified, "what is here is in no file now"
    answers["Reload"]()
    assert (document.name, document.modified) == ("theirs", False)
    document.undo_stack.undo()
    assert (document.name, document.modified) == ("what I did", True), "nothing is lost"


def test_what_resviz_saves_itself_is_no_change(small, mine, qtbot):
    _path, document = mine
    Edits(document).rename_architecture("mine")
    small.filing.save()
    with qtbot.waitSignal(small.filing.watch._settled.timeout, timeout=5000):
        pass
    assert small.asked == []
    assert not document.modified


def test_saving_over_a_change_that_was_not_seen_yet_asks(small, mine):
    path, document = mine
    Edits(document).rename_architecture("mine")
    change(path, "theirs")
    small.filing.save()
    assert files.load(path).name == "theirs"
    text, answers = small.asked.pop()
    assert text == "mine.json was changed by another program since."
    answers["Overwrite"]()
    assert files.load(path).name == "mine"
    assert not document.modified


def test_a_change_while_the_tab_was_closed_is_noticed_when_it_is_open_again(small, mine, qtbot):
    path, document = mine
    Edits(document).rename_architecture("mine")
    small.workspace.close_document(document)
    change(path, "theirs")
    small.workspace.reopen()
    qtbot.waitUntil(lambda: bool(small.asked), timeout=5000)
    change(path, "theirs again")
    with pytest.raises(ResvizError, match="changed by another program since: choose another name"):
        small.filing._write(document, path)
    assert files.load(path).name == "theirs again", "closing does not write over it either"


def test_a_file_that_is_deleted_is_said_and_can_be_written_again(small, mine, qtbot):
    path, document = mine
    settled = []
    small.filing.settled.connect(settled.append)
    path.unlink()
    qtbot.waitUntil(lambda: bool(small.failed), timeout=5000)
    assert "was moved or deleted by another program: Save writes it again." in small.failed.pop()
    assert "mine.json was changed by another program." in settled, "there is nothing to reload"
    assert document.modified
    small.filing.save()
    assert files.load(path) == document.architecture
    assert small.asked == []


def test_a_damaged_file_leaves_the_document_as_it_is(small, mine, qtbot):
    path, document = mine
    path.write_text("{")
    qtbot.waitUntil(lambda: bool(small.asked), timeout=5000)
    small.asked.pop()[1]["Reload"]()
    assert "damaged" in small.failed.pop()
    assert document.name == "resnet-14-w4"
    assert document.modified


def test_a_document_is_not_saved_over_another_open_one(small, mine):
    path, document = mine
    small.workspace.new_from_preset("plain-8-w4")
    before = path.read_bytes()
    small.filing.save_to(small.workspace.active.document, path)
    assert "is open in another tab" in small.failed.pop()
    assert path.read_bytes() == before
    assert document.path == path


def test_a_document_is_not_saved_as_what_only_carries_it(small, tmp_path):
    run = create_experiment(twins(), recipe()).runs[0]
    for path in (tmp_path / "a.png", tmp_path / "a.py", run.path / "architecture.json"):
        before = path.read_bytes() if path.exists() else None
        small.filing.save_to(small.workspace.active.document, path)
        assert "choose another name that ends in .json" in small.failed.pop()
        assert (path.read_bytes() if path.exists() else None) == before


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_a_picture_is_opened_as_its_network_and_never_written_over(small, tmp_path, suffix):
    document = small.workspace.active.document
    Edits(document).rename_architecture("in a picture")
    path = save_network(document, tmp_path / f"picture.{suffix}")
    small.filing.open_file(str(path))
    opened = small.workspace.active.document
    assert opened is not document
    assert opened.architecture == document.architecture
    assert (opened.path, opened.origin, opened.modified) == (None, path, False)
    assert small.workspace.groups[0].strip.tabText(1) == f"picture.{suffix}"
    small.filing.open_file(str(path))
    assert small.workspace.active.document is opened, "once is enough"


def test_the_network_of_a_run_is_not_written_over(small):
    run = create_experiment(twins(), recipe()).runs[0]
    small.filing.open_file(str(run.path / "architecture.json"))
    assert small.workspace.active.document.path is None
    small.filing.open_file(str(run.path))
    assert small.workspace.active.document.path is None


def test_saving_after_a_change_was_told_asks_until_it_is_answered(small, mine, qtbot):
    path, document = mine
    settled = []
    small.filing.settled.connect(settled.append)
    Edits(document).rename_architecture("mine")
    change(path, "theirs")
    qtbot.waitUntil(lambda: bool(small.asked), timeout=5000)
    told, answers = small.asked.pop()
    small.filing.save()
    assert files.load(path).name == "theirs", "the strip is no leave to write over it"
    late, _ = small.asked.pop()
    assert late == "mine.json was changed by another program since."
    answers["Keep what is here"]()
    small.filing.save()
    assert files.load(path).name == "mine"
    assert settled == [told, late], "the strip would reload what was saved just now"


def test_a_file_that_went_and_came_again_as_another_is_not_written_over(small, mine, qtbot):
    path, document = mine
    theirs = path.with_name("theirs.json")
    path.rename(theirs)
    qtbot.waitUntil(lambda: bool(small.failed), timeout=5000)
    change(theirs, "theirs")
    theirs.rename(path)
    qtbot.waitUntil(lambda: bool(small.asked), timeout=5000)
    assert document.modified
    small.filing.save()
    assert files.load(path).name == "theirs"
