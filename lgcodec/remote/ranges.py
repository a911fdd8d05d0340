"""Which ranges to ask a server for: near ones become one, long ones several."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

__all__ = ["MAX_BLOCK", "MAX_GAP", "blocks"]

MAX_GAP: Final = 2**19  # bytes that are not needed and yet cost less than a request of their own
MAX_BLOCK: Final = 2**24  # bytes of a request
SPARE: Final = 2**20  # bytes that may be fetched in vain beside as many as are needed


def blocks(wanted: Iterable[range]) -> list[range]:
    """Ranges of at most 16 MiB that cover all of `wanted`, increasing and apart.

    Gaps of up to 512 KiB are fetched along, the smallest first and as long as they add up to no
    more than the bytes that are needed and 1 MiB: the directories of a long file would otherwise
    bring everything between them.
    """
    apart = _united(wanted, set())
    room = SPARE + sum(map(len, apart))
    filled = set()
    for gap, start in sorted((b.start - a.stop, b.start) for a, b in pairwise(apart)):
        if gap > min(room, MAX_GAP):
            break
        room -= gap
        filled.add(start)
    return [
        block[at : at + MAX_BLOCK]
        for block in _united(apart, filled)
        for at in range(0, len(block), MAX_BLOCK)
    ]


def _united(ranges: Iterable[range], filled: set[int]) -> list[range]:
    """`ranges`, increasing, those that touch and those that start at one of `filled` joined."""
    united: list[range] = []
    for one in sorted((one for one in ranges if one), key=lambda one: one.start):
        if united and (one.start <= united[-1].stop or one.start in filled):
            united[-1] = range(united[-1].start, max(united[-1].stop, one.stop))
        else:
            united.append(one)
    return united
