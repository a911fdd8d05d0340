"""Grid -> partitions. Adding a rule: one file, one line below."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from lgcodec.partition.base import Tiling
from lgcodec.partition.counts import by_counts
from lgcodec.partition.empty import Content, find_content
from lgcodec.partition.size import by_size
from lgcodec.partition.widths import automatic_widths, largest_width

__all__ = [
    "RULES",
    "Content",
    "Tiling",
    "automatic_widths",
    "find_content",
    "largest_width",
]

Rule = Callable[[Sequence[int], Sequence[int]], tuple[Tiling, ...]]
RULES: Final[Mapping[str, Rule]] = {"counts": by_counts, "size": by_size}
