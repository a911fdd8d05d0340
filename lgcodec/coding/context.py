"""Coder of latents: small networks predict how large a symbol is, and then its sign.

They stand in the specification; the global chunk says by how much the one of magnitudes differs
(tensor "entropy"). All is in integers: a class that differed between machines would turn all that
follows into noise. Magnitudes are coded by rANS with the class that comes out, front by front, and
then the signs of those that are not 0, in lock-step over all chunks. Global tensors are coded as
`rans` does. Specification: context.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, ClassVar, Final, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from lgcodec.coding.base import Coder, Floats, Quantiser, Symbols
from lgcodec.coding.distributions import SIGN_CLASSES
from lgcodec.coding.integer import Integer
from lgcodec.coding.known import Known
from lgcodec.coding.lockstep import LaneReader, LaneWriter, reader_of, writer_of
from lgcodec.coding.neighbours import PAD, Neighbourhood, causal_offsets, fronts, magnitude
from lgcodec.coding.network import EntropyNetwork
from lgcodec.coding.pyramid import Band, Pyramid, as_lengths
from lgcodec.coding.rans import Rans
from lgcodec.coding.serial import SerialReader, SerialWriter
from lgcodec.coding.signs import BandSigns, Code, SignNetwork, sign_inputs
from lgcodec.coding.tables import networks
from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import TensorSpec

__all__ = ["ENTROPY", "Context"]

ENTROPY: Final = "entropy"  # name of the global tensor
OTHERS: Final = 8  # features of symbols in other bands and channels
Reader = LaneReader | SerialReader
Writer = LaneWriter | SerialWriter


@final
class Context(Coder):
    """Latents of a pyramid under the prediction of networks; see context.md."""

    name: ClassVar[str] = "context"
    integers_only: ClassVar[bool] = True
    local_tables: ClassVar[bool] = False

    def __init__(self, pyramid: Pyramid, network: EntropyNetwork | None = None) -> None:
        self.pyramid = pyramid
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
        except (KeyError, TypeError, UsageError) as error:
            raise FileError("E_CONF", f"the configuration of context is wrong: {error}") from error
        coder = cls(pyramid)
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
        }

    @property
    @override
    def table_bytes(self) -> int:
        return self._globals.table_bytes

    @property
    def inputs(self) -> int:
        """Features of a magnitude."""
        axes = len(self.pyramid.tile)
        return len(causal_offsets(axes)) + OTHERS + 2 * axes + 3 + axes

    @property
    def network_size(self) -> int:
        """Numbers in the tensor ENTROPY."""
        return EntropyNetwork.size(self.inputs)

    @property
    def _ready(self) -> EntropyNetwork:
        if self._network is None:
            raise ValueError("the coder has no network yet: see for_locals")
        return self._network

    @property
    def usual(self) -> Floats:
        """The network of the specification [network_size], which ENTROPY is added to."""
        return networks(len(self.pyramid.tile))[: self.network_size].astype(np.float32)

    @override
    def for_locals(self, tensors: Sequence[TensorSpec], global_: Mapping[str, Floats]) -> "Context":
        if tuple(tensors) != self.pyramid.tensors():
            raise FileError("E_PROFILE", "the local tensors are not those of context's pyramid")
        changes = global_.get(ENTROPY)
        if changes is None or changes.shape != (self.network_size,):
            raise FileError(
                "E_PROFILE", f"context needs a global tensor {ENTROPY} of {self.network_size}"
            )
        return Context(self.pyramid, EntropyNetwork(self.usual + changes, self.inputs))

    @override
    def table(self, symbols: Symbols) -> bytes:
        return self._globals.table(symbols)

    @override
    def encode(self, tables: Sequence[bytes], symbols: Sequence[Symbols]) -> list[bytes]:
        if self._network is None:
            return self._globals.encode(tables, symbols)
        if not len(symbols[0]):
            return []
        writer = writer_of(len(symbols[0]), sum(self.pyramid.sizes))
        parts = np.split(symbols[0].astype(np.int64), np.cumsum(self.pyramid.sizes)[:-1], axis=1)
        for band, values, known in self._bands(parts):
            signs, own = self._signs(band, known), magnitude(values)
            for channel in range(self.pyramid.channels):
                sums, part = self._sums(band, known, own, channel), values[:, channel]
                _write(writer, np.abs(part), self._network.classes(sums))
                signs.values(channel, np.abs(part), _writing(writer, part))
        return writer.chunks()

    def classes(self, symbols: Sequence[Symbols]) -> list[NDArray[np.intp]]:
        """The class of every magnitude, for symbols [P, N_k] of each band."""
        network = self._ready
        channels, result = range(self.pyramid.channels), []
        for band, values, known in self._bands(symbols):
            own = magnitude(values)
            classes = [network.classes(self._sums(band, known, own, c)) for c in channels]
            result.append(np.stack(classes, axis=1).reshape(len(own), -1))
        return result

    def odds(
        self, symbols: Sequence[Symbols], asked: Sequence[NDArray[np.bool_]]
    ) -> list[NDArray[np.int64]]:
        """Four times the log-odds of a positive sign where `asked` [P, N_k] for, 0 elsewhere.

        For symbols [P, N_k] of each band, of which every place sees those coded before.
        """
        result = []
        for (band, values, known), part in zip(self._bands(symbols), asked, strict=True):
            signs, wanted = self._signs(band, known), part.reshape(values.shape)
            channels = range(self.pyramid.channels)
            parts = [signs.odds(c, values[:, c], wanted[:, c]) for c in channels]
            result.append(np.stack(parts, axis=1).reshape(len(values), -1))
        return result

    def signs(
        self, symbols: Sequence[Symbols]
    ) -> Iterator[tuple[int, Floats, tuple[int, int, int], NDArray[np.bool_]]]:
        """What the networks of signs see, phase after phase, for symbols [P, N_k] of each band.

        Orientation; features [n, inputs]; level, channel and phase; which signs are positive [n].
        """
        for band, values, known in self._bands(symbols):
            signs = self._signs(band, known)
            for channel in range(self.pyramid.channels):
                for phase, features, seen in signs.examples(channel, values[:, channel]):
                    yield band.orientation, features, (band.level, channel, phase), seen > 0

    def features(self, symbols: Sequence[Symbols]) -> list[Floats]:
        """Inputs [P, N_k, inputs] of the network, for symbols [P, N_k] of each band."""
        result = []
        for band, values, known in self._bands(symbols):
            near = Neighbourhood(self.pyramid, band, known.magnitudes, known.low)
            own = magnitude(values)
            parts = [
                np.stack(
                    [
                        *_causal(own[:, channel], band.shape),
                        *near.features(own, channel),
                        *(np.full_like(own[:, 0], v) for v in near.constants(channel)),
                    ],
                    axis=-1,
                )
                for channel in range(self.pyramid.channels)
            ]
            result.append(np.stack(parts, axis=1).reshape(len(own), -1, self.inputs))
        return result

    def _bands(self, symbols: Sequence[Symbols]) -> Iterator[tuple[Band, Symbols, Known]]:
        """Every band, its symbols [P, C, *band], and what is known before it is decoded."""
        known = Known(self.pyramid, len(symbols[0]))
        for band, part in zip(self.pyramid.bands, symbols, strict=True):
            values = part.reshape(len(part), self.pyramid.channels, *band.shape)
            known.begin(band)
            yield band, values, known
            known.add(band, values)

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
        if not chunks:
            return [np.zeros((0, sum(self.pyramid.sizes)), symbol_type)]
        reader = reader_of(chunks, sum(self.pyramid.sizes))
        known, result = Known(self.pyramid, len(chunks)), []
        for band in self.pyramid.bands:
            known.begin(band)
            signs = self._signs(band, known)
            values = np.zeros((len(chunks), self.pyramid.channels, *band.shape), symbol_type)
            own = np.zeros(values.shape, np.float32)
            for channel in range(self.pyramid.channels):
                sums = self._sums(band, known, own, channel, causal=False)
                sizes_ = _by_fronts(self._network, band, sums, reader)
                own[:, channel] = magnitude(sizes_)
                values[:, channel] = signs.values(channel, sizes_, _reading(reader, len(chunks)))
            known.add(band, values)
            result.append(values.reshape(len(chunks), -1))
        reader.finish()
        return [np.concatenate(result, axis=1)]

    def _signs(self, band: Band, known: Known) -> BandSigns:
        axes, at = len(band.shape), self.network_size
        for orientation in range(1, band.orientation):
            at += SignNetwork.size(sign_inputs(self.pyramid.high(orientation)), axes)
        inputs = sign_inputs(self.pyramid.high(band.orientation))
        weights = networks(axes)[at : at + SignNetwork.size(inputs, axes)]
        return BandSigns(SignNetwork(weights, inputs), self.pyramid, band, known.signed, known.low)

    def _sums(
        self, band: Band, known: Known, own: Floats, channel: int, *, causal: bool = True
    ) -> Floats:
        """Sums [P, *band, H] of the first layer; without the causal neighbours if not `causal`."""
        network = self._ready
        near = Neighbourhood(self.pyramid, band, known.magnitudes, known.low)
        offsets, constants = causal_offsets(len(band.shape)), near.constants(channel)
        split, rest = len(offsets), self.inputs - len(constants)
        sums = network.first(near.features(own, channel), slice(split, rest))
        sums += np.array(constants, np.float32) @ network.matrices[0][rest:] + network.biases[0]
        if causal:
            sums += network.first(_causal(own[:, channel], band.shape), slice(0, split))
        return sums


def _write(writer: Writer, sizes: Symbols, classes: NDArray[np.intp]) -> None:
    """Magnitudes [P, *band] of one channel, in the order of coding."""
    order = np.concatenate(fronts(sizes.shape[1:]))
    writer.put(sizes.reshape(len(sizes), -1)[:, order], classes.reshape(len(sizes), -1)[:, order])


def _writing(writer: Writer, values: Symbols) -> Code:
    """What signs there are, for `BandSigns.values`; they are put into `writer`."""

    def code(
        rows: NDArray[np.intp], places: NDArray[np.intp], odds: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        negative: NDArray[np.bool_] = values.reshape(len(values), -1)[rows, places] < 0
        counts = np.bincount(rows, minlength=len(values))
        writer.put_signs(negative != (odds < 0), _sign_classes(odds), counts)
        return negative

    return code


def _reading(reader: Reader, count: int) -> Code:
    """What signs there are, for `BandSigns.values`, out of `reader`."""

    def code(
        rows: NDArray[np.intp], _: NDArray[np.intp], odds: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        counts = np.bincount(rows, minlength=count)
        negative: NDArray[np.bool_] = reader.signs(_sign_classes(odds), counts) != (odds < 0)
        return negative

    return code


def _sign_classes(odds: NDArray[np.int64]) -> NDArray[np.intp]:
    return np.minimum(np.abs(odds), SIGN_CLASSES - 1)


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
    network: EntropyNetwork, band: Band, sums: Floats, reader: Reader
) -> NDArray[np.int64]:
    """Magnitudes [P, *band] of one channel, decoded front by front."""
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
