"""Loops in machine code: over single symbols, which depend on each other, and over samples.

Entropy coding has no vectors: a symbol is known when the one before it is. numba compiles such a
loop when it is first called and keeps the result beside the source, or in the user's cache folder.
What it keeps is as old as the file of the loop: of other files, loops use constants of the format
alone, and everything else comes as an argument.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, final

from numba import njit
from numba.core.registry import CPUDispatcher

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


@final
class _Interruptible(CPUDispatcher):
    """A compiled loop that Ctrl-C leaves with KeyboardInterrupt.

    numba makes a tuple of results with the help of Python, where a signal is heeded that came while
    the loop ran. It does not look whether that failed, and Python tells of a SystemError then.
    """

    def __call__(self, *arguments: Any) -> Any:
        try:
            return super().__call__(*arguments)
        except SystemError as error:
            if isinstance(error.__cause__, KeyboardInterrupt):
                raise error.__cause__ from None
            raise


def _kept(loop: Loop, options: Mapping[str, Any]) -> Loop:
    try:
        made = njit(cache=True, **options)(loop)
    except RuntimeError:  # no folder that can be written to
        made = njit(**options)(loop)
    if isinstance(made, CPUDispatcher):  # not with NUMBA_DISABLE_JIT
        made.__class__ = _Interruptible  # unlike a function around it, loops can call it
    return made  # type: ignore[no-any-return]


def inlined(part: Loop) -> Loop:
    """A part of loops: a call of its own would pass a dozen arrays for a few operations."""
    return njit(inline="always", **OPTIONS)(part)  # type: ignore[no-any-return]
