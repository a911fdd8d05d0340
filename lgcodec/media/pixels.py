"""Pixel arithmetic shared by pictures and videos: bit depth, alpha, absent samples."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lgcodec.errors import OutputError

__all__ = ["check_pixel_type", "eight_bit", "opaque", "with_alpha"]

Samples = NDArray[Any]


def check_pixel_type(samples: Samples) -> None:
    """Raise OutputError unless `samples`, [..., channels], is what picture files can hold."""
    if samples.dtype.name not in ("uint8", "uint16") or samples.shape[-1] > 4:
        raise OutputError(
            f"a picture file holds uint8 or uint16 samples of 1 to 4 channels, these are "
            f"{samples.dtype} of {samples.shape[-1]}; .npy and .npz hold any"
        )


def eight_bit(samples: Samples) -> NDArray[np.uint8]:
    """`samples`, uint8 or uint16, at 8 bits: full scale stays full scale, rounded to nearest."""
    if samples.dtype == np.uint16:
        samples = (samples.astype(np.uint32) + 128) // 257
    return samples.astype(np.uint8, copy=False)


def opaque(samples: Samples) -> Samples:
    """`samples`, [..., c], without its alpha channel (c 2 or 4), laid over black."""
    if samples.shape[-1] in (1, 3):
        return samples
    peak = np.iinfo(samples.dtype).max
    product = samples[..., :-1].astype(np.uint32) * samples[..., -1:]
    return ((product + peak // 2) // peak).astype(samples.dtype)


def with_alpha(samples: Samples, present: NDArray[np.bool_] | None) -> Samples:
    """`samples`, [..., c], with alpha 0 where `present`, [...], is False.

    An alpha channel is added only where there is none and some sample is absent.
    """
    if present is None or present.all():
        return samples
    peak = samples.dtype.type(np.iinfo(samples.dtype).max)
    if samples.shape[-1] in (1, 3):
        alpha = np.where(present, peak, samples.dtype.type(0))
        return np.concatenate([samples, alpha[..., np.newaxis]], axis=-1)
    masked = samples.copy()
    masked[~present, -1] = 0
    return masked
