"""Pictures that carry their network: its JSON inside a PNG, in a compressed text chunk, or inside an SVG.

PNG: https://www.w3.org/TR/png-3/#11iTXt. Nothing else of a picture is looked at.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Iterator
from html import escape
from itertools import islice
from xml.parsers import expat

from resviz.errors import FormatError

KEYWORD = "resviz-architecture"
"""Of the PNG's chunk; the SVG's element is called so."""
SUFFIXES = (".png", ".svg")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = KEYWORD.encode() + b"\0\1\0\0\0"  # compressed, by zlib, in no language, without a translated keyword
_LARGEST = 64 * 2**20
"""Bytes of JSON; more is not unpacked."""
_MOST_CHUNKS, _MOST_PARTS = 10_000, 500_000
"""Of a PNG and an SVG: a picture of 20,000 blocks has fewer, and more would keep a person waiting."""
_NAMESPACE = "urn:resviz"
_BEGIN, _END = f'<metadata><r:{KEYWORD} xmlns:r="{_NAMESPACE}">', f"</r:{KEYWORD}></metadata>"


def is_picture(data: bytes) -> bool:
    """Return whether a file's bytes are those of a picture that may carry a network."""
    return data.startswith(_SIGNATURE) or data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def put_into_png(picture: bytes, network: bytes) -> bytes:
    """Return a PNG picture that carries a network's JSON; it looks the same."""
    end = picture.rindex(b"IEND") - 4
    body = _HEAD + zlib.compress(network, 9)
    return picture[:end] + _chunk(b"iTXt", body) + picture[end:]


def put_into_svg(picture: bytes, network: bytes) -> bytes:
    """Return an SVG drawing that carries a network's JSON; it looks the same."""
    # ASCII alone: XML has no place for some characters that JSON may hold.
    ascii_only = re.sub(r"[^\n -~]", lambda found: json.dumps(found[0])[1:-1], network.decode())
    inside = escape(ascii_only, quote=False)
    end = picture.rindex(b"</svg>")
    return picture[:end] + f"{_BEGIN}{inside}{_END}\n".encode() + picture[end:]


def network_in(picture: bytes, where: str) -> bytes:
    """Return the JSON that a picture carries; `where` begins the sentence that tells what is wrong.

    Raises:
        FormatError: it carries none, or is damaged.
    """
    found = _in_png(picture, where) if picture.startswith(_SIGNATURE) else _in_svg(picture, where)
    if found is None:
        raise FormatError(
            f"{where} carries no network: choose one saved by resviz and not changed by another program."
        )
    return found


def _in_png(picture: bytes, where: str) -> bytes | None:
    for kind, body, whole in islice(_chunks(picture), _MOST_CHUNKS):
        if kind == b"iTXt" and body.startswith(_HEAD):
            found = _unpacked(body[len(_HEAD) :]) if whole else None
            if found is None:
                raise FormatError(f"The network in {where} is damaged: use a copy of the picture.")
            return found
    return None


def _unpacked(packed: bytes) -> bytes | None:
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(packed, _LARGEST)
    except zlib.error:
        return None
    return found if unpacker.eof else None


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield kind and content of each chunk, and whether it is as it was written."""
    at = len(_SIGNATURE)
    while at + 12 <= len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        kind, end = picture[at + 4 : at + 8], at + 8 + length
        body, check = picture[at + 8 : end], picture[end : end + 4]
        yield kind, body, check == _check(kind, body)
        at = end + 4


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + _check(kind, body)


def _check(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(kind + body))


class _RefusedError(Exception):
    """A drawing without end: of countless parts, or of entities, which can grow and which ours have not."""


def _in_svg(picture: bytes, where: str) -> bytes | None:
    pieces: list[str] = []
    ours = f"{_NAMESPACE} {KEYWORD}"
    parts = 0

    def begin(name: str, _attributes: dict[str, str]) -> None:
        nonlocal parts
        parts += 1
        if parts > _MOST_PARTS:
            raise _RefusedError(f"has more than {_MOST_PARTS:,} parts, which no drawing of resviz has.")
        if name == ours and not pieces:
            pieces.append("")
            parser.CharacterDataHandler, parser.EndElementHandler = pieces.append, end

    def end(name: str) -> None:
        if name == ours:
            parser.CharacterDataHandler = parser.EndElementHandler = None

    def refuse(*_declaration: object) -> None:
        raise _RefusedError("declares entities of XML, which no drawing of resviz does.")

    parser = expat.ParserCreate("utf-8", " ")  # whatever it declares: an unknown encoding would be looked for
    parser.buffer_text = True
    parser.StartElementHandler = begin
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(picture, True)
    except _RefusedError as refusal:
        raise FormatError(f"{where} {refusal}") from None
    except (expat.ExpatError, ValueError):
        raise FormatError(f"{where} is damaged, or no SVG drawing: use a copy of it.") from None
    return "".join(pieces).encode() if pieces else None
