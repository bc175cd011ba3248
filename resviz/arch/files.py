"""Architectures as versioned JSON; equal architectures give identical bytes."""

from __future__ import annotations

import graphlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence, Sized
from itertools import pairwise
from pathlib import Path

import msgspec

from resviz.arch import pictures
from resviz.arch.carried import architecture_in
from resviz.arch.composites import SHORTCUTS
from resviz.arch.graph import Architecture, Block, Definition, Wire
from resviz.arch.group_files import (
    WrittenGroup,
    checked_definition,
    checked_groups,
    fields_of_definition,
    fields_of_groups,
)
from resviz.arch.names import natural_key
from resviz.arch.presets import preset
from resviz.arch.spec import Parameter, Value
from resviz.atomic import write_atomically
from resviz.errors import ArchitectureError, CycleError, FormatError, PresetError, ResvizError

FORMAT = "resviz-architecture"
VERSION = 3
"""2: blocks may be bypassed. 3: bottlenecks may have groups; blocks may be folded and defined. A file says
the least that it needs, so that an older resviz opens it too."""
SUFFIXES = (".json", ".py", *pictures.SUFFIXES)
"""Of files that can be opened; Python only if resviz wrote it."""
MOST_BLOCKS = 20_000
"""Of a file; resnet-1202 with each layer drawn by itself has 4,209."""
LARGEST_FILE = 32 * 2**20
"""Bytes; the file of resnet-1202 has about 80,000."""
_MOST_MARKS = {b"{": 6 * MOST_BLOCKS, b'"': 100 * MOST_BLOCKS}
"""Counted before all is read: what holds more is no network, and would keep a person waiting."""
_OTHERS = {
    ".onnx": "ONNX carries no architecture of resviz, open the .json, .py or picture that was saved too",
    ".pdf": "a PDF carries no network, open the .json, or save the picture as PNG or SVG, which do",
}
"""What is written here and cannot be opened again: suffix and why."""
_TOO_MUCH = f"holds more than can be opened: a network has up to {MOST_BLOCKS:,} blocks."


class _Header(msgspec.Struct):
    format: str
    version: int


