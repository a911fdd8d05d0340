"""Fitted groups -> a stream: the coder that they need, its configuration, chunks."""

from collections.abc import Sequence
from hashlib import blake2b
from operator import attrgetter
from typing import final

import numpy as np

from lgcodec.coding import codec_of
from lgcodec.coding.frequencies import SYMBOL_BITS
from lgcodec.coding.scaled import Scaled
from lgcodec.fit.plan import Plan
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.settings import Fitted
from lgcodec.format.conf import Conf, Plug
from lgcodec.format.container import Container, GroupData, StreamData, dumps
from lgcodec.nets import Latent
from lgcodec.nets.blocks import side_by_side

__all__ = ["Coding", "Groups"]

Groups = Sequence[tuple[Sampler, Fitted]]


@final
class Coding:
    """How groups of a plan are coded.

    values       what the network outputs -1 and 1 stand for
    float_bits   of weights that are not rounded; None if they are
    """

    def __init__(self, plan: Plan, values: tuple[float, float], float_bits: int | None) -> None:
        self._plan, self._values, self._float_bits = plan, values, float_bits
        self._last = b"", (b"", list[bytes]())  # what was coded last, told by its digest

    def stream(self, coded: Sequence[GroupData], fitted: Groups) -> StreamData:
        """What is `coded` and the groups `fitted`; floats by what takes the fewest bytes."""
        # None: Ctrl-C came before the weights were fitted rounded.
        bits = max((best.bits or SYMBOL_BITS for _, best in fitted), default=SYMBOL_BITS)
        coders = ("zstd", "raw") if self._float_bits else (_coder(fitted),)
        streams = (self._coded(self._conf(coder, bits), coded, fitted) for coder in coders)
        return min(streams, key=_payload)

    def head(self) -> int:
        """Bytes of a file of latents beside its groups, and a few more: of a group of nothing."""
        conf = self._conf(_coder(()), SYMBOL_BITS)
        nothing = codec_of(conf).group(0, b"0", {0: b"0"})
        return len(dumps(Container((StreamData(self._plan.geometry, conf, (nothing,)),))))

    def _coded(self, conf: Conf, coded: Sequence[GroupData], fitted: Groups) -> StreamData:
        codec, groups = codec_of(conf), [*coded]
        for sampler, best in fitted:
            head, chunks = self._chunks(conf, best)
            locals_ = dict(zip(sampler.ids, chunks, strict=True))
            groups.append(codec.group(sampler.ordinal, head, locals_))
        groups.sort(key=attrgetter("ordinal"))  # they are fitted in any order
        return StreamData(self._plan.geometry, conf, tuple(groups))

    def _chunks(self, conf: Conf, best: Fitted) -> tuple[bytes, list[bytes]]:
        """As `ChunkCodec.encode`, once: a fit ends with what it measured the size of."""
        codec = codec_of(conf)
        steps = best.steps_for(codec.coder)
        told = blake2b(repr((conf, steps)).encode())
        for weights in (*best.global_.values(), *best.local.values()):
            told.update(np.ascontiguousarray(weights).data)
        digest, coded = self._last
        if digest != told.digest():
            coded = codec.encode(best.global_, best.local, steps, mapped=side_by_side)
            self._last = told.digest(), coded
        return coded

    def _conf(self, coder: str, bits: int) -> Conf:
        family, entropy = self._plan.family, Plug(coder)
        if isinstance(family, Latent):
            quantiser, entropy = Plug("integer"), Plug("context", family.coder.configuration)
        elif self._float_bits:
            quantiser = Plug("float", {"bits": self._float_bits})
        else:
            quantiser = Plug("uniform", {"bits": bits})
            if coder == Scaled.name:
                entropy = Plug(coder, {"differences": self._growing(), "dependent": 1})
        low, high = self._values
        return Conf(
            family=Plug(family.name, family.configuration),
            quantiser=quantiser,
            coder=entropy,
            local=family.local_tensors(),
            global_=family.global_tensors(),
            values=self._values,
            fill=tuple(min(max(value, low), high) for value in self._plan.content.background),
        )

    def _growing(self) -> list[int]:
        """Numbers of the tensors that `scaled` codes as differences, global ones counted first."""
        family = self._plan.family
        first, names = len(family.global_tensors()), [t.name for t in family.local_tensors()]
        return [first + names.index(name) for name in family.ascending]


def _coder(fitted: Groups) -> str:
    """That the symbols of some group need: `scaled` codes all that `rans` does."""
    needs_scales = any(best.coder == Scaled.name for _, best in fitted)
    return Scaled.name if needs_scales else "rans"


def _payload(stream: StreamData) -> int:
    """Bytes of all chunks."""
    return sum(
        len(group.global_chunk) + sum(map(len, group.local_chunks.values()))
        for group in stream.groups
    )
