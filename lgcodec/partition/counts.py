"""Rule `counts`: the caller says how many partitions each axis gets (paper, section 3.2)."""

from collections.abc import Sequence

from lgcodec.errors import UsageError
from lgcodec.partition.base import Tiling, tiling

__all__ = ["by_counts"]


def by_counts(grid: Sequence[int], wanted: Sequence[int]) -> tuple[Tiling, ...]:
    """Tiles of ceil(N / C) samples for C = `wanted` partitions along each axis of N samples.

    Where C tiles of that length would leave the last ones empty, there are fewer.
    """
    if len(wanted) != len(grid):
        raise UsageError(
            f"partition counts {', '.join(map(str, wanted))}: {len(grid)} axes need a number each"
        )
    for size, count in zip(grid, wanted, strict=True):
        if not 1 <= count <= size:
            raise UsageError(
                f"{count} partitions on an axis of {size} samples, allowed are 1 to {size}"
            )
    return tuple(tiling(n, -(-n // c)) for n, c in zip(grid, wanted, strict=True))
