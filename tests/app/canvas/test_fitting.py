"""What a view that shows all of a network has in sight."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas.caption import CaptionItem
from app.document import Document
from app.editor.pane import EditorPane
from app.theme import theme
from resviz.arch.presets import preset

SIZES = [(362, 346), (520, 346), (900, 700), (330, 900), (280, 500)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("name", "folded"), [("plain-20", False), ("resnet-56", True), ("resnet-56", False)])
def test_the_names_of_the_stages_are_in_it_where_they_are_drawn(qtbot, qapp, name, folded, size):
    theme().apply(qapp)
    pane = EditorPane(Document(preset(name)))
    qtbot.addWidget(pane)
    pane.resize(*size)
    with qtbot.waitExposed(pane):
        pane.show()
    if folded:
        pane.group_actions.fold()
    pane.view.fit()
    captions = [item for item in pane.scene.items() if isinstance(item, CaptionItem)]
    assert captions
    ends = [item.right(pane.view.zoom) for item in captions]
    seen = pane.view.mapToScene(pane.view.viewport().rect()).boundingRect()
    assert max(ends) < seen.right()
    assert all(
        seen.contains(pane.scene.block_item(b).body_in_scene()) for b in pane.document.architecture.blocks
    )


def test_loose_layers_and_back_stay_fitted(qtbot, qapp):
    theme().apply(qapp)
    pane = EditorPane(Document(preset("resnet-20")))
    qtbot.addWidget(pane)
    pane.resize(362, 346)
    with qtbot.waitExposed(pane):
        pane.show()
    pane.activateWindow()
    pane.view.setFocus()
    qtbot.waitUntil(pane.view.hasFocus)
    view, zoom = pane.view, pane.view.zoom
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QApplication.processEvents()  # the selection has settled
    QTest.keyClick(view, Qt.Key.Key_E)
    assert len(pane.document.architecture.blocks) > 60
    far = view.zoom
    assert view.fitted
    assert far < 0.8 * zoom
    QApplication.processEvents()
    QTest.keyClick(view, Qt.Key.Key_E, Qt.KeyboardModifier.ShiftModifier)
    assert (view.fitted, view.zoom) == (True, zoom)
    pane.undo()
    assert (view.fitted, view.zoom) == (True, far)
    pane.undo()
    assert (view.fitted, view.zoom) == (True, zoom)
    view.zoom_in()
    near = view.zoom
    pane.redo()
    assert (view.fitted, view.zoom) == (False, near), "what a person looks at nearer stays so"
