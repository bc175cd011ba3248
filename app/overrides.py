"""What PySide6 does with an exception that leaves an overridden method, on Python 3.11."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

from shiboken6 import Shiboken

_NORMAL_SINCE = (3, 12)
"""From here on Python itself makes an exception whole as soon as it is raised."""


def make_errors_whole() -> None:
    """Let exceptions leave the methods of Qt that classes made from now on override; needed on Python 3.11.

    One raised by C code (`"x".split()` unpacked into two, an index out of range) is only a class and a text
    there until somebody catches it. PySide6 6.8 to 6.11 take the text for an exception, and the process dies
    of a segmentation fault where a sentence should have been shown. Catching and raising it makes it whole.
    """
    if sys.version_info < _NORMAL_SINCE and "__init_subclass__" not in vars(Shiboken.Object):
        setattr(Shiboken.Object, "__init_subclass__", classmethod(_wrap_overrides))  # noqa: B010


def _wrap_overrides(cls: Any, /, **options: Any) -> None:
    super(Shiboken.Object, cls).__init_subclass__(**options)
    for name, method in list(vars(cls).items()):
        if isinstance(method, FunctionType) and _overrides(cls, name):
            setattr(cls, name, _whole(method))


def _overrides(cls: Any, name: str) -> bool:
    return any(type(vars(base).get(name)).__name__ == "method_descriptor" for base in cls.__mro__[1:])


def _whole(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def method_with_whole_errors(*arguments: Any, **named: Any) -> Any:
        try:
            return method(*arguments, **named)
        except BaseException:
            raise

    return method_with_whole_errors
