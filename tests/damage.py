"""Damaged files of architectures, from a number each; and what must hold when one is opened."""

from __future__ import annotations

import base64
import contextlib
import json
import random
import signal
import sys
import time
import zlib
from collections.abc import Callable, Iterable
from functools import cache

from resviz.arch import files
from resviz.arch.carried import with_architecture
from resviz.arch.cost import cost_of
from resviz.arch.defining import defined
from resviz.arch.field import ruler
from resviz.arch.files import from_json, load, to_json
from resviz.arch.folding import folded
from resviz.arch.layout import arrange
from resviz.arch.mends import mended
from resviz.arch.pictures import put_into_png, put_into_svg
from resviz.arch.presets import preset
from resviz.arch.shapes import infer
from resviz.arch.source import python_source
from resviz.arch.twin import twin
from resviz.errors import FormatError, ResvizError
from tests.arch.documents import loose_unit
from tests.arch.test_pictures import PNG, SVG, chunk
from tests.arch.test_source import mixed, odd_names

SLOWEST = 1.0
"""Seconds of processor time that any one step may take."""

HOSTILE = (
    "", " ", ".", "..", "a..b", "../../etc/passwd", "C:\\CON", "__class__", "__import__('os').system('true')",
    "{0.__class__}", "%s%n", "a\n", "\u202e", "\x00", "\x1b[2J", "<script>", "$(true)", "😀" * 20, "a" * 101,
    "stage1." * 30, "é", "e\u0301", "input", "forward", "resviz-architecture", "None", "nan", "-1", "\ud800",
)  # fmt: skip
VALUES = (
    None, True, False, 0, -1, 1, 2, 10**30, -(10**400), 1e308, -1e308, 5e-324, 0.5, float("nan"),
    float("inf"), "", "A", "none", "add", "conv", [], {}, [[]], [None], {"": {}}, [1e308, -1e308], [0, 0],
    {"id": "a"},
)  # fmt: skip


@cache
def originals() -> tuple[bytes, ...]:
    """Return sound documents of every sort."""
    unit = twin(loose_unit(channels=32, stride=2, shortcut="B"))
    unit.set_bypassed("unit.norm1", True)
    stacked, _ = folded(preset("resnext50_32x4d"), preset("resnext50_32x4d").blocks)
    made, _ = defined(loose_unit(), ["unit.conv1", "unit.norm1", "unit.relu1"], "mine")
    sound = (unit, stacked, made, mixed(), odd_names(), preset("plain-20"), preset("preact-20-w4"))
    return tuple(map(to_json, sound))


def _in_python(document: bytes) -> bytes:
    carrier = with_architecture("import torch", b"@").encode()
    return carrier.replace(b"# @", b"\n".join(b"# " + line for line in document.split(b"\n")))


def _in_svg(document: bytes) -> bytes:
    return put_into_svg(SVG, b"@").replace(b"@", document.replace(b"&", b"&amp;").replace(b"<", b"&lt;"))


_CONTAINERS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    (".json", bytes),
    (".json", bytes),
    (".py", _in_python),
    (".png", lambda document: put_into_png(PNG, document)),
    (".svg", _in_svg),
)


def damaged(number: int) -> tuple[str, str, bytes]:
    """Return the sort of damage, the ending of the file's name, and the file."""
    dice = random.Random(number)
    original, (suffix, packed) = dice.choice(originals()), dice.choice(_CONTAINERS)
    damage = dice.choice((*_OF_BYTES, *_OF_VALUES))
    data = damage(dice, packed(original)) if damage in _OF_BYTES else packed(damage(dice, original))
    return damage.__name__.strip("_"), suffix, data


def _truncated(dice: random.Random, data: bytes) -> bytes:
    return data[: dice.randrange(len(data))]