class _Block(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    kind: str
    params: dict[str, Value] = {}
    position: tuple[float, float] | None = None
    bypassed: bool = False


class _Wire(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    target: str
    source_port: str = "out"
    target_port: str = "in"


class _Definition(msgspec.Struct, forbid_unknown_fields=True):
    blocks: list[_Block]
    entries: list[tuple[str, str]]
    exit: str
    wires: list[_Wire] = []
    doc: str = ""
    twin_memory: dict[str, str] = {}


class _Document(_Header, forbid_unknown_fields=True):
    name: str
    blocks: list[_Block]
    wires: list[_Wire] = []
    twin_memory: dict[str, str] = {}
    groups: dict[str, WrittenGroup] = {}
    definitions: dict[str, _Definition] = {}


def to_json(architecture: Architecture) -> bytes:
    """Return an architecture as UTF-8 JSON, a block or a wire a line.

    Blocks stand in the order of the network (ties in natural order), each parameter is written out.

    Raises:
        FormatError: the name holds characters that no text file can, or there are too many blocks.
    """
    if _size(architecture.blocks, architecture.definitions.values()) > MOST_BLOCKS:
        raise FormatError(
            f"A file holds up to {MOST_BLOCKS:,} blocks, {architecture.name} has more: remove some."
        )
    order = architecture.order()
    rank = {block_id: number for number, block_id in enumerate(order)}
    blocks = [_block_fields(architecture[block_id]) for block_id in order]
    wires = sorted(
        architecture.wires, key=lambda w: (rank[w.source], rank[w.target], w.source_port, w.target_port)
    )
    memory = architecture.memory()
    groups = fields_of_groups(architecture.grouped())
    ordered_memory = {key: memory[key] for key in ["", *order] if key in memory}
    try:
        version = max((_version_of(block) for block in architecture.blocks.values()), default=1)
        if architecture.definitions or groups:
            version = 3
        head = {"format": FORMAT, "version": version, "name": architecture.name}
        lines = [f"{_text(key)}: {_text(value)}" for key, value in head.items()]
        lines.append('"blocks": ' + _list_of_lines(blocks))
        lines.append('"wires": ' + _list_of_lines([_wire_fields(wire) for wire in wires]))
        lines.append('"twin_memory": ' + _text(ordered_memory))
        if groups:
            lines.append('"groups": ' + _map_of_lines(groups))
        if architecture.definitions:
            defined = sorted(architecture.definitions.items(), key=lambda item: natural_key(item[0]))
            lines.append(
                '"definitions": '
                + _map_of_lines(
                    {name: fields_of_definition(each, _block_fields, _wire_fields) for name, each in defined}
                )
            )
    except UnicodeEncodeError:
        raise FormatError("The architecture's name holds half a character: choose another name.") from None
    return ("{\n  " + ",\n  ".join(lines) + "\n}\n").encode()


def from_json(data: bytes | str, where: str = "The file") -> Architecture:
    """Return the architecture written in `data`; `where` begins the sentence that tells of a mistake.

    Raises:
        FormatError: not an architecture, damaged, or written by a newer resviz.
    """
    try:
        if isinstance(data, str):
            data = data.encode()
        data = data.removeprefix(b"\xef\xbb\xbf")  # some editors begin UTF-8 files with a byte order mark
        if len(data) > LARGEST_FILE:
            raise FormatError(f"{where} {_TOO_MUCH}")
        if not data.strip():
            raise FormatError(f"{where} is empty: choose an architecture saved by resviz.")
        try:
            header = msgspec.json.decode(data, type=_Header)
        except msgspec.ValidationError:
            raise FormatError(f"{where} is not an architecture of resviz: choose another file.") from None
        if header.format != FORMAT:
            raise FormatError(f"{where} is not an architecture of resviz, but says {header.format[:40]!r}.")
        if header.version > VERSION:
            raise FormatError(
                f"{where} was written by a newer resviz (format version {header.version}, here is up to "
                f"{VERSION}): update resviz to open it."
            )
        if any(data.count(mark) > most for mark, most in _MOST_MARKS.items()):
            raise FormatError(f"{where} {_TOO_MUCH}")
        if header.version < 1:
            raise FormatError(f"{where} has an impossible format version, {header.version}: it is damaged.")
        return _architecture(msgspec.json.decode(data, type=_Document))
    except FormatError:
        raise
    except msgspec.ValidationError as error:
        raise FormatError(f"{where} is damaged ({_brief(_fault(error))}): use a copy of it.") from None
    except RecursionError:
        raise FormatError(f"{where} is damaged (nested too deeply): use a copy of it.") from None
    except (msgspec.DecodeError, UnicodeError):
        text = data if isinstance(data, str) else data.decode("latin-1")
        if FORMAT in text or text.lstrip().startswith("{"):
            raise FormatError(f"{where} is damaged: use a copy of it.") from None
        raise FormatError(f"{where} is no file of resviz: choose a network saved by it.") from None
    except ResvizError as error:
        raise FormatError(f"{where} holds an impossible architecture: {_brief(str(error))}") from None


def save(architecture: Architecture, path: str | os.PathLike[str]) -> Path:
    """Write an architecture to `path`, whole or not at all; return the path.

    Raises:
        ResvizError: the file cannot be written.
    """
    return write_atomically(path, to_json(architecture))


def load(path: str | os.PathLike[str], notes: list[str] | None = None) -> Architecture:
    """Read an architecture from a file, or from a folder (a run) that holds an `architecture.json`.

    The file may be a picture that carries its network, or Python that resviz wrote, which is not run. What a
    person should know of what is opened is appended to `notes`, a sentence each.

    Raises:
        FormatError: missing, unreadable, or not an architecture.
    """
    target = Path(path)
    try:
        if target.is_dir():
            target /= "architecture.json"
            if not target.exists():
                raise FormatError(f"The folder {path} holds no architecture.json: choose a file or a run.")
        if not target.exists():
            raise FormatError(f"There is no file {target}: check its name and folder.")
        if not target.is_file():
            raise FormatError(f"{target} is not a file: choose an architecture saved by resviz.")
        if other := _OTHERS.get(target.suffix.lower()):
            raise FormatError(f"{target}: {other}.")
        if target.stat().st_size > LARGEST_FILE:
            raise FormatError(f"{target} is too large for an architecture: choose one saved by resviz.")
        data = target.read_bytes()
    except OSError as error:
        raise FormatError(
            f"Cannot read {target} ({error.strerror or error}): check its name and permissions."
        ) from None
    except ValueError:  # a null byte in the path
        raise FormatError(f"{str(path)!r} is not a file name: check it.") from None
    if target.suffix.lower() == ".py":
        data, note = architecture_in(data, str(target))
        if note and notes is not None:
            notes.append(note)
    elif pictures.is_picture(data):
        data = pictures.network_in(data, str(target))
    return from_json(data, str(target))


def only_carries(path: Path) -> bool:
    """Return whether a file that can be opened is not to be written as an architecture: it is something else.

    That is a picture, Python, or what a run was trained from.
    """
    carrier = path.suffix.lower() in SUFFIXES and path.suffix.lower() != ".json"
    return carrier or (path.name == "architecture.json" and (path.parent / "recipe.json").exists())


def open_architecture(text: str, notes: list[str] | None = None) -> Architecture:
    """Return the preset called `text`, or else the architecture in that file; `notes` as in `load`.

    Raises:
        PresetError: neither a preset nor a file.
        FormatError: a file, but not an architecture.
    """
    try:
        return preset(text)
    except PresetError:
        path_like = text.lower().endswith(SUFFIXES) or os.sep in text or (os.altsep or os.sep) in text
        if path_like or _exists(text):
            return load(text, notes)
        raise


def _exists(text: str) -> bool:
    try:
        return bool(text) and Path(text).exists()
    except (OSError, ValueError):  # too long or unusable as a path
        return False


def _size(blocks: Sized, definitions: Iterable[_Definition | Definition]) -> int:
    return len(blocks) + sum(len(definition.blocks) for definition in definitions)


def _architecture(document: _Document) -> Architecture:
    if _size(document.blocks, document.definitions.values()) > MOST_BLOCKS:
        raise ArchitectureError(f"more than {MOST_BLOCKS:,} blocks are too many to be opened.")
    architecture = _graph(document.name, document.blocks, document.wires)
    for key, value in document.twin_memory.items():
        if key and (key not in architecture or architecture[key].shortcut is None):
            raise ArchitectureError(f"Twin memory names {key!r}, which is no block with a shortcut.")
        if key and value not in SHORTCUTS:
            raise ArchitectureError(f"Twin memory says {value!r} of {key!r}, which is no shortcut.")
    architecture.twin_memory = dict(document.twin_memory)
    architecture.twin_memory = architecture.memory()
    for name, each in document.definitions.items():
        piece = _graph(name, each.blocks, each.wires)
        raw = Definition((), (), tuple(each.entries), each.exit, each.doc, each.twin_memory)
        architecture.definitions[name] = checked_definition(name, raw, piece)
    architecture.groups = checked_groups(architecture, document.groups)
    return architecture


def _graph(name: str, blocks: Sequence[_Block], written: Sequence[_Wire]) -> Architecture:
    architecture = Architecture(name)
    for block in blocks:
        architecture.insert(Block(block.id, block.kind, block.params, block.position, block.bypassed))
    wires = [Wire(w.source, w.target, w.source_port, w.target_port) for w in written]
    # In the order of their sources, wires need no search for cycles: their targets lead nowhere yet.
    sources: dict[str, set[str]] = {}
    for wire in wires:
        sources.setdefault(wire.target, set()).add(wire.source)
    try:
        order = list(graphlib.TopologicalSorter(sources).static_order())
    except graphlib.CycleError as error:
        # A file names blocks in the order of the network: the wire that goes back is the one to blame.
        place = {block.id: number for number, block in enumerate(blocks)}
        circle = list(pairwise(error.args[1]))
        source, target = max(circle, key=lambda ends: place.get(ends[0], 0) - place.get(ends[1], 0))
        raise CycleError(f"A wire from {source!r} to {target!r} would close a circle.") from None
    rank = {block_id: number for number, block_id in enumerate(order)}
    for wire in sorted(wires, key=lambda wire: rank.get(wire.source, 0)):
        architecture.connect(wire)
    return architecture


def _is_written(parameter: Parameter, block: Block) -> bool:
    return parameter.since == 1 or block.params[parameter.name] != parameter.default


def _version_of(block: Block) -> int:
    """Return the first version of the format that can say what a block is."""
    needed = [parameter.since for parameter in block.spec.parameters if _is_written(parameter, block)]
    return max(2 if block.bypassed else 1, *needed, 1)


def _block_fields(block: Block) -> dict[str, object]:
    params = {p.name: block.params[p.name] for p in block.spec.parameters if _is_written(p, block)}
    fields: dict[str, object] = {"id": block.id, "kind": block.kind, "params": params}
    if block.position is not None:
        # Equal numbers must look equal: 0, 0.0 and -0.0 become 0.0.
        fields["position"] = [float(value) + 0.0 for value in block.position]
    if block.bypassed:
        fields["bypassed"] = True
    return fields


def _wire_fields(wire: Wire) -> dict[str, object]:
    fields: dict[str, object] = {"source": wire.source, "target": wire.target}
    if wire.source_port != "out":
        fields["source_port"] = wire.source_port
    if wire.target_port != "in":
        fields["target_port"] = wire.target_port
    return fields


def _list_of_lines(items: Sequence[object]) -> str:
    return "[\n    " + ",\n    ".join(_text(item) for item in items) + "\n  ]" if items else "[]"


def _map_of_lines(items: Mapping[str, object]) -> str:
    lines = (f"{_text(key)}: {_text(value)}" for key, value in items.items())
    return "{\n    " + ",\n    ".join(lines) + "\n  }"


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _brief(sentence: str) -> str:
    """Return a sentence in one line, without the middle of what a file put into it."""
    sentence = "".join(letter if letter.isprintable() else " " for letter in sentence)
    words = re.sub(r"\S{60,}", lambda word: f"{word[0][:40]}…{word[0][-3:]}", sentence)
    return words if len(words) <= 300 else f"{words[:200]} … {words[-90:]}"


def _fault(error: msgspec.ValidationError) -> str:
    """Return what is wrong with a document's fields, in our words: the library's are about types."""
    text = str(error)
    at = re.search(r"at `\$\.?([^`]*)`", text)
    place = f" of {at[1][:80]}" if at and at[1] else ""
    named = re.search(r"(missing required|unknown) field `([^`]*)`", text)
    if named:
        verb = "is missing" if named[1].startswith("missing") else "is not known to resviz"
        return f"the field {named[2][:40]}{place} {verb}"
    return f"the value{place} cannot be used"
