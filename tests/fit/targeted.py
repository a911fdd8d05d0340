"""A network fitted to a picture for a size, as its chunks are coded."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from fit.builders import CPU, sampler
from lgcodec.coding import ChunkCodec, Uniform
from lgcodec.coding.scaled import BITS, Scaled
from lgcodec.fit.loop import fit
from lgcodec.fit.settings import FitProgress, FitSettings, Fitted
from lgcodec.format.geometry import Geometry
from lgcodec.nets import Siren
from lgcodec.signal import Signal

__all__ = ["Case", "same"]


@final
@dataclass(frozen=True)
class Case:
    """A local network of three layers, whose hidden ones have biases that grow."""

    network: Siren
    picture: Signal
    geometry: Geometry

    @property
    def codec(self) -> ChunkCodec:
        coder = Scaled([1, 3], dependent=True)
        return ChunkCodec(Uniform(BITS), coder, self.network.local_tensors(), ())

    def size_of(self, fitted: Fitted) -> int:
        head, chunks = self.codec.encode(fitted.global_, fitted.local, fitted.steps)
        return len(head) + sum(map(len, chunks))

    def run(
        self,
        settings: FitSettings,
        report: Callable[[FitProgress], None] | None = None,
        checkpoint: Path | None = None,
    ) -> Fitted:
        return fit(
            self.network,
            sampler(self.picture, self.geometry, seed=settings.seed),
            settings,
            peak=2.0,
            device=CPU,
            report=report,
            checkpoint=checkpoint,
            size_of=self.size_of,
        )

    def stopped(self, settings: FitSettings, checkpoint: Path, share: float) -> Fitted:
        """By Ctrl-C, once more than `share` of it is done."""

        def interrupt(progress: FitProgress) -> None:
            if progress.done > share:
                raise KeyboardInterrupt

        return self.run(settings, interrupt, checkpoint)

    def is_as_stored(self, fitted: Fitted) -> bool:
        """Whether the weights are, to the bit, what the codec gives back."""
        head, chunks = self.codec.encode(fitted.global_, fitted.local, fitted.steps)
        decoded = self.codec.decode_local(self.codec.decode_global(head), chunks)
        return all(v.tobytes() == fitted.local[name].tobytes() for name, v in decoded.items())


def same(first: Fitted, second: Fitted) -> bool:
    """The same weights by the same steps."""
    pairs = ((first.local[name], value) for name, value in second.local.items())
    return all(np.array_equal(a, b) for a, b in pairs) and first.steps == second.steps
