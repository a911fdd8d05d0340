"""What two small convolutional networks take back of the noise of rounding, tile by tile.

Both see the coded channels of a tile, in steps of its quantiser. One corrects what a split of the
wavelet leaves low, the other the tile itself, as it is with that. Each has four layers of 3 x 3,
with units between 0 and MOST; the border of the tile goes on, so that no tile sees another. Of a
video every frame of a tile is filtered for itself, with weights of its own. The weights stand in
the specification (families/latent-filter-*.csv, trained by `benchmarks.train_latent`), and the
global chunk says how much of the result each channel takes. After the in-loop filters of video
codecs.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import prod
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from lgcodec.nets.lifting import longer, smaller

__all__ = [
    "CHANNELS",
    "SCALES",
    "STRENGTH_ONE",
    "WEIGHT_ONE",
    "WIDTHS",
    "Layers",
    "corrected",
    "has_filter",
    "missing",
    "multiplications",
    "networks_of",
]

SCALES: Final = 2  # networks, each for pictures of half the size of the one before
WIDTHS: Final = (32, 32, 32)  # channels between layers
MOST: Final = 1.5  # of a unit: where edges are strong, no more is lacking
CHANNELS: Final = (1, 3)  # for which there are weights
WEIGHT_ONE: Final = 4096  # of the numbers in the tables
STRENGTH_ONE: Final = 16
TAPS: Final = 9
LIFTED: Final = 9  # multiplications of a value, down to half the size and back

Layers = Sequence[tuple[Tensor, Tensor]]  # matrix [outputs, inputs, 3, 3] and bias of each


def has_filter(channels: int, axes: int, ahead: int) -> bool:
    """Whether there is one for so many channels on grids of so many axes, some split ahead."""
    return axes - ahead == 2 and channels in CHANNELS


def multiplications(channels: int) -> int:
    """Of one sample."""
    network = TAPS * sum(a * b for a, b in pairwise([channels, *WIDTHS, channels]))
    scales = [network >> 2 * scale for scale in range(SCALES)]
    return sum(scales) + sum(LIFTED * channels >> 2 * scale for scale in range(SCALES - 1))


def corrected(coded: Tensor, steps: Tensor) -> Tensor:
    """What is to be added [P, C, h, w] or [P, C, t, h, w] to coded channels of the same shape.

    steps   [C] of the finest level, network units
    """
    wide, is_film = steps.view(-1, 1, 1), coded.ndim == 5
    known = networks_of(coded.shape[1], is_film=is_film)
    networks = [[(m.to(coded), b.to(coded)) for m, b in network] for network in known]
    pictures = coded.transpose(1, 2).flatten(0, 1) if is_film else coded
    # These turn cuDNN off, and are of the whole process: threads on CPUs would mix them up.
    exact = torch.backends.cudnn.flags(allow_tf32=False) if coded.is_cuda else nullcontext()
    with exact:
        found = missing(pictures / wide, networks) * wide
    if not is_film:
        return found
    return found.view(len(coded), coded.shape[2], *found.shape[1:]).transpose(1, 2)


def missing(pictures: Tensor, networks: Sequence[Layers]) -> Tensor:
    """What pictures [N, C, h, w] in steps lack, by a network for every scale, the finest first."""
    network, *coarser = networks
    if not coarser:
        return _of_each(pictures, network)
    rough = missing(smaller(pictures), coarser)
    for axis in (3, 2):
        if pictures.shape[axis] > 1:
            rough = longer(rough, axis, pictures.shape[axis])
    return rough + _of_each(pictures + rough, network)


def _of_each(pictures: Tensor, network: Layers) -> Tensor:
    """What a network says of pictures [N, C, h, w], of one at a time.

    Of several at once libraries add in another order, and a crop would decode to other bits.
    """
    parts = [_layered(picture[None], network) for picture in pictures]
    return torch.cat(parts) if parts else torch.zeros_like(pictures)


def _layered(values: Tensor, network: Layers) -> Tensor:
    values = values.contiguous(memory_format=torch.channels_last)  # faster on CPUs
    for place, (matrix, bias) in enumerate(network):
        values = _convolved(pad(values, [1] * 4, mode="replicate"), matrix, bias)
        values = values.clamp(0, MOST) if place < len(network) - 1 else values
    return values


def _convolved(values: Tensor, matrix: Tensor, bias: Tensor) -> Tensor:
    """A layer without padding.

    On CPUs by oneDNN, where there is one: `conv2d` leaves small tiles to another library, whose
    sums depend on how many threads there are. oneDNN has no doubles.
    """
    has_one = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if has_one and values.is_cpu and values.dtype == torch.float32:
        return torch.mkldnn_convolution(values, matrix, bias, [0, 0], [1, 1], [1, 1], 1)
    return conv2d(values, matrix, bias)


@cache
def networks_of(channels: int, *, is_film: bool) -> list[Layers]:
    """Of every scale matrix and bias of each layer, from the table in this order."""
    name = f"latent-filter-{channels}c{'-ahead' * is_film}.csv"
    text = (files("lgcodec.nets") / "tables" / name).read_text("ascii")
    numbers = np.array(text.replace("\n", ",").rstrip(",").split(","), np.float32) / WEIGHT_ONE
    flat, widths = torch.from_numpy(numbers), [channels, *WIDTHS, channels]
    shapes = [(after, before, 3, 3) for before, after in pairwise(widths)]
    sizes = [n for shape in shapes for n in (prod(shape), shape[0])] * SCALES
    parts = torch.split(flat, sizes)
    layers = [
        (matrix.view(shape).contiguous(memory_format=torch.channels_last), bias)
        for shape, matrix, bias in zip(shapes * SCALES, parts[::2], parts[1::2], strict=True)
    ]
    return [layers[at : at + len(shapes)] for at in range(0, len(layers), len(shapes))]
