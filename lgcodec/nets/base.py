"""What a family of networks must offer; each family stands in a file of its own.

A family knows which tensors a local and a global chunk hold, how to draw initial weights and how
to evaluate coordinates. It is rebuilt from the container alone: its stored configuration, the two
tensor tables and the geometry. Letters in shapes: P partitions, S samples of each, D axes, C
channels.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, ClassVar

import torch
from torch import Tensor

from lgcodec.errors import FileError
from lgcodec.format.conf import Conf, TensorSpec
from lgcodec.format.geometry import Geometry
from lgcodec.nets.conditioner import Conditioner
from lgcodec.nets.request import Request

__all__ = ["Family", "TensorWeights"]

TensorWeights = Mapping[str, Tensor]  # "local.<name>" is [P, *shape], "global.<name>" is [*shape]


class Family(ABC):
    """A network of local sub-networks, perhaps merged with a global one.

    channels      values per sample, C
    ranges        per axis, the frame coordinates (lo, hi) that the borders of the frame map to
    tile_range    tile coordinates run from minus this to this between the borders of a tile
    """

    name: ClassVar[str]
    has_grain: ClassVar[bool] = False  # whether global weights say how coarse values are
    channels: int
    ranges: tuple[tuple[float, float], ...]
    tile_range: float

    def check_tables(
        self,
        configuration: Mapping[str, Any],
        local: Sequence[TensorSpec],
        global_: Sequence[TensorSpec],
    ) -> None:
        """FileError E_PROFILE unless these are exactly what this family would be stored as."""
        found, needed = dict(configuration), self.configuration
        if found != needed:
            raise FileError(
                "E_PROFILE",
                f"the configuration of {self.name} is {found!r:.200}, expected {needed!r:.200}",
            )
        for what, tensors, own in (
            ("local", local, self.local_tensors()),
            ("global", global_, self.global_tensors()),
        ):
            for place, (one, other) in enumerate(zip_longest(tensors, own)):
                if one != other:
                    raise FileError(
                        "E_PROFILE",
                        f"{what} tensor {place} of {self.name} is {_said(one)}, its configuration "
                        f"needs {_said(other)}",
                    )

    @classmethod
    @abstractmethod
    def from_tables(
        cls,
        configuration: Mapping[str, Any],
        local: Sequence[TensorSpec],
        global_: Sequence[TensorSpec],
        geometry: Geometry,
    ) -> "Family":
        """Rebuild from a file; FileError E_PROFILE where tables and configuration disagree.

        What `geometry` says need not stand in the configuration.
        """

    @classmethod
    @abstractmethod
    def for_request(cls, request: Request) -> "Family":
        """The network to fit; UsageError if there is none for this request."""

    @property
    @abstractmethod
    def configuration(self) -> dict[str, Any]:
        """What a decoder must know beyond the shapes of the tensors."""

    def check(self, conf: Conf, geometry: Geometry) -> None:
        """Raise FileError E_PROFILE unless the network suits the rest of a file."""
        del conf
        for what, found, expected in (
            ("axes", len(self.ranges), len(geometry.axes)),
            ("channels", self.channels, geometry.channels),
        ):
            if found != expected:
                raise FileError(
                    "E_PROFILE", f"the network has {found} {what}, the stream has {expected}"
                )

    @abstractmethod
    def local_tensors(self) -> tuple[TensorSpec, ...]:
        """Tensors of one local chunk, in stored order."""

    @abstractmethod
    def global_tensors(self) -> tuple[TensorSpec, ...]:
        """Tensors of the global chunk, in stored order."""

    @abstractmethod
    def initialise(self, partitions: int, generator: torch.Generator) -> TensorWeights:
        """Initial weights, float32 on the CPU."""

    def conditioner(self, overview: Tensor) -> Conditioner | None:  # noqa: ARG002
        """Networks that emit some of the weights while fitting, if the family has such.

        overview   [C, *grid] the whole signal at few samples, in network units
        """
        return None

    @property
    def ascending(self) -> tuple[str, ...]:
        """Local tensors whose numbers are in order in canonical weights."""
        return ()

    @abstractmethod
    def canonicalise(self, weights: TensorWeights) -> TensorWeights:
        """Equivalent weights of the smallest magnitude, which quantise best."""

    def shared(self, weights: TensorWeights) -> TensorWeights:
        """Global weights beside what `prepare` makes of them, made once for all partitions.

        What is added is named "global.<something>" too.
        """
        return weights

    @property
    def together(self) -> int:
        """Partitions that are prepared at once: several only if each has the bits it has alone."""
        return 1

    def prepare(self, weights: TensorWeights, tile: Tensor, frame: Tensor) -> TensorWeights:
        """What `forward` takes in place of `weights`, made once for all samples of partitions.

        `tile` and `frame` are the coordinates [P, S, D] of some sample of each. What is not named
        "global.<something>" is [P, ...].
        """
        del tile, frame
        return weights

    def grain(self, weights: TensorWeights) -> Tensor:
        """How coarse values are, [C, C], by the weights of `shared`; see `has_grain`.

        Column k is what one step of the quantiser of coded channel k changes in the channels.
        """
        raise NotImplementedError

    def on_lattice(self, weights: TensorWeights) -> Tensor | None:  # noqa: ARG002
        """What `forward` gives at the samples that were encoded, [P, *tile, C].

        None unless `prepare` has made them all.
        """
        return None

    def moved(
        self,
        local: TensorWeights,
        sign: Tensor,  # noqa: ARG002
        shift: Tensor,  # noqa: ARG002
    ) -> TensorWeights:
        """Local weights that give at `x` what `local` gives at `sign * x + shift`, nearly.

        `sign` (±1) and `shift` are [P, D], for the coordinates that the local path sees. With sign
        -1 a sub-network is mirrored: so are new partitions initialised (paper, section 3.4). A
        family that cannot say how keeps the weights as they are.
        """
        return local

    @property
    def most_halvings(self) -> int:
        """How often lattices can be halved without aliasing: 0, but for some latents."""
        return 0

    @property
    def left_out(self) -> int:
        """How many of the finest levels need not be decoded."""
        return 0

    def reduced(self, halvings: int) -> "Family":
        """One whose lattices are halved so often along each axis, `most_halvings` times at most."""
        del halvings
        return self

    @abstractmethod
    def forward(self, weights: TensorWeights, tile: Tensor, frame: Tensor) -> Tensor:
        """Values [P, S, C], about -1 to 1, at tile and frame coordinates [P, S, D]; float32."""

    def extra_bits(self, tensor: str) -> int:  # noqa: ARG002 (most families need none)
        """Bits above the nominal ones for "local.<name>" or "global.<name>", if rounding hurts."""
        return 0

    def parameters(self, partitions: int) -> tuple[int, int]:
        """Number of local weights in all partitions, and of global weights (merge included)."""
        local = sum(tensor.size for tensor in self.local_tensors())
        return partitions * local, sum(tensor.size for tensor in self.global_tensors())

    @property
    @abstractmethod
    def sizes(self) -> dict[str, int]:
        """What to tell a person about the network: numbers by name."""

    @property
    def learning_rate(self) -> float:
        """Of the local weights, to begin with; 1e-4 to 1e-1."""
        return 3e-3

    @abstractmethod
    def multiplications(self) -> int:
        """Multiplications that one sample costs."""


def _said(tensor: TensorSpec | None) -> str:
    return f"{tensor.name} {list(tensor.shape)}" if tensor else "none"
