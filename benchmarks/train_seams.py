"""The weights of lgcodec/nets/seams.py, which makes borders between partitions smooth.

Photographs are encoded at rates from low to high in partitions of 32 to 128 pixels; the network
learns what the strips around their borders lack. Writes lgcodec/nets/tables/seams.csv.
"""

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from math import cos, pi
from time import monotonic
from typing import Final
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from benchmarks._training import pictures
from benchmarks.common import ROOT, parser
from lgcodec import EncodeOptions, Signal, UsageError
from lgcodec._encode import encode_signals
from lgcodec._smooth import decode_smooth
from lgcodec.format.container import BytesSource, Reader
from lgcodec.nets.seams import HALF, REACH, WEIGHT_ONE, WIDTHS, Weights, in_steps, weights_of

EDGE: Final = 384
RATES: Final = 0.12, 2.5  # bits per pixel, spread evenly between by their logarithms
GOLDEN: Final = 0.61803398875
TILES: Final = (64, 64, 32, 128)
LENGTH: Final = 96  # samples along a border
BATCH: Final = 12
RATE: Final = 2e-3
LEAST: Final = 1e-5
SMALL: Final = 0.1  # of the last layer to begin with
Strips = tuple[Tensor, Tensor]  # as decoded, what they lack; [borders, C, EDGE, 2 HALF], in steps


def main() -> None:
    """Train and write."""
    options = parser(__doc__)
    options.add_argument("--pictures", type=int, default=80)
    options.add_argument("--iterations", type=int, default=6000)
    options.add_argument("--seed", type=int, default=0)
    asked = options.parse_args()
    if asked.data is None:
        options.error("--data is needed: there are no pictures to train on in the repository")
    started, random = monotonic(), np.random.default_rng(asked.seed)
    count, iterations = (8, 200) if asked.quick else (asked.pictures, asked.iterations)
    examples = []
    for number, picture in enumerate(pictures(asked.data, random, EDGE, count)):
        with suppress(UsageError):  # so few bytes are impossible
            examples += [_strips(picture, number)]
        print(f"{number + 1} of {count}: {monotonic() - started:.0f} s", flush=True)
    flat = _learned(examples, iterations, asked.seed)
    if not asked.no_write:
        text = "".join(",".join(str(int(n)) for n in row) + "\n" for row in torch.split(flat, 16))
        (ROOT / "lgcodec/nets/tables/seams.csv").write_text(text, "ascii")


def _strips(picture: Signal, number: int) -> Strips:
    """What lies around the borders of a picture when it is coded."""
    low, high = np.log(RATES)
    rate = float(np.exp(low + (high - low) * (number * GOLDEN % 1)))
    tile = TILES[number % len(TILES)]
    options = EncodeOptions(family="latent", bpp=rate, preset="fast", partition_size=(tile, tile))
    data, _ = encode_signals([picture], options)
    with Reader(BytesSource(data)) as reader, patch("lgcodec._smooth.smooth") as asked:
        decode_smooth(reader.streams[0])
    decoded, grains = asked.call_args.args[0].samples, asked.call_args.kwargs["grains"]
    into_steps = np.linalg.inv(grains[0]).T
    values, wanted = (
        torch.from_numpy(part @ into_steps).float().movedim(-1, 0)
        for part in (decoded, picture.samples)
    )
    places = range(tile, EDGE, tile)
    columns = [
        torch.stack([part[..., at - HALF : at + HALF] for at in places])
        for part in (torch.cat([x, x.mT]) for x in (values, wanted - values))
    ]
    return columns[0], columns[1]


def _learned(examples: Sequence[Strips], iterations: int, seed: int) -> Tensor:
    """The flat integers of `nets.seams.Weights`."""
    generator = torch.Generator().manual_seed(seed)
    flat = _drawn(generator).requires_grad_()
    optimiser = torch.optim.Adam([flat], lr=RATE)
    for iteration in range(iterations):
        for group in optimiser.param_groups:
            group["lr"] = RATE * (0.5 + 0.5 * cos(pi * iteration / iterations)) + LEAST
        strips, lacking = _batch(examples, iteration % 4, generator)
        change = in_steps(strips, _without_mean(flat))
        error = (change - lacking[..., HALF - REACH : HALF + REACH]).square().mean()
        optimiser.zero_grad()
        error.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if iteration % 500 == 0:
            before = lacking[..., HALF - REACH : HALF + REACH].square().mean()
            print(f"{iteration}: {float(error.detach() / before):.3f}", flush=True)
    parts = _without_mean(flat.detach())
    layers = [v.flatten() for layer in parts.layers for v in layer]
    flat = torch.cat([*layers, parts.nearness.flatten(), parts.shares]) * WEIGHT_ONE
    first = flat.round_()[: parts.layers[0][0].numel()].view(WIDTHS[0], -1)
    first[:, first.shape[1] // 2] -= first.sum(1)  # no mean, after rounding too
    return flat


def _batch(examples: Sequence[Strips], way: int, generator: torch.Generator) -> Strips:
    """Strips [N, LENGTH, 2 HALF] of some pictures, one in four ways mirrored."""

    def drawn(below: int) -> int:
        return int(torch.randint(below, (), generator=generator))

    rows: list[Strips] = []
    for _ in range(BATCH):
        values, lacking = examples[drawn(len(examples))]
        border, start = drawn(len(values)), drawn(EDGE - LENGTH + 1)
        part = slice(start, start + LENGTH)
        rows.append((values[border, :, part], lacking[border, :, part]))
    flipped = [axis for bit, axis in ((1, -1), (2, -2)) if way & bit]
    strips, lacking = (torch.cat(column).flip(flipped) for column in zip(*rows, strict=True))
    return strips, lacking


def _drawn(generator: torch.Generator) -> Tensor:
    parts = []
    for before, after in pairwise([1, *WIDTHS, 1]):
        reach = (9 * before) ** -0.5
        parts.append((2 * torch.rand(after * before * 9, generator=generator) - 1) * reach)
        parts.append(torch.zeros(after))
    parts[-2] *= SMALL  # at first little is changed
    return torch.cat([*parts, torch.zeros(WIDTHS[0] * HALF), torch.linspace(1, SMALL, REACH)])


def _without_mean(flat: Tensor) -> Weights:
    """Weights of which the first layer does not see how bright a strip is."""
    (first, bias), *others = (weights := weights_of(flat)).layers
    centred = first - first.mean((2, 3), keepdim=True)
    return weights._replace(layers=((centred, bias), *others))


if __name__ == "__main__":
    main()
