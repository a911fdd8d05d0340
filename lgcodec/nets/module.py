"""A decoded group as a torch module, for people who want to build on the network itself."""

from collections.abc import Mapping
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lgcodec.nets.base import Family

__all__ = ["Network"]


@final
class Network(torch.nn.Module):
    """A family with the weights of P partitions and of their global sub-network.

    partitions   ids of the partitions, in the order of the first axis of all tensors

    All of them are evaluated at once, each at S places of its own. Tile coordinates run from
    -family.tile_range to family.tile_range over a tile, or, where that is 0, only frame coordinates
    count, which run over `family.ranges` along the axes of the whole frame:

        network = lgcodec.open("cat.lgi").module()
        tile = (2 * torch.rand(len(network.partitions), 100, 2) - 1) * network.family.tile_range
        values = network(tile, torch.zeros_like(tile))  # of sines, which see their tile alone
    """

    def __init__(
        self,
        family: Family,
        partitions: tuple[int, ...],
        local: Mapping[str, NDArray[np.float32]],
        global_: Mapping[str, NDArray[np.float32]],
    ) -> None:
        super().__init__()
        self.family = family
        self.partitions = partitions
        named = {**_scoped("local", local), **_scoped("global", global_)}
        self._names = tuple(named)
        for name, value in named.items():
            parameter = torch.nn.Parameter(torch.from_numpy(np.array(value)))
            self.register_parameter(name.replace(".", "_"), parameter)

    def extra_repr(self) -> str:
        """What `print` shows."""
        return f"{self.family.name}, {len(self.partitions)} partitions"

    def forward(self, tile: Tensor, frame: Tensor) -> Tensor:
        """Values [P, S, C], about -1 to 1, at tile and frame coordinates [P, S, D]; float32.

        Latents find the place of a tile by both: they must be of one place.
        """
        weights = {name: self.get_parameter(name.replace(".", "_")) for name in self._names}
        return self.family.forward(weights, tile, frame)


def _scoped(
    scope: str, tensors: Mapping[str, NDArray[np.float32]]
) -> dict[str, NDArray[np.float32]]:
    return {f"{scope}.{name}": value for name, value in tensors.items()}
