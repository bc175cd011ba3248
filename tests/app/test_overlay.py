from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject, QPointF, Signal

from app.canvas.readout import BlockReadout
from app.document import Document
from app.editor.pane import EditorPane
from app.overlay import EDITED, Overlay, kept_blocks
from resviz.arch.presets import preset


class Bridge(QObject):
    updated = Signal()


class Session(QObject):
    current_changed = Signal()

    def __init__(self, runs):
        super().__init__()
        self.current, self.bridge = runs, Bridge()


@pytest.fixture
def trained(qtbot, monkeypatch):
    """Return a pane and its overlay, with a run that trains the network as it is now."""
    pane = EditorPane(Document(preset("resnet-8")))
    qtbot.addWidget(pane)
    series = SimpleNamespace(probe_iterations=[10])
    run = SimpleNamespace(architecture=preset("resnet-8"), series=series)
    monkeypatch.setattr(
        "app.overlay.readouts_of", lambda _series, ids: {block: BlockReadout(0.1, 0.2) for block in ids}
    )
    overlay = Overlay(Session([run]), [pane])
    overlay.refresh()
    return pane, overlay


def painted(pane):
    return {item.block_id for item in pane.scene.block_items() if item.readout is not None}


def test_readouts_stay_on_what_stays_and_the_legend_says_so(trained, qtbot):
    pane, _overlay = trained
    assert painted(pane) == set(pane.document.architecture.blocks)
    assert not pane.legend.note
    new = pane.edits.add("dropout", QPointF(2000, 0))
    pane.edits.remove(["stage2.block1"])
    qtbot.wait(1)
    assert painted(pane) == set(pane.document.architecture.blocks) - {new}
    assert pane.legend.note == EDITED
    assert not pane.legend.isHidden()
    pane.undo()
    pane.undo()
    qtbot.wait(1)
    assert not pane.legend.note


def test_another_network_shows_nothing_of_the_old_one(trained, qtbot):
    pane, _overlay = trained
    pane.document.replace(preset("resnet-20"), "New from preset")
    qtbot.wait(1)
    assert not painted(pane)
    assert pane.legend.isHidden()


def test_a_block_of_another_kind_under_the_same_name_is_another_block():
    shown = preset("resnet-8")
    shown.remove("stem")
    shown.add("dropout", "stem")
    assert "stem" not in kept_blocks(preset("resnet-8"), shown)
    assert "pool" in kept_blocks(preset("resnet-8"), shown)
    assert kept_blocks(None, shown) == []
