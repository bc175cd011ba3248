"""What differs between two networks, marked on both canvases."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor

from app.canvas.difference_item import Ghost
from app.canvas.difference_signs import Differs
from app.canvas.paints import paints
from resviz.arch.graph import Wire

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def marked(open_pair):
    """Return resnet-20 beside resnet-20 with the differences marked: there are none yet."""
    pair = open_pair("resnet-20", "resnet-20")
    pair.key(pair.left, Qt.Key.Key_D, ALT)
    assert pair.twins.marks.on
    return pair


def wait(pair):
    """Wait until the marks have followed an edit."""
    pair.qtbot.wait(1)
    pair.qtbot.waitUntil(lambda: not pair.twins.marks._timer.isActive())


def signs(pane):
    return {block: differs for block, (differs, _) in pane.scene.differences.marked.blocks.items()}


def told(pane, block_id):
    return pane.scene.tooltip(pane.scene.block_item(block_id))


def alike(found, wanted):
    """Return whether two colours are the same but for what lies over them."""
    pairs = zip(found.getRgb()[:3], QColor(wanted).getRgb()[:3], strict=True)
    return sum(abs(one - other) for one, other in pairs) < 40


def has_colour(pane, area, colour):
    """Return whether a colour is painted somewhere in an area of the scene."""
    picture = pane.view.viewport().grab().toImage()
    rect = pane.view.mapFromScene(area).boundingRect().intersected(picture.rect())
    return any(
        alike(picture.pixelColor(x, y), colour)
        for x in range(rect.left(), rect.right() + 1)
        for y in range(rect.top(), rect.bottom() + 1)
    )


def test_each_kind_of_difference_is_told_on_both_sides(marked):
    left, right = marked.left, marked.right
    assert not signs(left)
    left.edits.set_params({"stage1.block2": {"out_channels": 24}, "stage2.block1": {"shortcut": "B"}})
    left.edits.remove(["pool"])
    right.edits.remove([], [Wire("stem", "stage1.block1")])
    wait(marked)
    assert signs(left) == {
        "stage1.block1": Differs.REWIRED,
        "stage1.block2": Differs.CHANGED,
        "stage2.block1": Differs.SHORTCUT,
        "classifier": Differs.REWIRED,
    }
    assert signs(right) == {**signs(left), "pool": Differs.ONLY_HERE}
    place = marked.there["pool"].position
    assert left.scene.differences.marked.ghosts == [
        Ghost("pool", place, "pool: Global average pooling there, not here")
    ]
    assert not right.scene.differences.marked.ghosts
    assert "Differs: out channels 24 here, 16 there" in told(left, "stage1.block2")
    assert "Differs: out channels 16 here, 24 there" in told(right, "stage1.block2")
    assert "Differs: shortcut A here, B there" in told(right, "stage2.block1")
    assert "Differs" not in told(left, "stage3.block1")
    left.view.block_hovered.emit("stage2.block1")
    assert left.header.numbers.text() == "stage2.block1: shortcut B here, A there"
    left.view.block_hovered.emit("stage3.block1")
    assert "parameters" in left.header.numbers.text()
    over = QPointF(*place) + QPointF(70, 30)
    assert left.scene.differences.told_at(over) == "pool: Global average pooling there, not here"
    left.undo()
    left.undo()
    right.undo()
    wait(marked)
    assert not signs(left)
    assert not signs(right)


@pytest.mark.parametrize("zoom", [0.15, 0.5, 1.0])
def test_marks_are_seen_near_and_far_and_go_when_switched_off(marked, zoom):
    left, right = marked.left, marked.right
    left.edits.set_params({"stage1.block2": {"out_channels": 24}})
    right.edits.remove(["stage1.block3"])
    wait(marked)
    left.view.set_zoom(zoom, QPoint(60, 60))
    left.view.centerOn(left.scene.block_item("stage1.block2"))
    marked.settle()
    changed = left.scene.block_item("stage1.block2").body_in_scene().adjusted(-14, -14, 14, 14)
    only = left.scene.block_item("stage1.block3").body_in_scene().adjusted(-14, -14, 14, 14)
    amber, green = paints().warning, paints().good
    assert has_colour(left, changed, amber)
    assert has_colour(right, changed, amber)
    assert has_colour(left, only, green)
    assert has_colour(right, only, green), "its outline stands where it is missing"
    marked.key(right, Qt.Key.Key_D, ALT)
    assert not has_colour(left, changed, amber)
    assert not has_colour(right, only, green)


def test_a_mark_goes_along_when_its_block_is_dragged(marked):
    left = marked.left
    left.edits.set_params({"stage1.block2": {"out_channels": 24}})
    wait(marked)
    left.view.set_zoom(0.2)
    left.view.centerOn(left.scene.block_item("stage1.block2"))
    home = left.scene.block_item("stage1.block2").body_in_scene().adjusted(-14, -14, 14, 14)
    assert has_colour(left, home, paints().warning)
    x, y = marked.here["stage1.block2"].position
    left.scene.preview_move({"stage1.block2": (x, y - 400)})
    assert not has_colour(left, home, paints().warning)
    assert has_colour(left, home.translated(0, -400), paints().warning)
    left.scene.preview_move({"stage1.block2": (x, y)})


def test_what_is_missing_is_in_sight_or_a_slit_where_its_place_is_taken(open_pair):
    pair = open_pair("resnet-20", "resnet-32")
    pair.twins.marks.choose(True)
    pair.settle()
    left = pair.left
    seen = left.view.mapToScene(left.view.viewport().rect()).boundingRect()
    assert seen.contains(left.scene.differences.missing_area())
    bodies = [item.body_in_scene() for item in left.scene.block_items()]
    for ghost, area in left.scene.differences._ghosts:
        taken = any(body.contains(QPointF(*ghost.place)) for body in bodies)
        assert (area.width() < 20) == taken, ghost
        assert not any(body.intersects(area.adjusted(1, 5, -1, -5)) for body in bodies)


def test_many_missing_blocks_are_shown_in_free_space_where_each_stage_would_go_on(open_pair):
    pair = open_pair("resnet-20", "resnet-110")
    pair.twins.marks.choose(True)
    pair.settle()
    left = pair.left
    ghosts = left.scene.differences._ghosts
    assert {ghost.told.partition(":")[0] for ghost, _ in ghosts} == {f"stage{n}.block4" for n in (1, 2, 3)}
    bodies = [item.body_in_scene() for item in left.scene.block_items()]
    for ghost, area in ghosts:
        last = left.scene.block_item(ghost.told.partition(".")[0] + ".block3").body_in_scene()
        assert (area.top(), area.width()) == (last.top(), last.width())
        assert area.left() > last.right()
        assert not any(body.intersects(area) for body in bodies)
        assert ghost.name == "15 more"
        assert ghost.told.endswith("and 14 blocks more")
    seen = left.view.mapToScene(left.view.viewport().rect()).boundingRect()
    assert seen.contains(left.scene.differences.missing_area())


def test_the_choice_is_remembered_and_holds_for_other_documents(marked, open_pair):
    assert marked.left.editor_actions.mark_differences.isChecked()
    other = open_pair()
    assert other.twins.marks.on
    wait(other)
    assert len(signs(other.left)) == 9
    assert set(signs(other.left).values()) == {Differs.SHORTCUT}
    other.left.document.replace(other.there, "the same")
    wait(other)
    assert not signs(other.left)
    heard = []
    other.workspace.told.connect(heard.append)
    for _ in range(2):
        other.key(other.left, Qt.Key.Key_D, ALT)
    assert heard == ["resnet-20 and resnet-20 are the same, block by block."]


def test_what_is_missing_from_a_stack_is_shown_once(marked):
    left, right = marked.left, marked.right
    left.units.fold(["stage1.block1", "stage1.block2", "stage1.block3"])
    right.edits.remove(["stage1.block2", "stage1.block3"])
    wait(marked)
    (ghost,) = right.scene.differences.marked.ghosts
    assert ghost.name == "stage1.block2 + 1"
    assert ghost.told == "stage1.block2: Basic block there, not here, and 1 block more"


def test_differences_are_seen_on_the_minimap(marked):
    left, right = marked.left, marked.right
    left.view.set_zoom(1.5)
    marked.settle()
    left.edits.set_params({"stage2.block2": {"out_channels": 24}})
    left.edits.set_params({"stage2.block3": {"shortcut": "B"}})
    wait(marked)
    for pane in (left, right):
        assert pane.minimap.isVisible()
        picture = pane.minimap.grab().toImage()
        spots = {
            block: pane.minimap.place_of(pane.scene.block_item(block).body_in_scene().center()).toPoint()
            for block in ("stage2.block2", "stage2.block3")
        }
        colours = {block: picture.pixelColor(spot) for block, spot in spots.items()}
        assert alike(colours["stage2.block2"], paints().warning)
        assert not alike(colours["stage2.block3"], paints().warning), "twins differ by shortcuts everywhere"
