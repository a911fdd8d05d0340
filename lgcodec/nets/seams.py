"""What a small convolutional network takes back of the edges that partitions leave between them.

Partitions are coded each for itself, so errors on the two sides of a border have nothing to do
with each other, and an eye sees it. Where both sides are there, samples near the border are
corrected from both: three layers of 3 x 3 over a strip that a border divides in the middle, ReLU
between, each channel for itself and in steps of its quantiser. What the first layer finds is told
how far from the border it is. Trained by `benchmarks.train_seams`; after the deblocking filters of
video codecs. It is a matter of showing a picture: no file depends on it.
"""

from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv2d, pad

__all__ = [
    "ALONG",
    "HALF",
    "REACH",
    "WEIGHT_ONE",
    "WIDTHS",
    "Weights",
    "corrections",
    "in_steps",
    "weights_of",
]

REACH: Final = 6  # samples that are corrected on either side of a border
HALF: Final = 12  # samples that are seen there
WIDTHS: Final = (16, 16)  # channels between layers
ALONG: Final = len(WIDTHS) + 1  # samples along the border that are seen on either side: one a layer
WEIGHT_ONE: Final = 4096  # of the numbers in the table
TAPS: Final = 9
ROWS: Final = 4096  # that are looked at together: memory is what a long border would take
Floats = NDArray[np.float64]


class Weights(NamedTuple):
    """Matrix [outputs, inputs, 3, 3] and bias of each layer, and what depends on the distance.

    nearness   [WIDTHS[0], HALF] what is added to the first layer, from the border outwards
    shares     [REACH] how much of the result is taken, from the border outwards
    """

    layers: tuple[tuple[Tensor, Tensor], ...]
    nearness: Tensor
    shares: Tensor


def corrections(strips: Floats, grain: Floats, levels: Floats | None = None) -> Floats:
    """What is to be added [.., L, C, 2 REACH] to the middle of strips [.., L, C, 2 HALF].

    The border lies in the middle of the last axis. Column k of `grain` [C, C] is what one step of
    the quantiser of coded channel k changes in the channels; no coded channel changes by more than
    a step. Where something is not finite, nothing is added.

    `levels` [.., C] are what strips are measured from, by default their means. They matter for
    rounding alone; with the same ones a sample is corrected by those up to `ALONG` along the border
    and no others, to the last bit.
    """
    with np.errstate(all="ignore"), torch.no_grad():
        if levels is None:
            levels = strips.mean((-3, -1))
        # Digits for what differs.
        steps = np.linalg.inv(grain) @ (strips - levels[..., np.newaxis, :, np.newaxis])
        lines = torch.from_numpy(np.moveaxis(steps, -2, 0).astype(np.float32))
        blocks = [
            torch.cat([in_steps(block, _shipped()) for block in row[None].split(ROWS, 1)], 1)
            for row in lines.flatten(0, -3)
        ]
        change = torch.cat(blocks).clamp(-1, 1).view(*lines.shape[:-1], 2 * REACH)
        added = grain @ np.moveaxis(change.numpy(), 0, -2)
        return np.where(np.isfinite(added), added, 0.0)


def in_steps(strips: Tensor, weights: Weights) -> Tensor:
    """The same of one channel in steps: [N, L, 2 REACH] for strips [N, L, 2 HALF]."""
    layers, nearness, shares = weights
    values = strips[:, None]
    for place, (matrix, bias) in enumerate(layers):
        values = conv2d(pad(values, [1] * 4, mode="replicate"), matrix, bias)
        if not place:
            values = values + torch.cat([nearness.flip(1), nearness], 1)[:, None]
        values = values.relu() if place < len(layers) - 1 else values
    return values[:, 0, :, HALF - REACH : HALF + REACH] * torch.cat([shares.flip(0), shares])


def weights_of(flat: Tensor) -> Weights:
    """The weights out of one row of numbers: layers, nearness, shares."""
    at, layers = 0, []
    for before, after in pairwise([1, *WIDTHS, 1]):
        size = after * before * TAPS
        matrix = flat[at : at + size].view(after, before, 3, 3)
        layers.append((matrix, flat[at + size : at + size + after]))
        at += size + after
    nearness = flat[at : at + WIDTHS[0] * HALF].view(WIDTHS[0], HALF)
    return Weights(tuple(layers), nearness, flat[at + nearness.numel() :][:REACH])


@cache
def _shipped() -> Weights:
    text = (files("lgcodec.nets") / "tables" / "seams.csv").read_text("ascii")
    numbers = np.array(text.replace("\n", ",").rstrip(",").split(","), np.float32)
    return weights_of(torch.from_numpy(numbers / WEIGHT_ONE))