def _flipped(dice: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _moved(dice: random.Random, data: bytes) -> bytes:
    """Cut out a piece, and put it (or another one) somewhere else, or twice."""
    begin, size = dice.randrange(len(data)), dice.randint(1, 200)
    piece = data[begin : begin + size]
    rest = data[:begin] + data[begin + dice.choice([0, size]) :]
    place = dice.randrange(len(rest) + 1)
    return rest[:place] + piece + rest[place:]


def _file(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _places(tree: object) -> list[tuple[object, object]]:
    """Return container and key of each value."""
    found, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, value in items:
            found.append((node, key))
            waiting.append(value)
    return found


def _retyped(dice: random.Random, data: bytes) -> bytes:
    """Put values of other types, numbers out of all range and whole other documents in some places."""
    tree = json.loads(data)
    for _ in range(dice.randint(1, 4)):
        node, key = dice.choice(_places(tree))
        node[key] = dice.choice([*VALUES, json.loads(originals()[0])] if dice.random() < 0.1 else VALUES)
    return _file(json.dumps(tree, indent=1, ensure_ascii=dice.random() < 0.5))


def _swapped(dice: random.Random, data: bytes) -> bytes:
    """Exchange values, drop some, and give some to fields of another name."""
    tree = json.loads(data)
    for _ in range(dice.randint(1, 4)):
        (one, key), (other, place) = dice.choice(_places(tree)), dice.choice(_places(tree))
        kept = json.loads(json.dumps([one[key], other[place]]))
        match dice.randrange(3):
            case 0:
                one[key], other[place] = kept[1], kept[0]
            case 1:
                del one[key]
            case _ if isinstance(one, dict):
                one[str(place)] = kept[1]
    return _file(json.dumps(tree, indent=1))


def _renamed(dice: random.Random, data: bytes) -> bytes:
    """Give blocks, groups, kinds, fields and the network hostile names, everywhere alike or in one place."""
    tree = json.loads(data)
    name = dice.choice(HOSTILE)
    if dice.random() < 0.5:
        old = dice.choice([node[key] for node, key in _places(tree) if isinstance(node[key], str)])
        for node, key in _places(tree):
            if node[key] == old:
                node[key] = name
    else:
        node, key = dice.choice(_places(tree))
        if isinstance(node, dict):
            node[name] = node.pop(key)
        else:
            node[key] = name
    return _file(json.dumps(tree, indent=1, ensure_ascii=dice.random() < 0.5))


def _nested(dice: random.Random, data: bytes) -> bytes:
    """Nest arrays or objects far deeper than anything reads."""
    tree = json.loads(data)
    node, key = dice.choice(_places(tree))
    node[key] = "DEEP"
    depth = dice.choice([50, 1000, 100_000, 1_000_000])
    opening, closing = dice.choice([("[", "]"), ('{"a":', "}"), ('{"blocks":[', "]}")])
    deep = opening * depth + "0" + closing * dice.choice([0, depth])
    return _file(json.dumps(tree, indent=1).replace('"DEEP"', deep))


def _swollen(dice: random.Random, data: bytes) -> bytes:
    """Put a huge text or number in some place."""
    tree = json.loads(data)
    node, key = dice.choice(_places(tree))
    node[key] = "HUGE"
    size = dice.choice([1000, 100_000, 3_000_000])
    huge = dice.choice(
        ['"' + "x" * size + '"', "9" * size, "-" + "9" * size + "e9", "0." + "3" * size, "1e" + "9" * size]
    )
    return _file(json.dumps(tree, indent=1).replace('"HUGE"', huge))


def _doubled(dice: random.Random, data: bytes) -> bytes:
    """Say a field or an entry twice."""
    tree = json.loads(data)
    text = json.dumps(tree, indent=1)
    lines = text.split("\n")
    for _ in range(dice.randint(1, 3)):
        number = dice.randrange(len(lines))
        lines.insert(number, lines[dice.choice([number, dice.randrange(len(lines))])])
    return _file("\n".join(lines))


def _encoded(dice: random.Random, data: bytes) -> bytes:
    """Write it as something other than UTF-8."""
    text = data.decode()
    match dice.randrange(6):
        case 0:
            return text.encode(dice.choice(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7"]))
        case 1:
            return text.encode("cp500", "replace")
        case 2:
            return zlib.compress(data)
        case 3:
            return base64.b64encode(data)
        case 4:
            return data.replace(b"\n", b"\r" if dice.random() < 0.5 else b"\r\n")
        case _:
            return text.replace("e", "é").encode("latin-1", "replace")


def _rewired(dice: random.Random, data: bytes) -> bytes:
    """Lead wires back, to themselves, to what is not there."""
    tree = json.loads(data)
    names = [block["id"] for block in tree["blocks"]] + ["nothing"]
    for _ in range(dice.randint(1, 5)):
        wire = {"source": dice.choice(names), "target": dice.choice(names)}
        if dice.random() < 0.5:
            wire["target_port"] = dice.choice(["in", "branch", "shortcut", "out", ""])
        if dice.random() < 0.5 and tree["wires"]:
            tree["wires"][dice.randrange(len(tree["wires"]))] = wire
        else:
            tree["wires"].insert(0, wire)
    dice.shuffle(tree["wires"])
    return _file(json.dumps(tree, indent=1))


def _reworked(dice: random.Random, data: bytes) -> bytes:
    """Change what blocks are: sound JSON, and a network with problems at the most."""
    tree = json.loads(data)
    for _ in range(dice.randint(1, 6)):
        block = dice.choice(tree["blocks"])
        numbers = [key for key, value in block.get("params", {}).items() if type(value) is int]
        match dice.randrange(4):
            case 0 if numbers:
                block["params"][dice.choice(numbers)] = dice.choice([1, 2, 3, 7, 16, 31, 1024, 4096, 16384])
            case 1:
                block["bypassed"] = not block.get("bypassed", False)
            case 2:
                block["kind"], block["params"] = (
                    dice.choice(["relu", "add", "flatten", "input", "linear"]),
                    {},
                )
            case _:
                tree["blocks"].remove(block)
                tree["wires"] = [w for w in tree["wires"] if block["id"] not in (w["source"], w["target"])]
                if not tree["blocks"]:
                    break
    return _file(json.dumps(tree, indent=1))


def _noise(dice: random.Random, data: bytes) -> bytes:
    return dice.randbytes(dice.randint(0, 3000))


_OF_BYTES = (_truncated, _flipped, _moved, _noise)
_OF_VALUES = (_encoded, _retyped, _swapped, _renamed, _nested, _swollen, _doubled, _rewired, _reworked)


def _relus(count: int) -> list[str]:
    return [f'{{"id":"r{number}","kind":"relu"}}' for number in range(count)]


def _chain(count: int) -> list[str]:
    return [f'{{"source":"r{number}","target":"r{number + 1}"}}' for number in range(count - 1)]


def _document(blocks: Iterable[str] = (), wires: Iterable[str] = (), **maps: Iterable[str]) -> bytes:
    fields = [f'"format":"{files.FORMAT}","version":3,"name":"x"']
    fields += [f'"blocks":[{",".join(blocks)}]', f'"wires":[{",".join(wires)}]']
    fields += [f'"{name}":{{{",".join(entries)}}}' for name, entries in maps.items()]
    return ("{" + ",".join(fields) + "}").encode()


_MOST, _ROOM = files.MOST_BLOCKS, files.LARGEST_FILE - 300
FLOODS: dict[str, Callable[[], bytes]] = {
    "a million blocks": lambda: _document(_relus(1_000_000)),
    "a block too many": lambda: _document(_relus(_MOST + 1)),
    "as many blocks as may be": lambda: _document(_relus(_MOST), _chain(_MOST)),
    "a circle of as many": lambda: _document(
        _relus(_MOST), [*_chain(_MOST), f'{{"source":"r{_MOST - 1}","target":"r0"}}']
    ),
    "wires without end": lambda: _document(_relus(2), ['{"source":"r0","target":"r1"}'] * (_ROOM // 31)),
    "groups without end": lambda: _document(
        groups=[f'"{number}":{{"members":["r0"]}}' for number in range(_ROOM // 30)]
    ),
    "members without end": lambda: _document(
        groups=['"g":{"members":["r0"' + ',"r0"' * (_ROOM // 5 - 50) + "]}"]
    ),
    "definitions without end": lambda: _document(
        definitions=[f'"{number}":{{"blocks":[],"entries":[],"exit":""}}' for number in range(_ROOM // 50)]
    ),
    "blocks of a definition": lambda: _document(
        definitions=[f'"d":{{"entries":[["r0","in"]],"exit":"r0","blocks":[{",".join(_relus(800_000))}]}}']
    ),
    "memory without end": lambda: _document(twin_memory=[f'"m{n}":"A"' for n in range(_ROOM // 16)]),
    "parameters without end": lambda: _document(
        ['{"id":"a","kind":"relu","params":{' + ",".join(f'"p{n}":1' for n in range(_ROOM // 13)) + "}}"]
    ),
    "nothing but brackets": lambda: b"[" * _ROOM,
    "nothing but spaces": lambda: b" " * _ROOM,
    "one name": lambda: _document([f'{{"id":"{"x" * _ROOM}","kind":"relu"}}']),
    "too large": lambda: b" " * (files.LARGEST_FILE + 1),
    "a picture that swells": lambda: put_into_png(PNG, b" " * 2**30),
    "a picture of empty pieces": lambda: PNG[:-12] + chunk(b"tEXt", b"") * (_ROOM // 12),
    "a drawing of many parts": lambda: SVG.replace(b"<title>", b"<a/>" * (_ROOM // 4) + b"<title>"),
    "a drawing with a long text": lambda: put_into_svg(SVG, b"x" * _ROOM),
    "a deep drawing": lambda: SVG.replace(b"<title>", b"<a>" * (_ROOM // 3) + b"<title>"),
}
"""Files of up to the largest size that are well formed, and far too much."""


class HangError(Exception):
    """A step took much too long."""


class Watch:
    """Says of what happens inside `with watch:` whether code was run or anything but a file was opened."""

    _EVENTS = ("exec", "compile", "import", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen",
               "socket.connect", "pickle.find_class", "ctypes.dlopen", "os.remove", "os.rename")  # fmt: skip

    def __init__(self) -> None:
        self._armed = False
        self.seen: list[str] = []
        from_json(originals()[2])  # the decoder is made when it is first used
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[object, ...]) -> None:
        if self._armed and (event in self._EVENTS or (event == "open" and args[1] not in ("r", "rb", None))):
            self.seen.append(f"{event} {args!r:.200}")

    def __enter__(self) -> None:
        self._armed = True

    def __exit__(self, *_: object) -> None:
        self._armed = False


@contextlib.contextmanager
def _limited(step: str, times: dict[str, float]):
    """Note the processor time of a step; stop it where it does not end."""

    def stop(*_):
        raise HangError(f"{step} does not end")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 10 * SLOWEST)
    begin = time.thread_time()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        times[step] = max(times.get(step, 0.0), time.thread_time() - begin)


def outcome(path, watch: Watch, times: dict[str, float], document=None) -> str:
    """Open a file as the program would; return "refused", "sound" or "problems".

    Raises:
        AssertionError, HangError, or whatever the program raises that it should not.
    """
    with watch, _limited("load", times):
        try:
            architecture = load(path)
        except FormatError as error:
            sentence = str(error)
            assert "\n" not in sentence, sentence
            assert sentence[-1] in ".?", sentence
            assert len(sentence) < 600 + len(str(path)), sentence
            return "refused"
    with _limited("write", times):
        data = to_json(architecture)
    with _limited("read again", times):
        assert from_json(data) == architecture
    with _limited("infer", times):
        inference = infer(architecture)
    with _limited("cost", times):
        cost_of(architecture, inference)
    with _limited("layout", times):
        arrange(architecture)
    with _limited("ruler", times):
        ruler(architecture, inference)
    with _limited("twin", times):
        twin(architecture)
    if document is not None:
        with _limited("document", times):
            document(architecture)
    if len(architecture.blocks) < 1000:
        with _limited("code", times), contextlib.suppress(ResvizError):
            python_source(architecture)
        if inference.problems:
            with _limited("mend", times):
                mended(architecture)
    for problem in inference.problems:
        assert problem.message
        assert "\n" not in problem.message + problem.mend
    return "problems" if inference.problems else "sound"
