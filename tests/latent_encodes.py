"""Small files of latents, one of each kind of signal, and what they decode to."""

from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from encodes import stream_of
from fit.builders import smooth
from numpy.typing import NDArray

from lgcodec import media
from lgcodec._decode import decode_stream
from lgcodec._encode import EncodeOptions, EncodeReport, encode_signals
from lgcodec.signal import Signal

SAMPLES = Path(__file__).parents[1] / "samples"

SHORT = {"family": "latent", "iterations": 2, "device": "cpu"}


@cache
def signals() -> dict[str, Signal]:
    (cat,) = media.read(SAMPLES / "cat.png")
    (speech,) = media.read(SAMPLES / "speech.wav")
    picture = cat.samples[64:112, 40:109]
    return {
        "image": Signal("image", picture, None),
        "grey": Signal("image", picture[..., :1].copy(), None),
        "audio": Signal("audio", speech.samples[4000:7000].copy(), speech.rate),
        "film": Signal("video", panned(cat.samples), Fraction(25)),
        "video": smooth("video", (6, 20, 23), 3, "uint8"),
        "volume": smooth("volume", (9, 8, 10), 1, "float32"),
    }


def panned(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Six frames [t, y, x, C] of a part that goes down and to the right."""
    places = [(64 + t, 40 + 3 * t) for t in range(6)]
    return np.stack([picture[y : y + 36, x : x + 50] for y, x in places])


CASES: dict[str, dict[str, Any]] = {
    "image": {"partition_size": (24, 23)},
    "grey": {"partition_size": (24, 24), "groups": 2},
    "audio": {"partition_size": (500,), "groups": 2},
    "video": {"partition_size": (5, 8, 12)},
    "film": {"partition_size": (5, 24, 25)},
    "volume": {"partitions": (1, 2, 2)},
}


@cache
def encoded(name: str) -> tuple[bytes, EncodeReport]:
    return encode_signals([signals()[name]], EncodeOptions(**{**SHORT, **CASES[name]}))


def encode(**options: Any) -> tuple[bytes, EncodeReport]:
    return encode_signals(
        [signals()["image"]], EncodeOptions(**{**SHORT, **CASES["image"], **options})
    )


def decoded(data: bytes, scale: Fraction = Fraction(1)) -> Signal:
    stream = stream_of(data)
    scales = [
        Fraction(1) if name == "t" and stream.geometry.kind == "video" else scale
        for name in stream.geometry.axis_names
    ]
    return decode_stream(stream, scale=scales, device="cpu")
