"""Coder of latents: small networks predict how large a symbol is, and then its sign.

They stand in the specification; the global chunk says by how much the one of magnitudes differs
(tensor "entropy"). All is in integers: a class that differed between machines would turn all that
follows into noise. Magnitudes are coded by rANS with the class that comes out, front by front, and
then the signs of those that are not 0, chunk after chunk in compiled loops. Global tensors are
coded as `rans` does. Specification: context.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any, ClassVar, Final, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from lgcodec.coding.base import Coder, Floats, Quantiser, Symbols
from lgcodec.coding.distributions import SIGN_CLASSES
from lgcodec.coding.integer import Integer
from lgcodec.coding.known import Known
from lgcodec.coding.motion import read_motion, write_motion
from lgcodec.coding.neighbours import (
    PAD,
    Neighbourhood,
    causal_offsets,
    fronts,
    magnitude,
    places_of,
)
from lgcodec.coding.network import EntropyNetwork
from lgcodec.coding.pyramid import Band, Pyramid, as_lengths, flags_of
from lgcodec.coding.rans import Rans
from lgcodec.coding.signs import BandSigns, SignNetwork, sign_inputs
from lgcodec.coding.streams import Reader, Writer
from lgcodec.coding.tables import networks
from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import TensorSpec

__all__ = ["ENTROPY", "Context"]

ENTROPY: Final = "entropy"  # name of the global tensor
OTHERS: Final = 8  # features of symbols in other bands and channels
BEFORE: Final = 5  # of them, those of other bands
AHEAD: Final = 4  # features that are there only where an axis is split ahead


@final
class Context(Coder):
    """Latents of a pyramid under the prediction of networks; see context.md."""

    name: ClassVar[str] = "context"
    integers_only: ClassVar[bool] = True
    local_tables: ClassVar[bool] = False
    self_checking: ClassVar[bool] = True
    has_loops: ClassVar[bool] = True

    def __init__(
        self, pyramid: Pyramid, network: EntropyNetwork | None = None, left_out: int = 0
    ) -> None:
        self.pyramid = pyramid
        self._network, self._left_out = network, left_out
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
                **flags_of(configuration),
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
        pyramid = self.pyramid
        own = {"tile": pyramid.tile, "levels": pyramid.levels, "channels": pyramid.channels}
        return own | pyramid.flags

    @property
    @override
    def table_bytes(self) -> int:
        return self._globals.table_bytes

    @property
    def inputs(self) -> int:
        """Features of a magnitude."""
        axes, ahead = len(self.pyramid.tile), self.pyramid.ahead
        return len(causal_offsets(axes)) + OTHERS + 4 * axes + 3 + axes + AHEAD * ahead

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
        return self._networks[: self.network_size].astype(np.float32)

    @property
    def _networks(self) -> NDArray[np.int64]:
        return networks(len(self.pyramid.tile), self.pyramid.ahead)

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
    def without(self, levels: int) -> "Context":
        return Context(self.pyramid, self._network, levels)

    @override
    def table(self, symbols: Symbols) -> bytes:
        return self._globals.table(symbols)

    @override
    def encode(self, tables: Sequence[bytes], symbols: Sequence[Symbols]) -> list[bytes]:
        if self._network is None:
            return self._globals.encode(tables, symbols)
        if not len(symbols[0]):
            return []
        writer = Writer(len(symbols[0]), sum(self.pyramid.sizes))
        for motion in symbols[1:]:
            write_motion(writer, motion, self.pyramid.tensors()[1].shape)
        parts = np.split(symbols[0].astype(np.int64), np.cumsum(self.pyramid.sizes)[:-1], axis=1)
        for band, values, known in self._bands(parts):
            signs, classes = self._signs(band, known), self._classes(band, known, values)
            for channel in range(self.pyramid.channels):
                _write(writer, np.abs(values[:, channel]), classes[:, channel])
                _write_signs(writer, signs, channel, values[:, channel])
        return writer.chunks()

    def classes(self, symbols: Sequence[Symbols]) -> list[NDArray[np.intp]]:
        """The class of every magnitude, for symbols [P, N_k] of each band."""
        return [
            self._classes(band, known, values).reshape(len(values), -1)
            for band, values, known in self._bands(symbols)
        ]

    def odds(
        self, symbols: Sequence[Symbols], asked: Sequence[NDArray[np.bool_]]
    ) -> list[NDArray[np.int64]]:
        """Four times the log-odds of a positive sign where `asked` [P, N_k] for, 0 elsewhere.

        For symbols [P, N_k] of each band, of which every place sees those coded before.
        """
        result = []
        for (band, values, known), part in zip(self._bands(symbols), asked, strict=True):
            signs, wanted = self._signs(band, known), part.reshape(values.shape)
            odds = np.zeros((*values.shape[:2], prod(band.shape)), np.int64)
            for c in range(self.pyramid.channels):
                odds[:, c, signs.places.inner] = signs.odds(c, values[:, c], wanted[:, c])
            result.append(odds.reshape(len(values), -1))
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
                features, phases, seen = signs.examples(channel, values[:, channel])
                for phase in np.unique(phases).tolist():
                    own, place = phases == phase, (band.level, channel, phase)
                    yield band.orientation, features[own], place, seen[own] > 0

    def features(self, symbols: Sequence[Symbols]) -> list[Floats]:
        """Inputs [P, N_k, inputs] of the network, for symbols [P, N_k] of each band."""
        result = []
        for band, values, known in self._bands(symbols):
            near, features = self._features(band, known, magnitude(values))
            varied, count = np.stack(features, axis=-1), prod(band.shape)
            shape = len(values), self.pyramid.channels, count
            ends, constants = near.kinds.features[near.kinds.of], near.constants()[:, None]
            parts = [varied.reshape(*shape, -1), ends, constants]
            wide = [np.broadcast_to(part, (*shape, part.shape[-1])) for part in parts]
            result.append(np.concatenate(wide, axis=-1).reshape(len(values), -1, self.inputs))
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
            return [np.zeros((0, size), symbol_type) for size in sizes]
        reader = Reader(chunks, sum(self.pyramid.sizes))
        motion = self.pyramid.tensors()[1:]
        moves = [read_motion(reader, tensor.shape).astype(symbol_type) for tensor in motion]
        known, at = Known(self.pyramid, len(chunks)), 0
        result = np.zeros((len(chunks), sizes[0]), symbol_type)
        for band, size in zip(self.pyramid.bands, self.pyramid.sizes, strict=True):
            if band.level < self._left_out:
                return [result, *moves]
            known.begin(band)
            values = self._read(reader, band, known).astype(symbol_type)
            known.add(band, values.reshape(*values.shape[:2], *band.shape))
            result[:, at : at + size] = values.reshape(len(chunks), -1)
            at += size
        reader.finish()
        return [result, *moves]

    def _read(self, reader: Reader, band: Band, known: Known) -> NDArray[np.int64]:
        """The symbols [P, C, N] of a band."""
        near, causal = self._near(band, known), len(causal_offsets(len(band.shape)))
        across = slice(causal + BEFORE, causal + OTHERS)
        layers = self._ready.layers(near.constants(), near.kinds, causal, across)
        shape = known.low.shape[0], self.pyramid.channels, prod(band.shape)
        features = np.stack([*near.before(), *near.after()]).reshape(-1, *shape)
        values, places = np.zeros(shape, np.int64), places_of(band.shape)
        own, signs = np.zeros((*shape[:2], places.wide), np.float32), self._signs(band, known)
        for channel in range(self.pyramid.channels):
            sizes = reader.magnitudes(layers, places, features, own, channel)
            told = signs.layers(channel), signs.places, signs.seen
            values[:, channel] = reader.signs(*told, sizes, channel)
        return values

    @cached_property
    def _sign_networks(self) -> list[SignNetwork]:
        """Those of the orientations from 1 on."""
        axes, at, found = len(self.pyramid.tile), self.network_size, []
        for orientation in range(1, 1 << axes):
            inputs = sign_inputs(self.pyramid.between(orientation))
            size = SignNetwork.size(inputs, axes)
            found.append(SignNetwork(self._networks[at : at + size], inputs, axes))
            at += size
        return found

    def _signs(self, band: Band, known: Known) -> BandSigns:
        network = self._sign_networks[band.orientation - 1]
        return BandSigns(network, self.pyramid, band, known.signed, known.low)

    def _classes(self, band: Band, known: Known, values: Symbols) -> NDArray[np.intp]:
        """Classes [P, C, *band] of the magnitudes of symbols."""
        near, features = self._features(band, known, magnitude(values))
        rows = np.stack(features).reshape(len(features), *values.shape[:2], -1)
        return self._ready.classes(rows, near.constants(), near.kinds).reshape(values.shape)

    def _features(
        self, band: Band, known: Known, own: Floats
    ) -> tuple[Neighbourhood, list[Floats]]:
        """What is around a band, and features [P * C, *band] but those of places and channels."""
        near = self._near(band, known)
        causal = _causal(own.reshape(-1, *band.shape), band.shape)
        return near, [*causal, *near.features(own)]

    def _near(self, band: Band, known: Known) -> Neighbourhood:
        return Neighbourhood(self.pyramid, band, known.magnitudes, known.low)


def _write(writer: Writer, sizes: Symbols, classes: NDArray[np.intp]) -> None:
    """Magnitudes [P, *band] of one channel, in the order of coding."""
    order = np.concatenate(fronts(sizes.shape[1:]))
    writer.put(sizes.reshape(len(sizes), -1)[:, order], classes.reshape(len(sizes), -1)[:, order])


def _write_signs(writer: Writer, signs: BandSigns, channel: int, values: Symbols) -> None:
    """Those of symbols [P, *band] of one channel."""
    ordered, asked = signs.ordered(values), values != 0
    kept = ordered != 0
    odds, negative = signs.odds(channel, values, asked)[kept], ordered[kept] < 0
    classes = np.minimum(np.abs(odds), SIGN_CLASSES - 1)
    writer.put_signs(negative != (odds < 0), classes, kept.sum(axis=1))


def _causal(own: Floats, shape: Sequence[int]) -> list[Floats]:
    """The causal neighbours [P, *band] of every place, from g [P, *band] of the same channel."""
    padded = np.zeros((len(own), *(length + 2 * PAD for length in shape)), np.float32)
    padded[(slice(None), *[slice(PAD, -PAD)] * len(shape))] = own
    return [
        padded[
            (slice(None), *(slice(PAD + o, PAD + o + n) for o, n in zip(at, shape, strict=True)))
        ]
        for at in causal_offsets(len(shape))
    ]
