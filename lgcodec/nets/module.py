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

    def forward(self, tile: Tensor, frame: Tensor) -> Tensor:
        """Values [P, S, C], about -1 to 1, at tile and frame coordinates [P, S, D]; float32."""
        weights = {name: self.get_parameter(name.replace(".", "_")) for name in self._names}
        return self.family.forward(weights, tile, frame)


def _scoped(
    scope: str, tensors: Mapping[str, NDArray[np.float32]]
) -> dict[str, NDArray[np.float32]]:
    return {f"{scope}.{name}": value for name, value in tensors.items()}
