"""How good and how quick smaller pictures are that come from the coarse levels of latents alone.

For `lgi decode --reduce K`, beside values at points of the same files (`--scale`, `--reduce 0`):

    means       dB from the means of blocks of 2**K x 2**K pixels of the whole decoded picture
    Lanczos     dB from that picture as Pillow's Lanczos filter makes it smaller
    share       of the time that the whole picture takes, processor seconds of one thread

Means of Kodak pictures at 0.5 bits per pixel, 64x64 partitions, preset fast. With --data: kodak/,
else the shipped picture.
"""

from fractions import Fraction
from functools import partial
from time import process_time
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.common import SAMPLES, Table, parser
from lgcodec import EncodeOptions, Signal, read
from lgcodec._decode import decode_stream
from lgcodec._encode import encode_signals
from lgcodec.format.container import BytesSource, Reader, Stream

QUICK: Final = (5, 15, 19, 23)
BPP: Final = 0.5
MOST: Final = 5
TIMES: Final = 3  # that a decode is timed, the least counts
Values = NDArray[np.float64]


def main() -> None:
    """Encode, decode and write results/overview.txt."""
    asked = parser(__doc__).parse_args()
    torch.set_num_threads(1)
    numbers = QUICK if asked.quick else range(1, 25)
    names = [asked.data / f"kodak/kodim{n:02}.png" for n in numbers] if asked.data else None
    streams = [_encoded(read(path)[0]) for path in names or [SAMPLES / "cat.png"]]
    wholes = [_timed(stream, 0, None) for stream in streams]
    table = Table(
        f"Overviews of latents against values at points, {len(streams)} pictures, {BPP} bpp",
        ("K", "values", "means", "Lanczos", "share"),
    )
    for halvings in range(1, MOST + 1):
        scale = [Fraction(1, 1 << halvings)] * 2
        for name, made in (
            ("coarse levels", partial(_timed, halvings=halvings, scale=None)),
            ("at points", partial(_timed, halvings=0, scale=scale)),
        ):
            found = [made(stream) for stream in streams]
            pairs = list(zip(found, wholes, strict=True))
            near = np.mean([_decibels(f, _means(w, 1 << halvings)) for (f, _), (w, _) in pairs])
            lanczos = np.mean([_decibels(f, _lanczos(w, f.shape)) for (f, _), (w, _) in pairs])
            share = sum(seconds for _, seconds in found) / sum(seconds for _, seconds in wholes)
            table.add(halvings, name, float(near), float(lanczos), float(share))
    if not asked.no_write:
        table.write("overview")


def _encoded(picture: Signal) -> Stream:
    options = EncodeOptions(family="latent", partition_size=(64, 64), bpp=BPP, preset="fast")
    return Reader(BytesSource(encode_signals([picture], options)[0])).streams[0]


def _timed(
    stream: Stream, halvings: int, scale: list[Fraction] | None
) -> tuple[NDArray[np.uint8], float]:
    """Samples [H, W, C], and seconds of the processor."""
    least = float("inf")
    for _ in range(TIMES):
        started = process_time()
        found = decode_stream(stream, reduce=halvings, scale=scale, device="cpu").samples
        least = min(least, process_time() - started)
    return found, least


def _means(samples: NDArray[np.uint8], size: int) -> Values:
    height, width, channels = samples.shape
    blocks = samples.astype(np.float64).reshape(height // size, size, width // size, size, channels)
    return np.asarray(blocks.mean(axis=(1, 3)))


def _lanczos(samples: NDArray[np.uint8], shape: tuple[int, ...]) -> Values:
    size = shape[1], shape[0]
    return np.asarray(Image.fromarray(samples).resize(size, Image.Resampling.LANCZOS), np.float64)


def _decibels(found: NDArray[np.uint8], wanted: Values) -> float:
    return float(10 * np.log10(255**2 / np.square(found - wanted).mean()))


if __name__ == "__main__":
    main()
