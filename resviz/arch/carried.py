"""The architecture that an exported module carries, as comments at its end.

A file of Python is never run, compiled or parsed to open it: the comments are looked for as text.
"""

from __future__ import annotations

from hashlib import sha256

from resviz.errors import FormatError

_MARK = "# resviz-architecture"
_ABOUT = "# What this code was written from: resviz opens it, and the code is not run for that."
_DIGEST = "# Its SHA-256 (of the lines above): "


def with_architecture(code: str, document: bytes) -> str:
    """Return `code` with a document (JSON) behind it, in comments."""
    lines = [_MARK, _ABOUT, _DIGEST + _digest(code.encode())]
    lines += [f"# {line}" for line in document.decode().rstrip("\n").split("\n")]
    return f"{code.rstrip()}\n\n\n" + "\n".join(lines) + "\n"


def architecture_in(data: bytes, where: str) -> tuple[bytes, str]:
    """Return the document that a file of Python carries, and a note if its code was changed ("" if not).

    Raises:
        FormatError: it carries none.
    """
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    code, mark, rest = data.rpartition(f"\n{_MARK}\n".encode())
    lines = rest.split(b"\n")
    about = [line for line in lines[:2] if line.startswith(_DIGEST.encode())]
    carried = []
    for line in lines[2:] if mark and about else []:
        if not line.startswith(b"#"):
            break
        carried.append(line[1:])
    if not carried:
        raise FormatError(
            f"{where} carries no architecture: choose a file of Python that resviz wrote, or a saved network."
        )
    changed = about[0][len(_DIGEST) :].strip() != _digest(code).encode()
    note = (
        f"The code in {where} was changed by hand: what is opened is the network that it was written from."
        if changed
        else ""
    )
    return b"\n".join(carried), note


def _digest(code: bytes) -> str:
    return sha256(code.strip()).hexdigest()
