"""Networks of the paper, at its size and at a fraction of it."""

from dataclasses import dataclass
from typing import Any, Protocol, final

__all__ = ["Budget", "Network", "System", "divisors"]


class System(Protocol):
    """What is asked of the encoder for a signal with edges `scale` times smaller."""

    def options(self, scale: int) -> dict[str, Any]:
        """Options of `EncodeOptions`."""


@final
@dataclass(frozen=True)
class Network:
    """Hidden widths of the local sub-networks, or of the only one, and of the global one.

    tiles   partitions per axis; None: one network for everything
    """

    local: int
    global_: int = 0
    tiles: tuple[int, ...] | None = None
    layers: int = 5
    merge: str = "concat"
    family: str = "siren"

    def options(self, scale: int) -> dict[str, Any]:
        """A width that sees the whole signal shrinks with the scale, a local one does not."""
        found: dict[str, Any] = {"family": self.family, "layers": self.layers}
        if self.tiles is None:
            width = round(self.local / scale)
            return {**found, "arrangement": "single", "local_width": width}
        parts = zip(self.tiles, divisors(len(self.tiles), scale), strict=True)
        found |= {"local_width": self.local, "partitions": tuple(n // part for n, part in parts)}
        if not self.global_:
            return {**found, "arrangement": "per-partition"}
        width = round(self.global_ / scale)
        merged = {"arrangement": "local-global", "global_width": width, "merge": self.merge}
        return {**found, **merged}


@final
@dataclass(frozen=True)
class Budget:
    """Widths by Algorithm 1 for so many weights in all, of which `ratio` global ones.

    partitioning   `partitions` or `partition_size`, as in `EncodeOptions`
    """

    params: int
    ratio: float | None
    partitioning: dict[str, tuple[int, ...]]

    def options(self, scale: int) -> dict[str, Any]:
        """The same per sample."""
        arrangement = "local-global" if self.ratio else "per-partition"
        params = {"params": self.params // scale**2, "global_ratio": self.ratio}
        return {"family": "siren", "arrangement": arrangement, **params, **self.partitioning}


def divisors(axes: int, scale: int) -> tuple[int, ...]:
    """What each axis is shorter by, scale squared in all; of a film all frames are there."""
    return {1: (scale**2,), 2: (scale, scale), 3: (1, scale, scale)}[axes]
