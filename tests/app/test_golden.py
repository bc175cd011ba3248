"""The comparison of pictures can fail."""

import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from tests.app import golden


@pytest.fixture
def picture(qapp):
    image = QImage(200, 100, QImage.Format.Format_RGB888)
    image.fill(QColor("#202428"))
    painter = QPainter(image)
    painter.setPen(QColor("#ff9933"))
    painter.drawLine(0, 50, 199, 60)
    painter.end()
    return image


def test_the_same_picture_passes_and_one_with_a_faint_change_too(picture):
    assert golden.differences(picture, picture.copy()) == ""
    other = picture.copy()
    other.setPixelColor(3, 3, QColor("#212529"))
    assert golden.differences(picture, other) == ""


def test_a_moved_line_another_background_and_another_size_are_told(picture):
    moved = QImage(picture.size(), picture.format())
    moved.fill(QColor("#202428"))
    painter = QPainter(moved)
    painter.drawImage(0, 4, picture)
    painter.end()
    assert "clearly differ" in golden.differences(moved, picture)
    lighter = picture.copy()
    lighter.fill(QColor("#24282c"))
    assert "on average" in golden.differences(lighter, picture)
    assert "pixels, not" in golden.differences(picture.scaled(100, 50), picture)


def test_a_missing_picture_says_what_to_do(picture, request, monkeypatch):
    monkeypatch.setattr(request.config.option, "new_pictures", False)
    with pytest.raises(AssertionError, match="--new-pictures"):
        golden.check(picture, "no-such-picture", request)
