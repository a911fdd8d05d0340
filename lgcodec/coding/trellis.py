"""Levels whose sets depend on each other, of many chunks: see `trellis_loops`.

Letters in shapes: C chunks, N numbers. `follows` [N] says which numbers depend on those before.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["levels_of", "may_depend", "values_of"]

Integers = NDArray[Any]
Flags = NDArray[np.bool_]


def may_depend(levels: Integers, follows: Flags) -> Flags:
    """[C] whether each level [C, N] is of the set that those before it lead to."""
    from lgcodec.coding import trellis_loops  # noqa: PLC0415 (numba, only when coding)

    good: Flags = trellis_loops.may_depend(levels, follows)
    return good


def values_of(levels: Integers, follows: Flags) -> tuple[Integers, Integers]:
    """Values of levels [C, N] that may depend, and the sets, 0 or 1, that these are of."""
    from lgcodec.coding import trellis_loops  # noqa: PLC0415 (numba, only when coding)

    values, sets = np.empty_like(levels), np.empty_like(levels)
    trellis_loops.values_of(levels, follows, values, sets)
    return values, sets


def levels_of(values: Integers, follows: Flags) -> Integers:
    """Undo `values_of`."""
    from lgcodec.coding import trellis_loops  # noqa: PLC0415 (numba, only when decoding)

    levels = np.empty_like(values)
    trellis_loops.levels_of(values, follows, levels)
    return levels
