"""The catalogue: every kind of block, by name."""

from __future__ import annotations

from difflib import get_close_matches

from resviz.arch import composites, layers
from resviz.arch.spec import Kind
from resviz.errors import UnknownBlockError

CATALOGUE: dict[str, Kind] = {kind.name: kind for kind in (*composites.KINDS, *layers.KINDS)}


def kind_of(name: str) -> Kind:
    """Return the kind called `name`.

    Raises:
        UnknownBlockError: there is none.
    """
    try:
        return CATALOGUE[name]
    except KeyError:
        close = get_close_matches(name[:40], CATALOGUE, 1)
        hint = f" Did you mean {close[0]!r}?" if close else f" Known kinds: {', '.join(CATALOGUE)}."
        raise UnknownBlockError(f"There is no kind of block called {name[:40]!r}.{hint}") from None
