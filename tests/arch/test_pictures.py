"""Pictures that carry their network: what goes in comes out; hostile ones are refused in one sentence."""

import random
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resviz.arch import files
from resviz.arch.pictures import KEYWORD, is_picture, network_in, put_into_png, put_into_svg
from resviz.arch.presets import preset
from resviz.errors import FormatError, ResvizError


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"\0\0"))
    + chunk(b"IEND", b"")
)
SVG = b'<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg"><title>a</title></svg>\n'
PUT = {"png": (put_into_png, PNG), "svg": (put_into_svg, SVG)}


@pytest.fixture(params=PUT)
def put(request):
    into, picture = PUT[request.param]
    return lambda network: into(picture, network)


@settings(max_examples=25, deadline=None)
@given(name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).filter(str.strip))
@pytest.mark.parametrize("kind", PUT)
def test_any_network_comes_out_as_it_went_in(kind, name):
    architecture = preset("resnet-8")
    architecture.name = name
    into, picture = PUT[kind]
    network = files.to_json(architecture)
    found = network_in(into(picture, network), "It")
    assert files.from_json(found) == architecture


def test_a_png_with_a_network_is_a_png():
    from io import BytesIO

    from PIL import Image

    found = Image.open(BytesIO(put_into_png(PNG, b"{}")))
    found.load()
    assert found.size == (1, 1)
    assert found.text == {KEYWORD: "{}"}, "others read the chunk too"


def test_files_and_the_command_line_take_pictures(tmp_path, put):
    architecture = preset("plain-14")
    path = tmp_path / "network.png"  # What a file is, is in its bytes, not in its name.
    path.write_bytes(put(files.to_json(architecture)))
    assert files.load(path) == architecture
    assert files.open_architecture(str(path)) == architecture
    with pytest.raises(FormatError, match="no file"):
        files.open_architecture("nothing.svg")


@pytest.mark.parametrize("picture", [PNG, SVG, SVG + b"  ", b"\xef\xbb\xbf" + SVG])
def test_pictures_without_a_network_say_so(tmp_path, picture):
    path = tmp_path / "photo"
    path.write_bytes(picture)
    with pytest.raises(FormatError, match=r"photo carries no network: choose"):
        files.load(path)


LAUGHS = b'<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><svg>&b;</svg>'
OUTSIDE = b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>'


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        (LAUGHS, "declares entities"),
        (OUTSIDE, "declares entities"),
        (b"<svg>", "damaged"),
        (b"<html>&nbsp;</html>", "damaged"),
        (b'<?xml version="1.0" encoding="klingon"?><svg/>', "carries no network"),
        (PNG[:-12] + chunk(b"iTXt", KEYWORD.encode() + b"\0\1\0\0\0" + b"nothing packed"), "damaged"),
        (put_into_png(PNG, b"{}")[:-20], "no network|damaged"),
    ],
)
def test_hostile_pictures_are_refused(picture, says):
    assert is_picture(picture)
    with pytest.raises(FormatError, match=says) as error:
        network_in(picture, "It")
    assert "\n" not in str(error.value)


def test_what_would_unpack_to_more_than_memory_is_refused():
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(65)) + packer.flush()
    picture = PNG[:-12] + chunk(b"iTXt", KEYWORD.encode() + b"\0\1\0\0\0" + bomb) + chunk(b"IEND", b"")
    with pytest.raises(FormatError, match="damaged"):
        network_in(picture, "It")


def test_damaged_pictures_open_or_are_refused(put):
    whole, chance = put(files.to_json(preset("resnet-8"))), random.Random(3)
    for _ in range(300):
        damaged = bytearray(whole[: chance.choice((len(whole), chance.randrange(9, len(whole))))])
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        data = bytes(damaged)
        try:
            files.from_json(network_in(data, "It") if is_picture(data) else data)
        except ResvizError as error:
            assert 0 < len(str(error)) < 400  # noqa: PT017
