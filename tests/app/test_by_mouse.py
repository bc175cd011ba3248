"""Everything by mouse, in the window: the benchmark of that name, in a hurry."""

from app.editor import palette
from app.theme import theme
from app.window import MainWindow
from tests.benchmarks.builder import Builder
from tests.benchmarks.mouse import Mouse, carries


def test_resnet_20_is_built_with_the_mouse_alone(qtbot, qapp, monkeypatch):
    theme().apply(qapp)
    window = MainWindow()
    window.resize(1280, 720)
    with qtbot.waitSignal(window.painted, timeout=10_000):
        window.show()
    mouse = Mouse(window, None, pace=0.01)
    monkeypatch.setattr(palette, "QDrag", carries(mouse))
    builder = Builder(window, mouse)
    try:
        assert window.menus.menus["Edit"].sizeHint().height() < 690  # whole on a small screen
        builder.build()
        assert builder.wrong() == []
        document = window.workspace.active.document
        assert document.cost.total.parameters == 269_722
        while document.undo_stack.canUndo():
            document.undo_stack.undo()
        assert not document.architecture.blocks
    finally:
        window.close()
        window.deleteLater()
