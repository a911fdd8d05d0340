"""Rule `size`: the caller says how large a partition should be (paper, appendix A)."""

from collections.abc import Sequence

from lgcodec.errors import UsageError
from lgcodec.partition.base import Tiling, tiling

__all__ = ["by_size"]


def by_size(grid: Sequence[int], wanted: Sequence[int]) -> tuple[Tiling, ...]:
    """Tiles of `wanted` samples along each axis, or of the whole axis where it is shorter."""
    if len(wanted) != len(grid):
        raise UsageError(
            f"partition sizes {', '.join(map(str, wanted))}: {len(grid)} axes need a number each"
        )
    if min(wanted) < 1:
        raise UsageError(f"partition size {tuple(wanted)}, every axis needs at least 1 sample")
    return tuple(tiling(n, min(n, size)) for n, size in zip(grid, wanted, strict=True))
