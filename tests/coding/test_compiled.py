"""Compiled loops where there is a folder to keep them in, and where there is none."""

import ctypes
import signal
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray

from lgcodec.coding import compiled

SIGNAL = ctypes.CDLL(None)["raise"]  # which a loop can call
SIGNAL.argtypes, SIGNAL.restype = [ctypes.c_int], ctypes.c_int


def total(most: int) -> int:
    found = 0
    for number in range(most):
        found += number
    return found


def test_a_loop_gives_what_it_gave() -> None:
    assert compiled.compiled(total)(10) == compiled.vectorised(total)(10) == total(10) == 45


def one_more(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    return values + 1, 5


def test_ctrl_c_while_a_loop_runs() -> None:
    """Ends it as Python does, also one that gives several things; loops can call it."""
    inner = compiled.compiled(one_more)

    def interrupted(number: int, values: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
        SIGNAL(number)
        return inner(values)

    loop = njit(nogil=True)(interrupted)
    loop.__class__ = type(inner)  # what numba keeps on disk holds no address of a function
    values = np.arange(3)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            loop(int(signal.SIGINT), values)
        found, number = loop(0, values)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert (found.tolist(), number) == ([1, 2, 3], 5)


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
