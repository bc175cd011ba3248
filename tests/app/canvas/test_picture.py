"""A network as a file: light, whole, with nothing of the screen in it."""

import xml.etree.ElementTree as ET

import pytest
from PySide6.QtGui import QImage

from app.canvas.picture import save_network
from app.document import Document
from app.theme import DARK, LIGHT, theme
from resviz.arch.presets import preset
from resviz.errors import ResvizError


@pytest.fixture
def document(qapp):
    theme().apply(qapp)
    theme().set_mode("dark")
    made = Document(preset("resnet-20"))
    yield made
    made.deleteLater()
    theme().set_mode("system")


def test_every_block_and_whole_captions_are_in_the_drawing(document, tmp_path):
    root = ET.parse(save_network(document, tmp_path / "a.svg")).getroot()
    found = list(root.iter("{http://www.w3.org/2000/svg}text"))
    texts = ["".join(node.itertext()) for node in found]
    for block in document.architecture.blocks:
        assert any(block in text for text in texts)
    assert "stage 1 · 16 channels · 32 × 32" in texts
    width = float(root.get("viewBox").split()[2])
    assert width > 620, "the first caption begins over the third block and is longer than it"


def test_the_picture_is_light_and_leaves_the_screen_alone(document, tmp_path):
    told = []
    theme().changed.connect(lambda: told.append(1))
    image = QImage(str(save_network(document, tmp_path / "a.png")))
    assert image.width() > 1500
    assert image.pixelColor(1, 1).name() == LIGHT.panel
    colours = {
        image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 9)
    }
    assert LIGHT.residual in colours
    assert DARK.panel not in colours
    assert theme().is_dark
    assert not told


def test_pdf_is_drawn_and_a_bad_place_is_one_sentence(document, tmp_path):
    data = save_network(document, tmp_path / "a.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert b"/FontFile" in data
    with pytest.raises(ResvizError, match="Cannot write"):
        save_network(document, tmp_path / "missing" / "a.pdf")


def test_words_stay_words_in_a_drawing(qapp, tmp_path):
    theme().apply(qapp)
    svg = save_network(Document(preset("resnet-8")), tmp_path / "network.svg").read_text(encoding="utf-8")
    assert "<image" not in svg
