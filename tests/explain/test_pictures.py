import numpy as np
import pytest
from PIL import Image

from resviz.errors import ResvizError
from resviz.explain.pictures import coloured, save_overlay, save_picture


def test_a_picture_is_enlarged_pixel_by_pixel(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (3, 32, 16), dtype=np.uint8)
    with Image.open(save_picture(picture, tmp_path / "a.png")) as file:
        image = np.asarray(file)
    assert image.shape == (640, 320, 3)
    assert np.array_equal(image[::20, ::20], np.moveaxis(picture, 0, 2))
    assert np.array_equal(image[19::20, 19::20], image[::20, ::20])


def test_red_speaks_for_and_blue_against():
    heat = np.zeros((10, 10), dtype=np.float32)
    heat[0, 0], heat[0, 1] = 2.0, -2.0
    colours, strength = coloured(heat, signed=True)
    red, blue, nothing = colours[0, 0].astype(int), colours[0, 1].astype(int), colours[5, 5].astype(int)
    assert red[0] > red[2] + 50
    assert blue[2] > blue[0] + 50
    assert nothing.min() > 240
    assert strength[0, 0] == strength[0, 1] == 1
    assert strength[5, 5] == 0


def test_brightness_rises_with_the_value():
    heat = np.linspace(0, 3, 100, dtype=np.float32).reshape(10, 10)
    colours, _ = coloured(heat, signed=False)
    lightness = colours.reshape(-1, 3) @ np.array([0.3, 0.59, 0.11])
    assert (np.diff(lightness) > -1).all()
    assert lightness[-1] > lightness[0] + 150


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, 1e-30])
def test_odd_heat_maps_are_drawn_too(tmp_path, signed, value):
    heat = np.full((8, 8), value, dtype=np.float32)
    path = save_overlay(np.zeros((3, 8, 8), dtype=np.uint8), heat, tmp_path / "o.png", signed=signed)
    with Image.open(path) as file:
        assert file.size == (320, 320)


def test_a_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(ResvizError, match="Cannot write"):
        save_picture(np.zeros((3, 8, 8), dtype=np.uint8), tmp_path / "none" / "a.png")
