"""What is painted, looked at pixel by pixel where a person would look."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor

from app.canvas import geometry as g
from app.canvas.detail import level_at, words_of
from app.canvas.face import Face
from app.canvas.paints import paints
from app.canvas.readout import Readouts, ReadoutScale
from app.canvas.scene import NetworkScene
from app.canvas.view import NetworkView
from app.document import Document
from app.theme import scale_colour, theme
from resviz.arch.blocks import CATALOGUE
from resviz.arch.convert import COMPOSITES
from resviz.arch.graph import Architecture
from resviz.arch.presets import preset
from resviz.arch.rework import expanded


@pytest.fixture
def shown(qtbot, qapp):
    theme().apply(qapp)

    def show(architecture, zoom=None, mode="dark"):
        theme().set_mode(mode)
        scene = NetworkScene(
            Document(preset(architecture) if isinstance(architecture, str) else architecture)
        )
        view = NetworkView(scene)
        qtbot.addWidget(view)
        view.resize(1000, 700)
        view.show()
        qtbot.waitExposed(view)
        if zoom is not None:
            view.set_zoom(zoom)
            view.centerOn(scene.block_item("stage1.block1").body_in_scene().center())
        return view

    yield show
    theme().set_mode("system")


def colour_at(view, block_id, x, y):
    """Return the colour painted at a place relative to a block."""
    pixels = view.mapFromScene(view.network.block_item(block_id).pos() + QPointF(x, y))
    return QColor(view.grab().toImage().pixel(pixels))


def near(first, second, tolerance=24):
    other = QColor(second)
    pairs = zip(first.getRgb()[:3], other.getRgb()[:3], strict=True)
    return all(abs(a - b) <= tolerance for a, b in pairs)


@pytest.mark.parametrize("mode", ["dark", "light"])
@pytest.mark.parametrize("zoom", [0.2, 0.34, 0.6, 1.0])
def test_the_shortcut_stands_out_above_residual_blocks_only(shown, mode, zoom):
    residual, plain = shown("resnet-20", zoom, mode), shown("plain-20", zoom, mode)
    colours = theme().colours
    top = (g.WIDTH / 2, g.ARC_TOP)
    around = [colour_at(residual, "stage1.block2", top[0], top[1] + pixel / zoom) for pixel in (-1, 0, 1)]
    assert any(near(colour, colours.residual, 50) for colour in around)  # it lies on whole pixels
    assert not near(colour_at(plain, "stage1.block2", *top), colours.residual, 60)
    assert near(colour_at(residual, "stage1.block2", 3, 50), colours.residual, 40)
    assert near(colour_at(plain, "stage1.block2", 3, 50), colours.plain, 40)


def of(value, scale=ReadoutScale(), **more):  # noqa: B008
    """Return readouts of stage1.block1 alone."""
    arrays = {name: np.array([each]) for name, each in more.items()}
    return Readouts(("stage1.block1",), np.array([value]), scale, **arrays)


def filled_by(view, colour):
    """Return the share of a block's face, the strip left out, that has a colour."""
    image, corner = view.grab().toImage(), view.network.block_item("stage1.block1").pos()
    places = [QPointF(x, y) for x in range(20, 136, 4) for y in range(6, 60, 3)]
    found = [QColor(image.pixel(view.mapFromScene(corner + place))) for place in places]
    return sum(near(each, colour, 30) for each in found) / len(found)


@pytest.mark.parametrize("zoom", [0.15, 0.2, 0.34, 0.6, 1.0])
def test_readouts_fill_blocks_in_the_scales_colours(shown, zoom):
    view = shown("resnet-20", zoom)
    scale = ReadoutScale("Gradient norm", "∇", -2.0, 0.0, True)
    for value, share in ((1.0, 1.0), (0.1, 0.5), (0.001, 0.0)):
        view.network.set_readouts(of(value, scale))
        assert filled_by(view, scale_colour(share)) > 0.4


@pytest.mark.parametrize("value", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_words_stand_out_from_the_fill(shown, value):
    view = shown("plain-20", 1.0)
    view.network.set_readouts(of(value))
    fill = scale_colour(value)
    image = view.grab().toImage()
    corner = view.mapFromScene(view.network.block_item("stage1.block1").pos())
    found = [
        QColor(image.pixel(corner.x() + x, corner.y() + y)) for x in range(36, 134) for y in range(4, 60)
    ]
    contrast = max(contrast_of(colour, fill) for colour in found)
    assert contrast >= 4.5


def contrast_of(first, second):
    """Return the contrast of two colours (WCAG 2)."""
    light = []
    for colour in (first, second):
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
        light.append(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2])
    return (max(light) + 0.05) / (min(light) + 0.05)


