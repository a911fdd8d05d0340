"""What of the whole each group of a stream is: of its work, and of the bytes it may have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

__all__ = ["Share", "shares"]


@final
@dataclass(frozen=True)
class Share:
    """Partitions of a group, of those before it and of all.

    of_rest   of the bytes that are left once the groups before are there
    looked    what is done before any group is fitted, of all work
    """

    before: int
    own: int
    whole: int
    of_rest: float
    looked: float

    def done(self, own: float) -> float:
        """Of all work, where so much of the group itself is done."""
        return self.looked + (1 - self.looked) * (self.before + own * self.own) / self.whole

    def seconds_left(self, own: float, spent: float) -> float:
        """Where so much of the group itself took so many seconds."""
        return spent * (self.whole - self.before - own * self.own) / max(own * self.own, 1e-9)


def shares(
    partitions: Mapping[int, int], needs: Mapping[int, float], looked: float = 0.0
) -> Iterator[tuple[int, Share]]:
    """The share of every group; `needs`: what bytes are shared by, in any unit."""
    before, whole, left = 0, sum(partitions.values()), sum(needs.values())
    for ordinal, own in partitions.items():
        is_last = before + own == whole
        of_rest = 1.0 if is_last else needs[ordinal] / left
        yield ordinal, Share(before, own, whole, of_rest, looked)
        before, left = before + own, left - needs[ordinal]
