"""Coder of latents: a small network predicts from causal neighbours how large a symbol is.

The network stands in the global chunk as integers (tensor "entropy"), and is evaluated in
integers: a scale that differed between machines would turn all that follows into noise. Symbols
are coded by rANS with the Laplace class that it gives, in lock-step over all chunks. Global
tensors are coded as `rans` does. Specification: context.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Any, ClassVar, Final, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from lgcodec.coding.base import Coder, Quantiser, Symbols, bad_payload
from lgcodec.coding.integer import Integer
from lgcodec.coding.laplace import CLASSES
from lgcodec.coding.lockstep import LaneReader, reader_of, writer_of
from lgcodec.coding.neighbours import (
    PAD,
    Neighbourhood,
    causal_offsets,
    fronts,
    magnitude,
)
from lgcodec.coding.pyramid import Band, Pyramid, as_lengths
from lgcodec.coding.rans import Rans
from lgcodec.coding.serial import SerialReader
from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import TensorSpec

__all__ = ["ENTROPY", "MAX_BIAS", "MAX_HIDDEN", "MAX_WEIGHT", "Context", "EntropyNetwork"]

ENTROPY: Final = "entropy"  # name of the global tensor that holds the network
MAX_HIDDEN: Final = 32
MAX_WEIGHT: Final = 255  # 16 stands for 1
MAX_BIAS: Final = 4095  # 16 stands for 1
MOST_HIDDEN: Final = 1023  # 16 stands for 1
Floats = NDArray[np.float32]


@final
class EntropyNetwork:
    """Features -> class, two hidden ReLU layers, all in integers held by float32.

    `weights` is the flat tensor: per layer its matrix [inputs, outputs] in raster order, then its
    biases. Products and their sums stay below 2**24, so that float32 arithmetic is exact; what the
    sums of a layer are divided by, a power of 2, divides its weights already.
    """

    def __init__(self, weights: Floats, inputs: int, hidden: int) -> None:
        widths = [inputs, hidden, hidden, 1]
        at, self.matrices, self.biases = 0, [], []
        for (before, after), divisor in zip(pairwise(widths), (16, 16, 256), strict=True):
            matrix = weights[at : at + before * after].reshape(before, after)
            bias = weights[at + before * after :][:after]
            if np.abs(matrix).max() > MAX_WEIGHT or np.abs(bias).max() > MAX_BIAS:
                raise bad_payload(
                    f"the entropy network has a weight of {np.abs(matrix).max():.0f} or a bias of "
                    f"{np.abs(bias).max():.0f}, allowed are ±{MAX_WEIGHT} and ±{MAX_BIAS}"
                )
            self.matrices.append(np.ascontiguousarray(matrix / np.float32(divisor), np.float32))
            self.biases.append((bias * np.float32(16 / divisor)).astype(np.float32))
            at += (before + 1) * after

    @staticmethod
    def size(inputs: int, hidden: int) -> int:
        """Numbers in the flat tensor."""
        return (inputs + 1) * hidden + (hidden + 1) * hidden + hidden + 1

    @classmethod
    def width(cls, inputs: int, size: int) -> int:
        """The `hidden` whose flat tensor has `size` numbers; UsageError if there is none."""
        for hidden in range(1, MAX_HIDDEN + 1):
            if cls.size(inputs, hidden) == size:
                return hidden
        raise UsageError(f"no network of {inputs} features has {size} numbers")

    def first(self, features: Sequence[Floats], rows: slice) -> Floats:
        """What `features` [P, *band], inputs `rows` of the network, add to the first layer."""
        stacked = np.stack(features, axis=-1)
        sums: Floats = stacked @ self.matrices[0][rows]
        return sums

    def classes(self, sums: Floats) -> NDArray[np.intp]:
        """Classes [...] from the sums [..., H] of the first layer, biases included."""
        shape = sums.shape[:-1]
        sums = sums.reshape(-1, sums.shape[-1])  # one product of matrices, not one per partition
        sums = _limited(sums, MOST_HIDDEN) @ self.matrices[1] + self.biases[1]
        sums = _limited(sums, MOST_HIDDEN) @ self.matrices[2] + self.biases[2]
        classes: NDArray[np.intp] = _limited(sums, CLASSES - 1).astype(np.intp)
        return classes.reshape(shape)


@final
class Context(Coder):
    """Latents of a pyramid under a network's prediction; see context.md."""

    name: ClassVar[str] = "context"
    integers_only: ClassVar[bool] = True
    local_tables: ClassVar[bool] = False

    def __init__(
        self, pyramid: Pyramid, hidden: int, network: EntropyNetwork | None = None
    ) -> None:
        if not 1 <= hidden <= MAX_HIDDEN:
            raise UsageError(f"hidden is {hidden}, allowed are 1 to {MAX_HIDDEN}")
        self.pyramid, self.hidden = pyramid, hidden
        self._network = network
        self._globals = Rans()

    @classmethod
    @override
    def takes(cls, quantiser: Quantiser) -> bool:
        """Only those whose numbers are the symbols: the network must be of integers."""
        return isinstance(quantiser, Integer)

    @classmethod
    @override
    def from_configuration(cls, configuration: Mapping[str, Any]) -> "Context":
        try:
            pyramid = Pyramid(
                as_lengths(configuration["tile"]),
                as_lengths(configuration["levels"]),
                as_lengths([configuration["channels"]])[0],
            )
            coder = cls(pyramid, as_lengths([configuration["hidden"]])[0])
        except (KeyError, TypeError, UsageError) as error:
            raise FileError("E_CONF", f"the configuration of context is wrong: {error}") from error
        if coder.configuration != dict(configuration):
            message = f"context has {dict(configuration)!r:.200}, expected {coder.configuration}"
            raise FileError("E_CONF", message)
        return coder

    @property
    @override
    def configuration(self) -> dict[str, Any]:
        return {
            "tile": self.pyramid.tile,
            "levels": self.pyramid.levels,
            "channels": self.pyramid.channels,
            "hidden": self.hidden,
        }

    @property
    @override
    def table_bytes(self) -> int:
        return self._globals.table_bytes

    @property
    def inputs(self) -> int:
        """Features of a symbol."""
        axes = len(self.pyramid.tile)
        return len(causal_offsets(axes)) + 8 + 3 + axes

    @property
    def network_size(self) -> int:
        """Numbers in the tensor ENTROPY."""
        return EntropyNetwork.size(self.inputs, self.hidden)

    @override
    def for_locals(self, tensors: Sequence[TensorSpec], global_: Mapping[str, Floats]) -> "Context":
        if tuple(tensors) != self.pyramid.tensors():
            raise FileError("E_PROFILE", "the local tensors are not those of context's pyramid")
        weights = global_.get(ENTROPY)
        if weights is None or weights.shape != (self.network_size,):
            raise FileError(
                "E_PROFILE", f"context needs a global tensor {ENTROPY} of {self.network_size}"
            )
        return Context(self.pyramid, self.hidden, EntropyNetwork(weights, self.inputs, self.hidden))

    @override
    def table(self, symbols: Symbols) -> bytes:
        return self._globals.table(symbols)

    @override
    def encode(self, tables: Sequence[bytes], symbols: Sequence[Symbols]) -> list[bytes]:
        if self._network is None:
            return self._globals.encode(tables, symbols)
        writer = writer_of(len(symbols[0]), sum(self.pyramid.sizes))
        parts = np.split(symbols[0], np.cumsum(self.pyramid.sizes)[:-1], axis=1)
        for values, classes in self._predicted(parts):
            writer.put(values, classes)
        return writer.chunks()

    def classes(self, symbols: Sequence[Symbols]) -> list[NDArray[np.intp]]:
        """The class of every symbol, for symbols [C, N_k] of each band."""
        network = self._network
        if network is None:
            raise ValueError("the coder has no network yet: see for_locals")
        channels, result = self.pyramid.channels, []
        for size, (band, known, own) in zip(self.pyramid.sizes, self._bands(symbols), strict=True):
            sums = [self._sums(network, band, known, own, c) for c in range(channels)]
            classes = np.stack([network.classes(part) for part in sums], axis=1)
            result.append(classes.reshape(len(own), size))
        return result

    def features(self, symbols: Sequence[Symbols]) -> list[Floats]:
        """Inputs [C, N_k, inputs] of the network, for symbols [C, N_k] of each band."""
        channels, result = self.pyramid.channels, []
        for size, (band, known, own) in zip(self.pyramid.sizes, self._bands(symbols), strict=True):
            near = Neighbourhood(self.pyramid, band, known)
            parts = [
                np.stack(
                    [
                        *_causal(own[:, channel], band.shape),
                        *near.features(own, channel),
                        *(np.full_like(own[:, 0], v) for v in near.constants(channel)),
                    ],
                    axis=-1,
                )
                for channel in range(channels)
            ]
            result.append(np.stack(parts, axis=1).reshape(len(own), size, self.inputs))
        return result

    def _bands(
        self, symbols: Sequence[Symbols]
    ) -> Iterator[tuple[Band, dict[tuple[int, int], Floats], Floats]]:
        """Every band, the magnitudes of all bands so far, and its own [P, C, *band]."""
        known: dict[tuple[int, int], Floats] = {}
        for band, part in zip(self.pyramid.bands, symbols, strict=True):
            own = magnitude(part.reshape(len(part), self.pyramid.channels, *band.shape))
            known[band.level, band.orientation] = own
            yield band, known, own

    @override
    def decode(
        self,
        tables: Sequence[bytes],
        chunks: Sequence[bytes],
        sizes: Sequence[int],
        symbol_type: np.dtype[Any],
    ) -> list[Symbols]:
        if self._network is None:
            return self._globals.decode(tables, chunks, sizes, symbol_type)
        reader = reader_of(chunks, sum(self.pyramid.sizes))
        known: dict[tuple[int, int], Floats] = {}
        result: list[Symbols] = []
        for size, band in zip(self.pyramid.sizes, self.pyramid.bands, strict=True):
            values = np.zeros((len(chunks), self.pyramid.channels, *band.shape), symbol_type)
            own = known[band.level, band.orientation] = np.zeros(values.shape, np.float32)
            for channel in range(self.pyramid.channels):
                sums = self._sums(self._network, band, known, own, channel, causal=False)
                values[:, channel] = _by_fronts(self._network, band, sums, reader)
                own[:, channel] = magnitude(values[:, channel])
            result.append(values.reshape(len(chunks), size))
        reader.finish()
        return [np.concatenate(result, axis=1)]

    def _predicted(
        self, symbols: Sequence[Symbols]
    ) -> Iterator[tuple[NDArray[Any], NDArray[np.intp]]]:
        """Symbols and classes [C, n] of each band and channel, in the order of coding."""
        for band, values, classes in zip(
            self.pyramid.bands, symbols, self.classes(symbols), strict=True
        ):
            order = np.concatenate(fronts(band.shape))
            shape = (len(values), self.pyramid.channels, len(order))
            for channel in range(self.pyramid.channels):
                yield (
                    values.reshape(shape)[:, channel, order],
                    classes.reshape(shape)[:, channel, order],
                )

    def _sums(
        self,
        network: EntropyNetwork,
        band: Band,
        known: Mapping[tuple[int, int], Floats],
        own: Floats,
        channel: int,
        *,
        causal: bool = True,
    ) -> Floats:
        """Sums [P, *band, H] of the first layer; without the causal neighbours if not `causal`."""
        near = Neighbourhood(self.pyramid, band, known)
        offsets = causal_offsets(len(band.shape))
        split, rest = len(offsets), len(offsets) + 8
        sums = network.first(near.features(own, channel), slice(split, rest))
        constants = np.array(near.constants(channel), np.float32)
        sums += constants @ network.matrices[0][rest:] + network.biases[0]
        if causal:
            sums += network.first(_causal(own[:, channel], band.shape), slice(0, split))
        return sums


