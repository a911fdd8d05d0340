"""Quality picture by picture: of an image, of the frames of a video, of the slices of a volume."""

from dataclasses import dataclass
from math import inf, log10
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.errors import UsageError
from lgcodec.metrics import has_ssim, ms_ssim, ssim
from lgcodec.signal import Kind, Signal, peak_of

__all__ = ["GAIN", "PictureQuality", "Pictures", "difference_picture"]

GAIN: Final = 8.0
GREY: Final = 128

Samples = NDArray[Any]


@final
@dataclass(frozen=True)
class PictureQuality:
    """Of `count` pictures, frames or slices.

    mean_psnr            dB, mean over those that differ; infinite if none does
    worst, worst_psnr    number of the one of largest mean squared error, and its dB
    ssim, ms_ssim        means, of pictures and frames; None for slices, where samples are signed or
                         absent, below 11 and 176 pixels, and without scikit-image
    """

    count: int
    mean_psnr: float
    worst: int
    worst_psnr: float
    ssim: float | None
    ms_ssim: float | None


@final
class Pictures:
    """Adds up pictures in their order.

    worst   the pair of pictures [y, x, c] with the largest error so far, peak of the first
    """

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._errors: list[float] = []
        self._similar: dict[Any, list[float | None]] = {ssim: [], ms_ssim: []}
        self.worst: tuple[Samples, Samples]

    def add(self, first: Samples, second: Samples, present: NDArray[np.bool_] | None) -> None:
        """Add [y, x, c], or [n, y, x, c] of them; absent samples are left out."""
        if self._kind == "image":
            self._add(first, second, present)
            return
        for place in range(len(first)):
            self._add(first[place], second[place], None if present is None else present[place])

    def quality(self, peak: float) -> PictureQuality:
        """What was found; PSNR refers to `peak`."""
        differing = [error for error in self._errors if error]
        decibels = [20 * log10(peak) - 10 * log10(error) for error in differing]
        worst = int(np.argmax(self._errors))
        return PictureQuality(
            len(self._errors),
            float(np.mean(decibels)) if decibels else inf,
            worst,
            min(decibels, default=inf),
            *(_mean(values) for values in self._similar.values()),
        )

    def _add(self, first: Samples, second: Samples, present: NDArray[np.bool_] | None) -> None:
        kept = (first, second) if present is None else (first[present], second[present])
        error = np.subtract(*kept, dtype=np.float64)
        self._errors.append(float(np.vdot(error, error)) / max(1, error.size))
        if self._errors[-1] == max(self._errors):
            self.worst = first, second
        similar = first.dtype.kind == "u" and self._kind != "volume" and has_ssim()
        for measure, values in self._similar.items():
            whole = similar and (present is None or present.all())
            values.append(measure(first, second, peak_of(first)) if whole else None)


def difference_picture(first: Samples, second: Samples, gain: float) -> Signal:
    """Mid-grey plus `gain` times the difference of two pictures [y, x, c], at 8 bits.

    Alpha is left out. UsageError for more than 4 channels.
    """
    channels = first.shape[-1]
    if channels > 4:
        raise UsageError(f"a picture of the difference has 1 to 4 channels, these are {channels}")
    colours = slice(channels - 1 if channels in (2, 4) else channels)
    difference = np.subtract(second[..., colours], first[..., colours], dtype=np.float64)
    levels = GREY + gain * 255 * difference / peak_of(first)
    return Signal("image", np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known and len(known) == len(values) else None
