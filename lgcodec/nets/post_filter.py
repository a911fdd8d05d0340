"""What a small convolutional network takes back of the noise of rounding, tile by tile.

Four layers of 3 x 3 over the coded channels of one tile, in steps of its quantiser, with ReLU
between; the border of the tile goes on, so that no tile sees another. Of a video every frame of a
tile is filtered for itself, with weights of its own. The weights stand in the
specification (families/latent-filter-*.csv, trained by `benchmarks.train_latent`), and the global
chunk says how much of the result each channel takes. After the in-loop filters of video codecs.
"""

from contextlib import nullcontext
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

__all__ = ["CHANNELS", "STRENGTH_ONE", "WIDTHS", "corrected", "has_filter", "multiplications"]

WIDTHS: Final = (16, 16, 16)  # channels between layers
CHANNELS: Final = (1, 3)  # for which there are weights
WEIGHT_ONE: Final = 4096  # of the numbers in the tables
STRENGTH_ONE: Final = 16
TAPS: Final = 9


def has_filter(channels: int, axes: int, ahead: int) -> bool:
    """Whether there is one for so many channels on grids of so many axes, some split ahead."""
    return axes - ahead == 2 and channels in CHANNELS


def multiplications(channels: int) -> int:
    """Of one sample."""
    return TAPS * sum(a * b for a, b in pairwise([channels, *WIDTHS, channels]))


def corrected(coded: Tensor, steps: Tensor) -> Tensor:
    """What is to be added [P, C, h, w] or [P, C, t, h, w] to coded channels of the same shape.

    steps   [C] of the finest level, network units

    One tile or frame at a time: for several at once libraries add in another order, and a crop
    would decode to other bits.
    """
    wide = steps.view(-1, 1, 1)
    is_film = coded.ndim == 5
    layers = [(m.to(coded), b.to(coded)) for m, b in _layers(coded.shape[1], is_film)]
    # Flags of the whole process, which threads on CPUs would leave in each other's state.
    exact = torch.backends.cudnn.flags(allow_tf32=False) if coded.is_cuda else nullcontext()
    with exact:
        frames = coded.transpose(1, 2).flatten(0, 1) if is_film else coded
        parts = [_filtered(frame / wide, layers) * wide for frame in frames]
    if not parts:
        return torch.zeros_like(coded)
    found = torch.stack(parts)
    return found.view(len(coded), -1, *found.shape[1:]).transpose(1, 2) if is_film else found


def _filtered(values: Tensor, layers: list[tuple[Tensor, Tensor]]) -> Tensor:
    values = values[None]
    for place, (matrix, bias) in enumerate(layers):
        values = conv2d(pad(values, [1] * 4, mode="replicate"), matrix, bias)
        values = values.relu() if place < len(layers) - 1 else values
    return values[0]


@cache
def _layers(channels: int, is_film: bool) -> list[tuple[Tensor, Tensor]]:
    """Matrix [outputs, inputs, 3, 3] and bias of each layer, from the table in this order."""
    name = f"latent-filter-{channels}c{'-ahead' * is_film}.csv"
    text = (files("lgcodec.nets") / "tables" / name).read_text("ascii")
    numbers = np.array(text.replace("\n", ",").rstrip(",").split(","), np.float32) / WEIGHT_ONE
    flat, at, layers = torch.from_numpy(numbers), 0, []
    for before, after in pairwise([channels, *WIDTHS, channels]):
        size = after * before * TAPS
        matrix = flat[at : at + size].view(after, before, 3, 3)
        layers.append((matrix, flat[at + size : at + size + after]))
        at += size + after
    return layers
