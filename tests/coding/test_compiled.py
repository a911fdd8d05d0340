"""Compiled loops where there is a folder to keep them in, and where there is none."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numba import njit
from numba.extending import overload
from numpy.typing import NDArray

from lgcodec.coding import compiled

SIGNAL = ctypes.CDLL(None)["raise"]  # which a loop can call
SIGNAL.argtypes, SIGNAL.restype = [ctypes.c_int], ctypes.c_int


@pytest.fixture
def heeds_ctrl_c() -> Iterator[None]:
    """As every process that nobody started in the background."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


def total(most: int) -> int:
    found = 0
    for number in range(most):
        found += number
    return found


def test_a_loop_gives_what_it_gave() -> None:
    assert compiled.compiled(total)(10) == compiled.vectorised(total)(10) == total(10) == 45


def one_more(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    return values + 1, 5


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_ctrl_c_while_a_loop_runs() -> None:
    """Ends it as Python does, also one that gives several things; loops can call it."""
    inner = compiled.compiled(one_more)

    def interrupted(number: int, values: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
        SIGNAL(number)
        return inner(values)

    loop = njit(nogil=True)(interrupted)
    loop.__class__ = type(inner)  # what numba keeps on disk holds no address of a function
    values = np.arange(3)
    with pytest.raises(KeyboardInterrupt):
        loop(int(signal.SIGINT), values)
    found, number = loop(0, values)
    assert (found.tolist(), number) == ([1, 2, 3], 5)


def interrupt() -> None:
    """Ctrl-C in what C calls, from where Python can raise nothing: as in what LLVM calls."""
    ctypes.CFUNCTYPE(None)(lambda: signal.raise_signal(signal.SIGINT))()


def seven() -> int:
    return 7


def eight() -> int:
    return 8


@overload(seven)
def seven_compiled() -> Any:  # as numba compiles what calls it
    interrupt()
    return seven


@overload(eight)
def eight_compiled() -> Any:
    interrupt()
    raise RuntimeError("something was not made")


@pytest.mark.usefixtures("heeds_ctrl_c")
@pytest.mark.parametrize("part", [lambda: seven() + 1, lambda: eight() + 1])
def test_ctrl_c_while_a_loop_is_compiled(part: Callable[[], int]) -> None:
    """Ends it where numba goes on and where it fails; nothing is told on stderr."""
    inner = njit(part)
    outer = njit(lambda: inner() + 1)
    for loop in (inner, outer):
        loop.__class__ = type(compiled.compiled(total))  # nothing is kept of them on disk
    hook = sys.unraisablehook
    with pytest.raises(KeyboardInterrupt):
        outer()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert sys.unraisablehook is hook


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_what_else_is_lost_meanwhile_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a handler that sets another one is not undone."""
    told, calls = list[BaseException | None](), list[int]()
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: told.append(lost.exc_value))

    def second(*_: object) -> None:
        calls.append(2)

    def first(*_: object) -> None:
        calls.append(1)
        signal.signal(signal.SIGINT, second)

    def fail() -> None:
        raise ValueError("of somebody else")

    signal.signal(signal.SIGINT, first)
    with compiled._heeding():
        ctypes.CFUNCTYPE(None)(fail)()
        interrupt()
    assert [str(error) for error in told] == ["of somebody else"]
    assert calls == [1]
    assert signal.getsignal(signal.SIGINT) is second


def test_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """As numba refuses: a home that is not there, a package that belongs to another user."""

    def refuses(*args: Any, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(*args, **options)

    monkeypatch.setattr(compiled, "njit", refuses)
    assert compiled.compiled(total)(10) == 45


def test_nothing_is_compiled_before_it_is_needed() -> None:
    """`lgi info` and `lgi crop` need no loop, and numba takes half a second to import."""
    code = (
        "import sys, lgcodec.coding, lgcodec._crop, lgcodec.fit; sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
