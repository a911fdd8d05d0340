"""Real encodes of tiny signals of every kind and type, each made once."""

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from fit.builders import smooth

from lgcodec._decode import decode_stream
from lgcodec._encode import EncodeOptions, EncodeReport, encode_signals
from lgcodec.fit.plan import Plan
from lgcodec.format.container import BytesSource, Reader, Stream
from lgcodec.signal import Kind, Signal

FAST = {"params": 6000, "iterations": 90, "device": "cpu"}
SIZED = {"iterations": 90, "device": "cpu", "family": "siren"}
LOCAL_GLOBAL = {"arrangement": "local-global"}


def case(
    kind: Kind, grid: tuple[int, ...], channels: int, dtype: str, **options: Any
) -> tuple[Signal, dict[str, Any]]:
    return smooth(kind, grid, channels, dtype), {**FAST, **options}


def noisy(signal: Signal) -> Signal:
    """What a lossless file needs many bytes for."""
    noise = np.random.default_rng(0).normal(0, 300, signal.samples.shape)
    return Signal(signal.kind, signal.samples + np.rint(noise).astype(np.int16), signal.rate)


def ball() -> Signal:
    """Occupancy that leaves the corners of its grid empty."""
    z, y, x = np.ogrid[-9:9, -9:9, -9:13]
    return Signal("volume", (z**2 + y**2 + x**2 < 70)[..., np.newaxis])


# Tiles that divide no axis in half of these, groups in three, both paths and the baselines.
CASES: dict[str, tuple[Signal, dict[str, Any]]] = {
    "grey": case("image", (33, 26), 1, "uint8", partitions=(4, 3)),
    "rgb": case("image", (32, 24), 3, "uint8", partitions=(4, 3), **LOCAL_GLOBAL),
    "rgba": case("image", (20, 31), 4, "uint8", partitions=(3, 4), groups=2, **LOCAL_GLOBAL),
    "grey16": case("image", (21, 19), 1, "uint16", partitions=(2, 2), coordinates="frame"),
    "rgb16": case("image", (21, 19), 3, "uint16", arrangement="single"),
    "mono": case("audio", (1500,), 1, "int16", partitions=(7,), **LOCAL_GLOBAL),
    "stereo": case("audio", (1001,), 2, "float32", partitions=(8,), groups=3),
    "video": case("video", (6, 20, 18), 3, "uint8", partitions=(3, 2, 3), **LOCAL_GLOBAL),
    "added": case("image", (18, 20), 3, "uint8", partitions=(2, 2), merge="add", layers=3),
    "incode": case("image", (18, 20), 3, "uint8", groups=2, family="incode", **LOCAL_GLOBAL),
    "incodes": case("audio", (900,), 1, "int16", partitions=(3,), family="incode"),
    "relu": case("image", (18, 20), 3, "uint8", family="relu-pe", merge="add", partitions=(2, 2)),
    "rectifier": case("volume", (8, 9, 8), 1, "uint8", family="relu-pe", arrangement="single"),
    "groups": case("video", (7, 16, 17), 1, "uint8", partitions=(4, 2, 2), groups=2),
    "volume": case("volume", (9, 11, 10), 1, "int16", partitions=(2, 3, 2)),
    "shape": (ball(), {**FAST, "iterations": 200, "partitions": (3, 3, 4)}),
    "floats": case("volume", (8, 8, 8), 2, "float32", partitions=(2, 2, 2), float_bits=32),
    "scaled": (smooth("image", (66, 60), 3), {**SIZED, "size": 2200, "partitions": (3, 2)}),
    "scaled sound": (
        noisy(smooth("audio", (3000,), 1, "int16")),
        {**SIZED, "size": 2000, "partitions": (6,), "groups": 2},
    ),
    "halves": case("image", (20, 20), 1, "uint8", partitions=(2, 2), float_bits=16),
}


@cache
def encoded(name: str) -> tuple[bytes, EncodeReport]:
    """Bytes and report of a case."""
    signal, options = CASES[name]
    return encode_signals([signal], EncodeOptions(**options))


def stream_of(data: bytes, index: int = 0) -> Stream:
    return Reader(BytesSource(data)).streams[index]


def decoded(data: bytes, *window: range, scale: list[Fraction] | None = None) -> Signal:
    return decode_stream(stream_of(data), window or None, scale=scale, device="cpu")


class Stopper:
    """Listens to an encode; Ctrl-C once so much of it is done, 0 to 1."""

    def __init__(self, at: float = 0.0) -> None:
        self.at = at

    def chose(self, stream: int, plan: Plan) -> None:
        """Nothing to say."""

    def progress(self, stream: int, done: float, psnr: float, seconds_left: float) -> None:
        if done >= self.at:
            raise KeyboardInterrupt
