"""Are the borders of partitions seen? Error of latents at them against inside, on Kodak pictures.

    error   mean squared error of the pixels that touch a border between partitions, by that of
            the others
    jump    mean square of the difference of the errors of two neighbouring pixels that a border
            lies between, by that of all other neighbours
    edge    mean square of the difference of these two pixels, by that of the original, by the
            same of all other neighbours: the edge that an eye would see

All are 1 where nothing tells borders from other places. Beside the codec as it is stand what
`lgi decode --smooth` makes of the same files, and tiles without a shared coarse grid, where each
sees its own coarse samples alone. With --data: kodak/, else the shipped picture.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.common import SAMPLES, Table, parser
from lgcodec import EncodeOptions, Signal, psnr, read
from lgcodec._decode import decode_stream
from lgcodec._encode import encode_signals
from lgcodec._smooth import decode_smooth
from lgcodec.fit import smooth_grid
from lgcodec.format.container import BytesSource, Reader, Stream
from lgcodec.nets.latent import Latent
from lgcodec.nets.smooth import spread

TILE = 64
RATES = (0.25, 0.5, 1.0)
Values = NDArray[np.float64]


def main() -> None:
    """Encode and write results/seams.txt."""
    asked = parser(__doc__).parse_args()
    numbers = (5, 15, 23) if asked.quick else range(1, 25)
    names = [asked.data / f"kodak/kodim{n:02}.png" for n in numbers] if asked.data else None
    pictures = [read(path)[0] for path in names or [SAMPLES / "cat.png"]]
    table = Table(
        f"Errors at the borders of {TILE}x{TILE} partitions by those inside, "
        f"{len(pictures)} pictures",
        ("tiles", "bpp", "error", "jump", "edge", "dB"),
    )
    for rate in RATES:
        files = [_encoded(picture, rate) for picture in pictures]
        with _alone():
            others = [_encoded(picture, rate) for picture in pictures]
            alone = _means(pictures, others, decode_stream)
        table.add("as coded", rate, *_means(pictures, files, decode_stream))
        table.add("smooth", rate, *_means(pictures, files, decode_smooth))
        table.add("without a shared grid", rate, *alone)
    if not asked.no_write:
        table.write("seams")


def ratios(original: Values, decoded: Values, edge: int) -> tuple[float, float, float]:
    """Error, jump and edge of samples [H, W, C]; see the module."""
    errors = decoded - original
    near = np.zeros(errors.shape[:2], bool)
    for axis, size in enumerate(original.shape[:2]):
        place = np.arange(size)
        touches = (place % edge == 0) & (place > 0)
        touches |= (place % edge == edge - 1) & (place < size - 1)
        near |= touches[:, None] if axis == 0 else touches
    square = (errors**2).mean(-1)
    jump, shown, given = (_border(part, edge) for part in (errors, decoded, original))
    return float(square[near].mean() / square[~near].mean()), jump, shown / given


def _border(values: Values, edge: int) -> float:
    """Mean square of differences across borders, by that of all other neighbours."""
    parts: list[list[Values]] = [[], []]
    for axis, size in enumerate(values.shape[:2]):
        steps = np.diff(values, axis=axis).swapaxes(0, axis) ** 2
        at = np.arange(1, size) % edge == 0
        parts[0].append(steps[at].ravel())
        parts[1].append(steps[~at].ravel())
    across, inside = (np.concatenate(part).mean() for part in parts)
    return float(across / inside)


def _encoded(picture: Signal, rate: float) -> bytes:
    options = EncodeOptions(family="latent", bpp=rate, partition_size=(TILE, TILE))
    return encode_signals([picture], options)[0]


def _means(
    pictures: Sequence[Signal], files: Sequence[bytes], decode: Callable[[Stream], Signal]
) -> list[float]:
    """Geometric means of the ratios over all pictures, mean PSNR."""
    rows, quality = [], []
    for picture, data in zip(pictures, files, strict=True):
        with Reader(BytesSource(data)) as reader:
            decoded = decode(reader.streams[0]).samples
        rows.append(ratios(picture.samples.astype(float), decoded.astype(float), TILE))
        quality.append(psnr(picture.samples, decoded))
    return [*np.exp(np.log(rows).mean(0)).tolist(), float(np.mean(quality))]


@contextmanager
def _alone() -> Iterator[None]:
    """Tiles that see none but their own coarse samples, in the fit and in the decoder."""

    def alone(
        coarse: Tensor, index: Tensor, tile: list[int], count: list[int], stride: int = 1
    ) -> Tensor:
        parts = []
        for place in index.tolist():
            own = [slice(n * i, n * (i + 1)) for n, i in zip(count, place, strict=True)]
            zero = torch.zeros_like(index[:1])
            parts.append(spread(coarse[(slice(None), *own)], zero, tile, count, stride))
        return torch.cat(parts)

    def of_each(family: Latent, axis: int) -> Tensor:
        tiles = family.tiles[axis]
        one = SimpleNamespace(
            pyramid=family.pyramid, tile=family.tile, levels=family.levels, tiles=[1] * (axis + 1)
        )
        parts = [low_of_splines(one, axis)] * tiles
        matrix: Tensor = torch.block_diag(*parts)  # type: ignore[no-untyped-call]
        return matrix

    low_of_splines: Any = smooth_grid._low_of_splines
    with (
        patch("lgcodec.nets.latent.spread", alone),
        patch("lgcodec.fit.pyramids.spread", alone),
        patch("lgcodec.fit.smooth_grid._low_of_splines", of_each),
    ):
        yield


if __name__ == "__main__":
    main()
