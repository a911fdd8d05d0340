"""Compiled loops where there is a folder to keep them in, and where there is none."""

import subprocess
import sys
from typing import Any

import pytest
from numba import njit

from lgcodec.coding import compiled


def total(most: int) -> int:
    found = 0
    for number in range(most):
        found += number
    return found


def test_a_loop_gives_what_it_gave() -> None:
    assert compiled.compiled(total)(10) == compiled.vectorised(total)(10) == total(10) == 45


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
