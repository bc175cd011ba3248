"""What a pane shows besides its network: chosen with a key, remembered, in every pane."""

from PySide6.QtCore import Qt

from app.canvas.options import canvas_options
from app.document import Document
from app.editor.pane import EditorPane
from resviz.arch.presets import preset


def test_w_shows_shapes_on_wires_and_is_remembered(open_pane, qtbot):
    pane, hand = open_pane("resnet-8")
    pane.view.set_zoom(1.0)
    bare = pane.view.grab().toImage()
    hand.key(Qt.Key.Key_W)
    assert canvas_options().shapes
    assert pane.editor_actions.shapes.isChecked()
    assert pane.view.grab().toImage() != bare
    other = EditorPane(Document(preset("resnet-8")))
    qtbot.addWidget(other)
    assert other.scene._live.shapes.isVisible()
    other.set_document(Document(preset("plain-8"), other))
    assert other.scene._live.shapes.isVisible()
    hand.key(Qt.Key.Key_W)
    assert not other.scene._live.shapes.isVisible()
    assert pane.view.grab().toImage() == bare


def test_w_says_so_where_shapes_could_not_be_read(open_pane):
    pane, hand = open_pane("resnet-8")
    pane.view.set_zoom(0.3)
    hand.key(Qt.Key.Key_W)
    assert pane.toast.text.startswith("Shapes show when you zoom in")
    hand.key(Qt.Key.Key_W)
    pane.toast.dismiss()
    pane.view.set_zoom(1.0)
    hand.key(Qt.Key.Key_W)
    assert pane.toast.isHidden()
    hand.key(Qt.Key.Key_W)
