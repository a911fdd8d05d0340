"""The chunks of a group: global weights and what all partitions share, then one chunk each.

    global chunk = step of every tensor (f32, global tensors first, then local; uniform only)
                 | table of every tensor (same order; of global ones only, for some coders)
                 | the global tensors' symbols
    local chunk  = the local tensors' symbols

A local chunk is therefore decoded from the global chunk and itself alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from lgcodec.coding.base import Coder, Floats, Quantiser, Symbols, bad_payload
from lgcodec.format.conf import TensorSpec
from lgcodec.format.container import GroupData

__all__ = ["ChunkCodec", "GlobalPart", "Weights"]

NUMBERS_AT_ONCE: Final = 2**21  # that are encoded together
Weights = Mapping[str, Floats]
Chunks = list[bytes]
Mapped = Callable[[Callable[[slice], Chunks], Sequence[slice]], Iterable[Chunks]]


@final
@dataclass(frozen=True)
class GlobalPart:
    """A decoded global chunk: its weights, and coder, steps and tables of the local tensors."""

    weights: dict[str, Floats]
    coder: Coder
    steps: tuple[float, ...]
    tables: tuple[bytes, ...]


@final
class ChunkCodec:
    """Weights <-> chunks for one quantiser, one coder and two tables of tensors.

    Global tensors have the shape of their spec; local tensors [P partitions, *shape].
    """

    def __init__(
        self,
        quantiser: Quantiser,
        coder: Coder,
        local: Sequence[TensorSpec],
        global_: Sequence[TensorSpec],
    ) -> None:
        self.quantiser = quantiser
        self.coder = coder
        self.local = tuple(local)
        self.global_ = tuple(global_)

    def encode(
        self,
        global_: Weights,
        local: Weights,
        steps: Mapping[str, float] | None = None,
        mapped: Mapped = map,
    ) -> tuple[bytes, Chunks]:
        """The global chunk and one chunk per partition.

        steps    learned ones under "global.<name>" and "local.<name>"; a tensor without one gets
                 the quantiser's own
        mapped   like `map`, by which blocks of partitions may be coded side by side
        """
        tensors = [
            *((f"global.{t.name}", global_[t.name].reshape(1, -1)) for t in self.global_),
            *((f"local.{t.name}", local[t.name].reshape(-1, t.size)) for t in self.local),
        ]
        widths = [
            np.float32((steps or {}).get(name) or self.quantiser.step(weights))
            for name, weights in tensors
        ]
        symbols = [
            self.quantiser.quantise(weights, float(width))
            for (_, weights), width in zip(tensors, widths, strict=True)
        ]
        split = len(self.global_)
        tables = self.coder.tables(symbols[: self._tabled])
        head = np.array(widths, "<f4").tobytes() if self.quantiser.has_step else b""
        (body,) = self.coder.encode(tables[:split], symbols[:split])
        chunk = head + b"".join(tables) + body
        coder = self.decode_global(chunk).coder
        return chunk, _in_blocks(coder, tables[split:], symbols[split:], mapped)

    def encode_local(self, head: GlobalPart, local: Weights) -> list[bytes]:
        """Chunks of further partitions of a group that is encoded: its steps and tables stay.

        A weight that these cannot express becomes the nearest one that they can.
        """
        scale, symbols = head.coder.later_scale, []
        for tensor, step in zip(self.local, head.steps, strict=True):
            weights = local[tensor.name].reshape(-1, tensor.size)
            symbols.append(self.quantiser.quantise(weights, step * scale))
        return head.coder.encode(head.tables, head.coder.nearest(head.tables, symbols))

    def group(self, ordinal: int, head: bytes, chunks: Mapping[int, bytes]) -> GroupData:
        """A group of encoded chunks, local ones by partition id, with checksums for this coder."""
        return GroupData.of(ordinal, head, chunks, self_checking=self.coder.self_checking)

    def decode_global(self, chunk: bytes) -> GlobalPart:
        """Read a global chunk; FileError E_PAYLOAD if its bytes are impossible."""
        count = len(self.global_) + len(self.local)
        steps, at = self._steps(chunk, count)
        width = self.coder.table_bytes
        end = at + self._tabled * width
        if len(chunk) < end:
            raise bad_payload(f"a global chunk has {len(chunk)} bytes, its tables need {end}")
        tables = tuple(chunk[i : i + width] for i in range(at, end, width)) if width else ()
        tables += (b"",) * (count - len(tables))
        split = len(self.global_)
        symbols = self.coder.decode(
            tables[:split], [chunk[end:]], self._sizes(self.global_), self.quantiser.symbol_type
        )
        weights = self._weights(self.global_, symbols, steps[:split])
        shaped = {t.name: weights[t.name].reshape(t.shape) for t in self.global_}
        coder = self.coder.for_locals(self.local, shaped)
        return GlobalPart(shaped, coder, steps[split:], tables[split:])

    def decode_local(self, head: GlobalPart, chunks: Sequence[bytes]) -> dict[str, Floats]:
        """Weights [len(chunks), *shape] of each local tensor; FileError E_PAYLOAD if damaged."""
        sizes = self._sizes(self.local)
        symbols = head.coder.decode(head.tables, chunks, sizes, self.quantiser.symbol_type)
        return self._weights(self.local, symbols, head.steps)

    @property
    def _tabled(self) -> int:
        """Tensors that have a table, global ones first."""
        return len(self.global_) + (len(self.local) if self.coder.local_tables else 0)

    def _steps(self, chunk: bytes, count: int) -> tuple[tuple[float, ...], int]:
        if not self.quantiser.has_step:
            return (1.0,) * count, 0
        if len(chunk) < 4 * count:
            raise bad_payload(f"a global chunk has {len(chunk)} bytes, its steps need {4 * count}")
        steps = np.frombuffer(chunk, "<f4", count)
        bad = ~(np.isfinite(steps) & (steps > 0))
        if bad.any():
            message = f"step {int(bad.argmax())} is {steps[bad][0]}, expected a finite number above"
            raise bad_payload(f"{message} 0")
        return tuple(map(float, steps)), 4 * count

    def _sizes(self, tensors: Sequence[TensorSpec]) -> list[int]:
        return [tensor.size for tensor in tensors]

    def _weights(
        self, tensors: Sequence[TensorSpec], symbols: Sequence[Symbols], steps: Sequence[float]
    ) -> dict[str, Floats]:
        weights = {}
        for tensor, part, step in zip(tensors, symbols, steps, strict=True):
            with np.errstate(all="ignore"):  # what overflows is noticed here
                values = self.quantiser.dequantise(part, step).reshape(len(part), *tensor.shape)
            if not np.isfinite(values).all():
                found = values[~np.isfinite(values)][0]
                raise bad_payload(f"tensor {tensor.name} has a weight of {found}, not a finite one")
            weights[tensor.name] = values
        return weights


def _in_blocks(
    coder: Coder, tables: Sequence[bytes], symbols: Sequence[Symbols], mapped: Mapped
) -> Chunks:
    """What `coder.encode` gives, in memory that does not grow with the number of chunks."""
    count = max(1, NUMBERS_AT_ONCE // max(1, sum(part.shape[1] for part in symbols)))
    total = max((len(part) for part in symbols), default=1)

    def coded(rows: slice) -> Chunks:
        return coder.encode(tables, [part[rows] for part in symbols])

    blocks = [slice(at, at + count) for at in range(0, total, count)]
    return [chunk for part in mapped(coded, blocks) for chunk in part]
