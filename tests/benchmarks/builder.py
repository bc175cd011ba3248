"""The steps in which a new user builds ResNet-20 with the mouse."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QMenu,
    QSpinBox,
    QStyle,
    QStyleOptionSpinBox,
    QWidget,
)

from app.canvas import geometry as g
from app.editor.pane import EditorPane
from app.editor.repeat import RepeatDialog
from app.window import MainWindow
from resviz.arch.compare import differences
from resviz.arch.presets import preset
from tests.benchmarks.mouse import Mouse


class Builder:
    """Knows where things are on the screen, as a person sees them, and leads the mouse there."""

    def __init__(self, window: MainWindow, mouse: Mouse) -> None:
        self._window, self._mouse = window, mouse

    def build(self) -> None:
        """Build it: stem, three stages of three units, head."""
        mouse = self._mouse
        self._menu("File", "New empty network")
        mouse.look("an empty canvas")
        self._from_palette("input", 0.12, 0.3)
        mouse.look("an input")
        self._from_palette("conv_bn_relu", 0.5, 0.3)
        self._wire("input1", "conv_bn_relu1")
        mouse.look("the stem, wired by hand")
        self._next("conv_bn_relu1", "Basic block")
        mouse.look("a unit at the end of a wire")
        self._repeat(3)
        mouse.look("stage 1")
        for stage, channels in ((2, 32), (3, 64)):
            self._next(self._last(), "Basic block")
            self._set_number("out_channels", channels)
            self._set_number("stride", 2)
            mouse.look(f"first unit of stage {stage}")
            self._repeat(3)
            mouse.look(f"stage {stage}")
        for title in ("Global average pooling", "Linear", "Output"):
            self._next(self._last(), title)
        mouse.look("the head")
        self._menu("Edit", "Tidy up: stages as rows")
        mouse.look("tidied up")

    def wrong(self) -> list[str]:
        """Return what is not as in the preset, the blocks taken in the order of the network."""
        built, wanted = self._pane.document.architecture, preset("resnet-20")
        if len(built.blocks) != len(wanted.blocks):
            return [f"{len(built.blocks)} blocks, not {len(wanted.blocks)}"]
        problems = [problem.message for problem in self._pane.document.inference.problems]
        names = dict(zip(built.order(), wanted.order(), strict=True))
        copy = built.copy()
        for block_id in names:
            copy.rename(block_id, f"built-{block_id}")
        for block_id, name in names.items():
            copy.rename(f"built-{block_id}", name)
        return problems + [difference.text for difference in differences(copy, wanted)]

    # What a person looks for

    @property
    def _pane(self) -> EditorPane:
        return self._window.workspace.active

    def _last(self) -> str:
        """Return the block whose output leads nowhere yet."""
        architecture = self._pane.document.architecture
        (last,) = (b for b in architecture.blocks if not architecture.outgoing(b))
        return last

    def _on_canvas(self, place: QPointF) -> QPoint:
        view = self._pane.view
        pixels = view.mapFromScene(place)
        assert view.viewport().rect().contains(pixels), f"{place} is out of sight"
        return view.viewport().mapToGlobal(pixels)

    def _port(self, block_id: str, port: str) -> QPoint:
        item = self._pane.scene.block_item(block_id)
        return self._on_canvas(item.anchor(port, is_input=port != "out"))

    # What a person does

    def _from_palette(self, kind: str, right: float, down: float) -> None:
        """Drag a block from the palette to a place on the canvas; turn the wheel until it is in sight."""
        tree = self._window.palette_panel.tree
        item = self._window.palette_panel.item(kind)
        area = tree.viewport()
        for _ in range(10):
            row = tree.visualItemRect(item)
            if area.rect().contains(row.center()):
                break
            self._mouse.wheel(_middle(area), -2 if row.center().y() > 0 else 2)
        else:
            raise AssertionError(f"{kind} is not in the palette")
        view = self._pane.view.viewport()
        goal = view.mapToGlobal(QPoint(round(view.width() * right), round(view.height() * down)))
        self._mouse.drag(area.mapToGlobal(tree.visualItemRect(item).center()), goal)

    def _wire(self, source: str, target: str) -> None:
        self._mouse.drag(self._port(source, "out"), self._port(target, "in"))

    def _next(self, source: str, title: str) -> None:
        """Let a wire go over empty canvas, and choose from the list what fits there."""
        item = self._pane.scene.block_item(source)
        self._mouse.drag(self._port(source, "out"), self._on_canvas(self._room(item.pos())))
        popup = self._pane.quick_add.popup
        assert popup.isVisible()
        rows = [popup.list.item(row) for row in range(popup.list.count())]
        found = next(row for row in rows if row.text() == title)
        area = popup.list.viewport()
        while not area.rect().contains(popup.list.visualItemRect(found).center()):
            self._mouse.wheel(_middle(area), -2)
        self._mouse.click(area.mapToGlobal(popup.list.visualItemRect(found).center()))

    def _room(self, place: QPointF) -> QPointF:
        """Return where a person would put the next block: to the right, or at the left of the next row."""
        view = self._pane.view
        seen = view.mapToScene(view.viewport().rect()).boundingRect()
        right = place + QPointF(g.PITCH_X, 0) + g.BODY.center()
        if right.x() + g.WIDTH / 2 < seen.right():
            return right
        return QPointF(seen.left() + g.WIDTH, place.y() + g.PITCH_Y + g.HEIGHT / 2)

    def _menu(self, title: str, text: str) -> None:
        """Choose from a menu, straight downwards: a slanting way would lead over the next menu."""
        bar = self._window.menus.bar
        assert bar is not None
        menu = self._window.menus.menus[title]
        title_place = bar.mapToGlobal(bar.actionGeometry(menu.menuAction()).center())
        self._mouse.click(title_place)
        below = menu.mapToGlobal(menu.actionGeometry(_action(menu, text)).center())
        self._mouse.click(QPoint(title_place.x(), below.y()))

    def _repeat(self, times: int) -> None:
        """Repeat what is selected: the number in the dialog begins at two."""
        self._menu("Edit", "Repeat…")
        (dialog,) = self._pane.findChildren(RepeatDialog)
        while dialog.times.value() < times:
            self._step(dialog.times)
        self._mouse.click(_middle(dialog.main))

    def _set_number(self, name: str, value: int) -> None:
        """Step a field of the inspector up with its arrow."""
        box = self._window.side.inspector.fields[name].widget
        assert isinstance(box, QSpinBox)
        while not box.visibleRegion().contains(box.rect().center()):
            self._mouse.wheel(_middle(self._window.side.inspector), -1)
        while box.value() < value:
            self._step(box)

    def _step(self, box: QAbstractSpinBox) -> None:
        option = QStyleOptionSpinBox()
        box.initStyleOption(option)
        up = QStyle.SubControl.SC_SpinBoxUp
        rect = box.style().subControlRect(QStyle.ComplexControl.CC_SpinBox, option, up, box)
        self._mouse.click(box.mapToGlobal(rect.center()))


def _middle(widget: QWidget) -> QPoint:
    return widget.mapToGlobal(widget.rect().center())


def _action(menu: QMenu, text: str) -> QAction:
    return next(action for action in menu.actions() if action.text().replace("&", "") == text)
