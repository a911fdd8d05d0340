"""The weights of partitions, batch by batch; what is damaged can be left out."""

from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Final, Literal, final

import numpy as np

from lgcodec._damage import Damage
from lgcodec._places import groups_text
from lgcodec.coding import ChunkCodec, Weights
from lgcodec.coding.base import Floats
from lgcodec.coding.chunks import GlobalPart
from lgcodec.errors import DamageWarning, FileError, UsageError
from lgcodec.format.checks import locating
from lgcodec.format.stream import Stream

__all__ = ["LocalWeights", "OnError"]

OnError = Literal["raise", "mask"]
DAMAGED: Final = ("E_CHUNK_CRC", "E_PAYLOAD")
WEIGHTS_AT_ONCE: Final = 2**22  # entropy coding can make a thousand symbols of a few bytes
MAX_WEIGHTS: Final = 2**24  # of one chunk
MAX_STACKED: Final = 2**28  # of all chunks in one array: 1 GiB


@final
class LocalWeights:
    """Reads and decodes the chunks of a stream; threads may do so side by side.

    damaged   (group ordinal, partition id) of what was left out; stays empty with on_error "raise"
    damage    why: of partitions one by one, and of groups whose global chunk is damaged

    UsageError if a chunk holds more than 2**24 numbers: a coder can tell of many in few bytes.
    """

    def __init__(self, stream: Stream, codec: ChunkCodec, on_error: OnError) -> None:
        if on_error not in ("raise", "mask"):
            raise UsageError(f"on_error is {on_error!r}, allowed are 'raise' and 'mask'")
        self._stream = stream
        self._codec = codec
        self._masks = on_error == "mask"
        self._reading = Lock()  # a file has one place where it is read
        self.damaged: list[tuple[int, int]] = []
        self.damage: list[Damage] = []
        for name, tensors in (("global", codec.global_), ("local", codec.local)):
            size = sum(tensor.size for tensor in tensors)
            if size > MAX_WEIGHTS:
                raise UsageError(
                    f"a {name} chunk holds {size:,} numbers, at most {MAX_WEIGHTS:,} are decoded"
                )

    @property
    def warning(self) -> DamageWarning:
        """What there is to say where something was left out."""
        geometry, damaged = self._stream.geometry, sorted(self.damaged)
        return DamageWarning(geometry.kind, damaged, groups_text(geometry, damaged))

    def head(self, ordinal: int, ids: Sequence[int]) -> GlobalPart | None:
        """What `ids` of a group share; None, and all of them damaged, if the global chunk is."""
        try:
            return self.intact_head(ordinal)
        except FileError as error:
            self._leave_out(error, ordinal, ids, None)
            return None

    def intact_head(self, ordinal: int) -> GlobalPart:
        """What partitions of a group share; FileError if the global chunk is damaged."""
        chunk = self._stream.read_global(ordinal)
        with locating(self._stream.groups.chunks_at(ordinal)):
            return self._codec.decode_global(chunk)

    def of(
        self, ordinal: int, head: GlobalPart, ids: Sequence[int]
    ) -> Iterator[tuple[int, Weights]]:
        """Every intact one of `ids`, increasing, with its weights."""
        size = sum(tensor.size for tensor in self._stream.conf.local)
        count = max(1, WEIGHTS_AT_ONCE // max(1, size))
        for at in range(0, len(ids), count):
            yield from self._batch(ordinal, head, ids[at : at + count]).items()

    def stacked(self, ordinal: int, head: GlobalPart, ids: Sequence[int]) -> dict[str, Floats]:
        """Of all `ids` in one array, [P, *shape]; UsageError for more than 2**28 numbers."""
        tensors = self._stream.conf.local
        size = len(ids) * sum(tensor.size for tensor in tensors)
        if size > MAX_STACKED:
            raise UsageError(
                f"{len(ids):,} partitions hold {size:,} numbers, at most {MAX_STACKED:,} are held "
                "at once; crop the file"
            )
        found = {t.name: np.empty((len(ids), *t.shape), np.float32) for t in tensors}
        for row, (_, weights) in enumerate(self.of(ordinal, head, ids)):
            for name, values in weights.items():
                found[name][row] = values
        return found

    def _batch(self, ordinal: int, head: GlobalPart, ids: Sequence[int]) -> dict[int, Weights]:
        """Of every intact one of `ids`; each is read once.

        The error of the first damaged one is raised: a batch is as long as threads make it, and
        what is told of a file does not depend on that.
        """
        errors: dict[int, FileError] = {}
        with self._reading:
            chunks = self._stream.read_locals(ordinal, ids, errors.__setitem__)
        for partition, error in errors.items():
            if not self._masks:
                before = [(i, chunk) for i, chunk in chunks.items() if i < partition]
                self._decoded(ordinal, head, before)
            self._leave_out(error, ordinal, [partition], partition)
        return self._decoded(ordinal, head, list(chunks.items()))

    def _decoded(
        self, ordinal: int, head: GlobalPart, chunks: Sequence[tuple[int, bytes]]
    ) -> dict[int, Weights]:
        """Chunks are decoded together; where that fails, halving leads to the culprits."""
        if not chunks:
            return {}
        ids = [i for i, _ in chunks]
        try:
            with locating(self._stream.chunk_at(ordinal, ids[0])):
                weights = self._codec.decode_local(head, [chunk for _, chunk in chunks])
        except FileError as error:
            if len(ids) == 1:
                self._leave_out(error, ordinal, ids, ids[0])
                return {}
            middle = len(ids) // 2
            halves = chunks[:middle], chunks[middle:]
            first, second = (self._decoded(ordinal, head, half) for half in halves)
            return first | second
        rows = enumerate(ids)
        return {i: {name: values[row] for name, values in weights.items()} for row, i in rows}

    def _leave_out(
        self, error: FileError, ordinal: int, ids: Sequence[int], partition: int | None
    ) -> None:
        """Do without `ids`, since the chunk of `partition`, or else the global one, is damaged."""
        if not self._masks or error.code not in DAMAGED:
            raise error
        part = {"stream": self._stream.index, "group": ordinal, "partition": partition}
        self.damage.append(Damage.of(error, **part))
        self.damaged.extend((ordinal, i) for i in ids)
