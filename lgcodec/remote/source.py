"""A remote file as a `Source`: the front comes first, what was announced follows in few batches."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final, final

from lgcodec.format.source import Span, check_inside
from lgcodec.remote import Timeouts, Traffic
from lgcodec.remote.http import HttpFile
from lgcodec.remote.ranges import blocks

__all__ = ["RemoteSource"]

FRONT: Final = 2**15  # bytes of the first request, and the least of one that nobody announced
BATCH: Final = 2**25  # bytes fetched at once, and held until others are needed


@final
class RemoteSource:
    """A file on a server. Holds its first 32 KiB and the last batch, at most 32 MiB.

    InputError if the server does not answer as it must: see `HttpFile`.
    """

    def __init__(self, url: str, timeouts: Timeouts) -> None:
        self.traffic = Traffic()
        self._file = HttpFile(url, timeouts, self.traffic)
        try:
            (front,) = self._file.fetch([range(FRONT)])
        except BaseException:
            self._file.close()
            raise
        self.size = self._file.size
        self._plan: list[range] = []
        self._held = [(0, front)]  # blocks by where they start, increasing; the front stays

    def announce(self, spans: Iterable[Span]) -> None:
        """See `Source`."""
        front = len(self._held[0][1])
        self._plan = blocks(
            range(max(at, front), min(at + length, self.size)) for at, length in spans
        )

    def read_at(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        check_inside(offset, length, self.size)
        pieces = []
        while length:
            start, block = self._block(offset, length)
            pieces.append(block[offset - start : offset - start + length])
            offset += len(pieces[-1])
            length -= len(pieces[-1])
        return b"".join(pieces)

    def close(self) -> None:
        """See `Source`."""
        self._file.close()

    def _block(self, offset: int, length: int) -> tuple[int, bytes]:
        """The block with the byte at `offset`, and where it starts; fetched if it is not held."""
        place = bisect_right(self._held, offset, key=lambda held: held[0]) - 1
        start, data = self._held[place]
        if offset < start + len(data):
            return start, data
        wanted = self._batch(offset, length)
        del self._held[1:]
        fetched = self._file.fetch(wanted)
        self._held += [(one.start, block) for one, block in zip(wanted, fetched, strict=True)]
        return self._held[1]

    def _batch(self, offset: int, length: int) -> Sequence[range]:
        """What to fetch for a read at `offset`: the plan from there, or else a little ahead."""
        first = bisect_right(self._plan, offset, key=lambda block: block.stop)
        if first < len(self._plan) and self._plan[first].start <= offset:
            return _leading(self._plan[first:])
        stop = min(offset + max(length, FRONT), self.size)
        return _leading(blocks([range(offset, stop)]))


def _leading(wanted: Sequence[range]) -> Sequence[range]:
    """The first of `wanted`, and those after it that fit one batch."""
    size = 0
    for count, block in enumerate(wanted):
        size += len(block)
        if count and size > BATCH:
            return wanted[:count]
    return wanted
