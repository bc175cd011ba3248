"""What a view that shows all of a network has in sight."""

import pytest

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
