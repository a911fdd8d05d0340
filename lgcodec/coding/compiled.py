"""Loops in machine code: over single symbols, which depend on each other, and over samples.

Entropy coding has no vectors: a symbol is known when the one before it is. numba compiles such a
loop when it is first called and keeps the result beside the source, or in the user's cache folder.
What it keeps is as old as the file of the loop: of other files, loops use constants of the format
alone, and everything else comes as an argument.
"""

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
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

    Nor can LLVM pass on what Python raises that it calls while it compiles: see `_heeding`.
    """

    def compile(self, sig: Any) -> Any:
        with _heeding():
            return super().compile(sig)

    def __call__(self, *arguments: Any) -> Any:
        try:
            return super().__call__(*arguments)
        except SystemError as error:
            if isinstance(error.__cause__, KeyboardInterrupt):
                raise error.__cause__ from None
            raise


@contextmanager
def _heeding() -> Iterator[None]:
    """End with what Ctrl-C raised meanwhile, whatever became of it.

    Where it is lost numba goes on, or misses what should have been made and tells of that; and
    Python tells of the loss on stderr.
    """
    handler, tell = signal.getsignal(signal.SIGINT), sys.unraisablehook
    if not callable(handler) or current_thread() is not main_thread():  # others get no signals
        yield
        return
    raised: list[BaseException] = []

    def heed(number: int, frame: FrameType | None) -> None:
        try:
            handler(number, frame)
        except BaseException as error:
            raised.append(error)
            raise

    def tell_of_others(lost: Any) -> None:
        if lost.exc_value not in raised:
            tell(lost)

    signal.signal(signal.SIGINT, heed)
    sys.unraisablehook = tell_of_others
    try:
        yield
    except Exception:
        if not raised:
            raise
    finally:
        sys.unraisablehook = tell
        if signal.getsignal(signal.SIGINT) is heed:  # else the handler has set another
            signal.signal(signal.SIGINT, handler)
    if raised:
        raise raised[0] from None


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
