"""Loops in machine code: over single symbols, which depend on each other, and over samples.

Entropy coding has no vectors: a symbol is known when the one before it is. numba compiles such a
loop when it is first called and keeps the result beside the source, or in the user's cache folder.
What it keeps is as old as the file of the loop: of other files, loops use constants of the format
alone, and everything else comes as an argument.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from numba import njit

__all__ = ["compiled", "inlined", "vectorised"]

Loop = TypeVar("Loop", bound=Callable[..., Any])
OPTIONS: Any = {"nogil": True, "error_model": "numpy"}  # of numbers that do not divide by 0
# Sums in any order, a product and a sum as one operation; numbers that are none stay none.
VECTORS: Any = {**OPTIONS, "fastmath": {"contract", "nsz", "reassoc"}}


def compiled(loop: Loop) -> Loop:
    """`loop`, compiled; where nothing can be kept, in every process anew."""
    return _kept(loop, OPTIONS)


def vectorised(loop: Loop) -> Loop:
    """The same of loops over floats side by side.

    Unless all sums are exact, last bits differ between machines.
    """
    return _kept(loop, VECTORS)


def _kept(loop: Loop, options: Mapping[str, Any]) -> Loop:
    try:
        return njit(cache=True, **options)(loop)  # type: ignore[no-any-return]
    except RuntimeError:  # no folder that can be written to
        return njit(**options)(loop)  # type: ignore[no-any-return]


def inlined(part: Loop) -> Loop:
    """A part of loops: a call of its own would pass a dozen arrays for a few operations."""
    return njit(inline="always", **OPTIONS)(part)  # type: ignore[no-any-return]