def _limited(sums: Floats, most: int) -> Floats:
    """clamp(floor(sums), 0, most); fronts are short, so that every call counts."""
    result: Floats = np.floor(sums)
    np.maximum(result, 0, out=result)
    np.minimum(result, most, out=result)
    return result


def _causal(own: Floats, shape: Sequence[int]) -> list[Floats]:
    """The causal neighbours [P, *band] of every place, from g [P, *band] of the same channel."""
    padded = np.pad(own, [(0, 0), *[(PAD, PAD)] * len(shape)])
    return [
        padded[
            (slice(None), *(slice(PAD + o, PAD + o + n) for o, n in zip(at, shape, strict=True)))
        ]
        for at in causal_offsets(len(shape))
    ]


def _by_fronts(
    network: EntropyNetwork, band: Band, sums: Floats, reader: LaneReader | SerialReader
) -> NDArray[np.int64]:
    """Symbols [P, *band] of one channel, decoded front by front."""
    parts = fronts(band.shape)
    order = np.concatenate(parts)
    sums = sums.reshape(len(sums), len(order), sums.shape[-1])
    wide = tuple(length + 2 * PAD for length in band.shape)
    places = np.ravel_multi_index(
        tuple(index + PAD for index in np.unravel_index(order, band.shape)), wide
    )
    steps = np.array([np.ravel_multi_index([PAD + o for o in offset], wide)
                      - np.ravel_multi_index([PAD] * len(wide), wide)
                      for offset in causal_offsets(len(band.shape))])  # fmt: skip
    weights, around = network.matrices[0][: len(steps)], places[:, None] + steps
    own = np.zeros((len(sums), prod(wide)), np.float32)
    sums, found, at = sums.take(order, axis=1), np.zeros(sums.shape[:2], np.int64), 0
    for count in map(len, parts):
        rows = slice(at, at + count)
        near = own.take(around[rows], axis=1)
        symbols = found[:, rows] = reader.get(network.classes(near @ weights + sums[:, rows]))
        own[:, places[rows]] = magnitude(symbols)
        at += count
    values = np.zeros_like(found)
    values[:, order] = found
    return values.reshape(len(sums), *band.shape)
