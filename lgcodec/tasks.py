"""Pictures from poor measurements of them: noisy, small, or projections along rays.

Local-Global paper, section 4.6 and appendix K. In each task a network is fitted to what was
measured and decoded to what is wanted: its bias towards smooth signals does the work. A task gives
the .lgi file and the picture. The default options are those of the paper's Table 7 for Local-Global
INCODE; any `EncodeOptions` will do.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lgcodec._decode import decode_stream
from lgcodec._encode import EncodeOptions, encode_signals
from lgcodec.errors import UsageError
from lgcodec.fit.measurement import Measurement
from lgcodec.fit.radon import radon, sinogram
from lgcodec.format.container import BytesSource, Reader
from lgcodec.signal import Signal

__all__ = [
    "DENOISING",
    "RECONSTRUCTION",
    "SUPER_RESOLUTION",
    "denoise",
    "enlarge",
    "noisy",
    "reconstruct",
    "reduced",
    "sinogram",
]

Floats = NDArray[np.float32]
DENOISING: Final = EncodeOptions(
    family="incode", local_width=80, global_width=82, partitions=(2, 4), w0=10.0, iterations=400
)
SUPER_RESOLUTION: Final = EncodeOptions(
    family="incode", local_width=34, global_width=68, partitions=(6, 8), iterations=2000
)
RECONSTRUCTION: Final = EncodeOptions(
    family="incode",
    local_width=230,
    global_width=300,
    layers=3,
    partitions=(1, 2),
    iterations=2000,
    float_bits=32,
)


def noisy(picture: Floats, photons: float = 40.0, readout: float = 2.0, seed: int = 0) -> Floats:
    """What a sensor sees of `picture` (any shape, 0 to 1): photon noise, then readout noise.

    photons   mean count at full scale; readout: standard deviation in counts

    Values may leave 0 to 1. Appendix K calls the second number a ratio of signal to noise of 2; the
    code that it follows adds noise of deviation 2.
    """
    random = np.random.default_rng(seed)
    counts = random.poisson(np.clip(picture, 0, None) * photons)
    return ((counts + random.normal(0, readout, picture.shape)) / photons).astype(np.float32)


def denoise(measured: Floats, options: EncodeOptions = DENOISING) -> tuple[bytes, Signal]:
    """A file and a picture, float32, for a noisy one [y, x, C]."""
    data = _encoded(Signal("image", measured), options)
    return data, _decoded(data)


def reduced(picture: NDArray[Any], factor: int = 4) -> NDArray[Any]:
    """Means over squares of `factor` samples of a picture [y, x, C]; a rest at the end is cut."""
    height, width, channels = picture.shape
    blocks = picture[: height // factor * factor, : width // factor * factor].reshape(
        height // factor, factor, width // factor, factor, channels
    )
    means: NDArray[np.float64] = blocks.mean((1, 3), dtype=np.float64)
    rounded = np.rint(means) if picture.dtype.kind == "u" else means
    return rounded.astype(picture.dtype)


def enlarge(
    picture: NDArray[Any], factor: int = 4, options: EncodeOptions = SUPER_RESOLUTION
) -> tuple[bytes, Signal]:
    """A file, and `factor` times as many samples per axis for a picture [y, x, C].

    Between samples a network draws what its sines do there: the fewer samples, the lower should
    `w0` be, 10 for a few dozen along an axis.
    """
    data = _encoded(Signal("image", picture), options)
    return data, _decoded(data, factor)


def reconstruct(
    measured: Floats,
    angles: Sequence[float],
    shape: tuple[int, int],
    options: EncodeOptions = RECONSTRUCTION,
) -> tuple[bytes, Signal]:
    """A file and a picture, uint16 of 0 to 65 535, from its sinogram [A, max(shape), C].

    The network sees the picture it draws only through the rays.
    """
    wanted = (len(angles), max(shape), measured.shape[-1])
    if measured.shape != wanted:
        raise UsageError(f"the sinogram has shape {measured.shape}, expected {wanted}")
    measurement = Measurement(lambda drawn: radon((drawn + 1) / 2, angles), measured)
    blank = Signal("image", np.zeros((*shape, measured.shape[-1]), np.uint16))
    data = _encoded(blank, replace(options, measurement=measurement))
    return data, _decoded(data)


def _encoded(signal: Signal, options: EncodeOptions) -> bytes:
    return encode_signals([signal], options)[0]


def _decoded(data: bytes, scale: int = 1) -> Signal:
    with Reader(BytesSource(data)) as reader:
        return decode_stream(reader.streams[0], scale=[Fraction(scale)] * 2)