def test_what_is_not_a_number_is_alarming(shown):
    view = shown("plain-20", 0.34)
    view.network.set_readouts(of(float("nan")))
    assert filled_by(view, QColor(theme().colours.danger)) > 0.4


def test_a_broken_block_has_a_frame_and_a_badge(shown, qapp):
    view = shown("resnet-8", 1.0)
    document = view.network.document
    assert not near(colour_at(view, "stage1.block1", g.WIDTH - 11, -2), theme().colours.danger)
    document.set_params("stem", {"out_channels": 64})
    document.set_params("stage1.block1", {"out_channels": 8})
    for _ in range(3):
        qapp.processEvents()
    assert near(colour_at(view, "stage1.block1", g.WIDTH - 11, -2), theme().colours.danger)
    assert near(colour_at(view, "stage1.block1", 60, 0), theme().colours.danger, 60)


def test_an_empty_canvas_says_what_to_do(shown):
    view = shown(Architecture())
    empty = view.grab().toImage()
    middle = [QColor(empty.pixel(x, y)) for x in range(400, 600) for y in range(340, 360)]
    assert any(near(colour, theme().colours.muted, 40) for colour in middle)


def test_the_theme_changes_what_is_on_screen(shown):
    view = shown("resnet-8", 1.0)
    dark = colour_at(view, "stage1.block1", 72, -60)
    theme().set_mode("light")
    assert colour_at(view, "stage1.block1", 72, -60).lightness() > dark.lightness() + 100


def words(view, block_id, zoom, rows=0, enlarge=1.0):
    level = level_at(zoom, enlarge)
    return (
        [word.text for word in words_of(view.network.block_item(block_id).face, level, rows, paints())]
        if level
        else []
    )


def test_a_long_line_gives_up_spaces_before_numbers(shown):
    view = shown("resnet-50", 1.0)
    assert view.network.block_item("stem").face.shape == "64 x 112 x 112"
    assert words(view, "stem", 1.0)[1].replace(" ", "") == "64x112x112·9.5k"


@pytest.mark.parametrize("enlarge", [1.0, 1.25])
@pytest.mark.parametrize("zoom", [0.3, 0.33, 0.4, 0.5, 0.65, 0.8, 1.2])
def test_shape_and_parameters_are_there_wherever_words_are(shown, zoom, enlarge):
    view = shown("resnet-20", 1.0)
    for block_id in view.network.document.architecture.blocks:
        said = " ".join(words(view, block_id, zoom, enlarge=enlarge)).replace(" ", "")
        face = view.network.block_item(block_id).face
        if level_at(zoom, enlarge).name != "micro":
            assert face.short_parameters in said or face.parameters.replace(" ", "") in said
            assert face.short_shape in said or face.shape.replace(" ", "") in said
        else:
            assert said


def test_type_is_legible_at_every_zoom_and_larger_when_presenting(shown):
    shown("resnet-8")
    for percent in range(22, 105):
        zoom = percent / 100
        sizes = []
        for enlarge in (1.0, 1.25):
            level = level_at(zoom, enlarge)
            sizes.append(paints().fonts[level.line].pixelSize() * zoom)
        assert sizes[0] >= 7.9
        assert sizes[1] >= sizes[0]


def test_blocks_are_named_with_their_stage_and_stages_have_captions(shown):
    view = shown("resnet-20", 1.0)
    assert words(view, "stage2.block1", 1.0)[0] == "stage2.block1"
    assert "2.1" in words(view, "stage2.block1", 0.34)
    assert view.network.captions == [
        "stage 1 · 16 channels · 32 × 32",
        "stage 2 · 32 channels · 16 × 16",
        "stage 3 · 64 channels · 8 × 8",
    ]


def test_twins_have_the_same_frame(shown):
    assert shown("resnet-20").zoom == shown("plain-20").zoom


def test_from_far_away_loose_layers_say_what_they_are_and_units_how_wide(shown):
    view = shown(expanded(preset("resnet-20"), ["stage1.block2"])[0], 0.25)
    blocks = view.network.document.architecture.blocks
    said = {block_id: words(view, block_id, 0.25) for block_id in blocks}
    kinds = {block.kind: said[block_id] for block_id, block in blocks.items()}
    assert (kinds["conv"], kinds["batch_norm"], kinds["relu"], kinds["add"]) == (
        ["conv"],
        ["bn"],
        ["relu"],
        ["add"],
    )
    assert said["stage2.block1"] == ["32"]
    layers = [
        Face(kind, kind, "none", "16", "16", "", "", broken=False, dead=False)
        for kind in CATALOGUE
        if kind not in COMPOSITES
    ]
    assert not any(words_of(face, level_at(0.25), False, paints())[0].text.endswith("…") for face in layers)
    assert "16" not in {words_of(face, level_at(0.25), False, paints())[0].text for face in layers}
