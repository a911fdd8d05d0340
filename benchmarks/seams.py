"""Are the borders of partitions seen? Error of latents at them against inside, on Kodak pictures.

    error   mean squared error of the pixels that touch a border between partitions, by that of
            the others
    jump    mean square of the difference of the errors of two neighbouring pixels that a border
            lies between, by that of all other neighbours: the edge that an eye would see

Both are 1 where nothing tells borders from other places. Beside the codec as it is stand its
tiles without a shared coarse grid, where each sees its own coarse samples alone. With --data:
kodak/, else the shipped picture.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.common import SAMPLES, Table, parser
from lgcodec import EncodeOptions, Signal, read
from lgcodec._decode import decode_stream
from lgcodec._encode import encode_signals
from lgcodec.format.container import BytesSource, Reader
from lgcodec.nets.smooth import spread

TILE = 64
RATES = (0.25, 0.5, 1.0)
Errors = NDArray[np.float64]


def main() -> None:
    """Encode and write results/seams.txt."""
    asked = parser(__doc__).parse_args()
    numbers = (5, 15, 23) if asked.quick else range(1, 25)
    names = [asked.data / f"kodak/kodim{n:02}.png" for n in numbers] if asked.data else None
    pictures = [read(path)[0] for path in names or [SAMPLES / "cat.png"]]
    table = Table(
        f"Errors at the borders of {TILE}x{TILE} partitions by those inside, "
        f"{len(pictures)} pictures",
        ("tiles", "bpp", "error", "jump"),
    )
    for rate in RATES if not asked.quick else RATES[1:2]:
        for name, wrapped in (("with a shared grid", _shared), ("each alone", _alone)):
            with wrapped():
                pairs = [ratios(_errors(picture, rate), TILE) for picture in pictures]
            table.add(name, rate, *(float(x) for x in np.exp(np.log(pairs).mean(0))))
    if not asked.no_write:
        table.write("seams")


def ratios(errors: Errors, edge: int) -> tuple[float, float]:
    """Error and jump at borders by those elsewhere, of errors [H, W, C]; see the module."""
    near = np.zeros(errors.shape[:2], bool)
    jumps: list[list[Errors]] = [[], []]
    for axis, size in enumerate(errors.shape[:2]):
        place = np.arange(size)
        touches = (place % edge == 0) & (place > 0)
        touches |= (place % edge == edge - 1) & (place < size - 1)
        near |= touches[:, None] if axis == 0 else touches
        steps = np.diff(errors, axis=axis).swapaxes(0, axis) ** 2
        at = np.arange(1, size) % edge == 0
        jumps[0].append(steps[~at].ravel())
        jumps[1].append(steps[at].ravel())
    inside, border = (np.concatenate(part).mean() for part in jumps)
    square = (errors**2).mean(-1)
    return float(square[near].mean() / square[~near].mean()), float(border / inside)


def _errors(picture: Signal, rate: float) -> Errors:
    options = EncodeOptions(family="latent", bpp=rate, partition_size=(TILE, TILE))
    data, _ = encode_signals([picture], options)
    with Reader(BytesSource(data)) as reader:
        decoded = decode_stream(reader.streams[0]).samples
    return decoded.astype(np.float64) - picture.samples


@contextmanager
def _shared() -> Iterator[None]:
    yield


@contextmanager
def _alone() -> Iterator[None]:
    """Tiles that see none but their own coarse samples, in the fit and in the decoder."""

    def alone(coarse: Tensor, index: Tensor, tile: list[int], count: list[int]) -> Tensor:
        parts = []
        for place in index.tolist():
            own = [slice(n * i, n * (i + 1)) for n, i in zip(count, place, strict=True)]
            zero = torch.zeros_like(index[:1])
            parts.append(spread(coarse[(slice(None), *own)], zero, tile, count))
        return torch.cat(parts)

    with patch("lgcodec.nets.latent.spread", alone), patch("lgcodec.fit.pyramids.spread", alone):
        yield


if __name__ == "__main__":
    main()
