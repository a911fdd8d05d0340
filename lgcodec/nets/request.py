"""What a fit wants of a network, before the network's sizes are chosen."""

from dataclasses import dataclass
from typing import Literal, final

from lgcodec.signal import Kind

__all__ = ["Request"]


@final
@dataclass(frozen=True)
class Request:
    """A network for one group of a signal. None leaves a choice to the family.

    frame          samples of the frame along each axis; tile: of one partition
    partitions     of the group
    params         weights of the group in all, local and global ones
    global_ratio   share of the global weights, merge included; None: no global sub-network
    local_width    hidden widths, given together; `params` and `global_ratio` do not count then
    coordinates    what local sub-networks are fed
    """

    kind: Kind
    channels: int
    frame: tuple[int, ...]
    tile: tuple[int, ...]
    partitions: int
    params: int
    global_ratio: float | None
    local_width: int | None = None
    global_width: int | None = None
    layers: int = 5
    merge: str = "concat"
    w0: float | None = None
    coordinates: Literal["tile", "frame"] = "tile"
