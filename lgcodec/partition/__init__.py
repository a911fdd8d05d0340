"""Grid -> partitions. Adding a rule: one file, one line below."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from lgcodec.partition.base import Tiling
from lgcodec.partition.counts import by_counts
from lgcodec.partition.size import by_size
from lgcodec.partition.widths import automatic_widths, largest_width

__all__ = ["RULES", "Tiling", "automatic_widths", "largest_width"]

Rule = Callable[[Sequence[int], Sequence[int]], tuple[Tiling, ...]]
RULES: Final[Mapping[str, Rule]] = {"counts": by_counts, "size": by_size}
