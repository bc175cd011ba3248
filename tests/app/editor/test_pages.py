"""Pages of blocks in a window of their own."""

import re

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.document import Document
from app.editor.about_mark import mark_rect
from app.editor.edits import Edits
from app.editor.figure_view import FigureView
from app.editor.page_html import page_html
from app.editor.pages import BlockPages
from app.editor.palette import Palette
from app.theme import theme
from resviz.arch.about import about_block, about_kind
from resviz.arch.blocks import CATALOGUE
from resviz.arch.presets import preset

LEFT, NOTHING = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def pages(qtbot, qapp):
    theme().apply(qapp)
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()
    return BlockPages(parent)


def test_a_block_is_followed_as_it_is_edited_renamed_and_deleted(pages, qtbot):
    document = Document(preset("resnet-20"))
    edits = Edits(document)
    pages.show_block(document, "stage2.block1")
    page = pages.page
    assert page.isVisible()
    assert page.block.text() == "stage2.block1"
    assert "32 × 32 → 16 × 16 because stride 2." in page.text.toPlainText()
    assert "13,952" in page.text.toPlainText()
    edits.set_params({"stage2.block1": {"stride": 1}})
    qtbot.waitUntil(lambda: "32 × 32 stays because stride 1." in page.text.toPlainText(), timeout=2000)
    edits.rename("stage2.block1", "first")
    qtbot.waitUntil(lambda: page.block.text() == "first", timeout=2000)
    edits.remove(["first"])
    qtbot.waitUntil(lambda: "example" in page.block.text(), timeout=2000)
    assert page.about.kind == "basic"
    document.undo_stack.undo()  # what is not followed any more tells nothing


def test_every_kind_has_a_page_to_choose_copy_and_close(pages, qtbot):
    pages.show_kind("conv")
    page = pages.page
    assert [page.kinds.itemData(i) for i in range(page.kinds.count())] == list(CATALOGUE)
    for kind in CATALOGUE:
        pages.show_kind(kind)
        assert page.kinds.currentText() == CATALOGUE[kind].title
        assert "In the papers" in page.text.toPlainText()
        assert page.grab().width() > 0
    qtbot.mouseClick(page.copy, LEFT)
    assert QGuiApplication.clipboard().text() == about_kind("identity").text()
    assert pages.page is page
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert page.isHidden()


def test_mathematics_and_papers_are_rich_text():
    text = page_html(about_kind("bottleneck"))
    assert "<i>W</i><sub>3</sub>" in text
    assert "9·<i>w</i><sup>2</sup>/<i>g</i>" in text
    assert 'href="https://arxiv.org/abs/1512.03385"' in text
    assert "$" not in page_html(about_kind("conv"))
    assert not re.search(r"\bNone\b", text)


def inked(image, colour, close=40):
    """Return how many pixels of an image are near a colour."""
    wanted = QColor(colour)
    pixels = (image.pixelColor(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2))
    return sum(
        abs(p.red() - wanted.red()) + abs(p.green() - wanted.green()) + abs(p.blue() - wanted.blue()) < close
        for p in pixels
    )


@pytest.mark.parametrize("mode", ["dark", "light"])
def test_the_shortcut_is_drawn_cool_and_a_plain_unit_warm(qtbot, qapp, mode):
    theme().apply(qapp)
    theme().set_mode(mode)
    view = FigureView()
    qtbot.addWidget(view)
    view.resize(600, 170)
    view.show()
    architecture = preset("resnet-20")
    for shortcut, cool in (("A", True), ("none", False)):
        document = Document(architecture)
        document.set_params("stage2.block1", {"shortcut": shortcut})
        view.show_about(about_block(document.architecture, document.inference, "stage2.block1"))
        image = view.grab().toImage()
        cool_pixels, warm_pixels = inked(image, theme().colours.residual), inked(image, theme().colours.plain)
        assert (cool_pixels > 100) == cool
        assert (warm_pixels > 20) == (not cool)
    theme().set_mode("system")


def test_the_mark_in_the_palette_asks_and_adds_nothing(qtbot, qapp):
    theme().apply(qapp)
    palette = Palette()
    qtbot.addWidget(palette)
    palette.resize(200, 700)
    palette.show()
    asked, added = [], []
    palette.about_wanted.connect(asked.append)
    palette.kind_activated.connect(added.append)
    viewport = palette.tree.viewport()
    row = palette.tree.visualItemRect(palette.item("bottleneck"))
    mark = mark_rect(row).center()
    QTest.mouseMove(viewport, mark)
    qtbot.mouseClick(viewport, LEFT, NOTHING, mark)
    assert asked == ["bottleneck"]
    qtbot.mouseDClick(viewport, LEFT, NOTHING, mark)
    assert added == []
    qtbot.mouseClick(viewport, LEFT, NOTHING, row.center())
    assert asked[-1] == "bottleneck"
    assert palette.current_kind == "bottleneck"
    heading = palette.tree.visualItemRect(palette.item("bottleneck").parent())
    count = len(asked)
    qtbot.mouseClick(viewport, LEFT, NOTHING, QPoint(row.right() - 8, heading.center().y()))
    assert len(asked) == count
