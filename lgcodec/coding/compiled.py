"""Loops over single symbols, which depend on each other, in machine code.

Entropy coding has no vectors: a symbol is known when the one before it is. numba compiles such a
loop when it is first called and keeps the result beside the source, or in the user's cache folder.
What it keeps is as old as the file of the loop: of other files, loops use constants of the format
alone, and everything else comes as an argument.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

__all__ = ["compiled", "inlined"]

Loop = TypeVar("Loop", bound=Callable[..., Any])
OPTIONS: Any = {"nogil": True, "error_model": "numpy"}  # of numbers that do not divide by 0


def compiled(loop: Loop) -> Loop:
    """`loop`, compiled; where nothing can be kept, in every process anew."""
    try:
        return njit(cache=True, **OPTIONS)(loop)  # type: ignore[no-any-return]
    except RuntimeError:  # no folder that can be written to
        return njit(**OPTIONS)(loop)  # type: ignore[no-any-return]


def inlined(part: Loop) -> Loop:
    """A part of loops: a call of its own would pass a dozen arrays for a few operations."""
    return njit(inline="always", **OPTIONS)(part)  # type: ignore[no-any-return]
