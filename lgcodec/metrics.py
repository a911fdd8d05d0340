"""How far decoded samples are from the original ones.

PSNR and SNR are sums, so a long signal is measured piece by piece. SSIM needs scikit-image, the
extra `compare`; MS-SSIM is made of its parts.
"""

from importlib.util import find_spec
from math import inf, log10, prod
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.signal import peak_of

__all__ = ["Distortion", "has_ssim", "ms_ssim", "ssim"]

Samples = NDArray[Any]
SLAB: Final = 2**20  # values held as float64 at once
SIGMA: Final = 1.5  # of the Gaussian window, 11 samples wide (Wang et al. 2004)
WINDOW: Final = 11
SCALES: Final = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # weights, finest first (Wang et al. 2003)
ONLY_STRUCTURE: Final = 1e6  # as K1: the luminance factor of SSIM becomes 1 to a part in 10**11


@final
class Distortion:
    """Sums over pairs of samples of one type, added in any order.

    largest   the largest absolute error so far
    count     values added so far
    """

    def __init__(self) -> None:
        self.count = 0
        self.largest = 0.0
        self._error = self._power = self._peak = 0.0
        self._both = self._either = 0
        self._two_valued = True

    def add(self, original: Samples, decoded: Samples) -> None:
        """Add arrays of one shape and type, [n, ...]."""
        slab = max(1, SLAB // max(1, prod(original.shape[1:])))
        for start in range(0, len(original) if original.size else 0, slab):
            self._add(original[start : start + slab], decoded[start : start + slab])

    @property
    def peak(self) -> float:
        """What PSNR refers to, see `lgcodec.signal.peak_of`."""
        return self._peak or 1.0

    @property
    def psnr(self) -> float:
        """dB, 10 log10(peak² / mean squared error); infinite where nothing differs."""
        return _decibels(self.peak**2 * self.count, self._error)

    @property
    def snr(self) -> float:
        """dB, 10 log10(sum of squared samples / sum of squared errors)."""
        return _decibels(self._power, self._error)

    @property
    def iou(self) -> float | None:
        """Intersection over union of what is at least half of full scale.

        None unless all original values were 0 or full scale (of floats 1); 1 where all is empty.
        """
        if not self._two_valued or not self.count:
            return None
        return self._both / self._either if self._either else 1.0

    def _add(self, original: Samples, decoded: Samples) -> None:
        error = np.subtract(decoded, original, dtype=np.float64)
        exact = original.astype(np.float64)
        self.count += original.size
        self.largest = max(self.largest, float(np.abs(error).max()))
        self._error += float(np.vdot(error, error))
        self._power += float(np.vdot(exact, exact))
        if exact.any():  # silence says nothing about the peak
            self._peak = max(self._peak, peak_of(original))
        self._count_occupied(original, decoded)

    def _count_occupied(self, original: Samples, decoded: Samples) -> None:
        top = 1.0 if original.dtype.kind in "fb" else float(np.iinfo(original.dtype).max)
        self._two_valued &= bool(((original == 0) | (original == top)).all())
        if self._two_valued:
            first, second = original >= top / 2, decoded >= top / 2
            self._both += int((first & second).sum())
            self._either += int((first | second).sum())


def has_ssim() -> bool:
    """Whether scikit-image is installed."""
    return find_spec("skimage") is not None


def ssim(original: Samples, decoded: Samples, peak: float) -> float | None:
    """Structural similarity of two pictures [y, x, c], mean over channels; 1 for equal ones.

    Z. Wang et al., "Image quality assessment: from error visibility to structural similarity",
    2004: Gaussian window, K1 = 0.01, K2 = 0.03. None where a side is shorter than the window.
    """
    if min(original.shape[:2]) < WINDOW:
        return None
    channels = range(original.shape[-1])
    return float(np.mean([_ssim(original[..., c], decoded[..., c], peak) for c in channels]))


def ms_ssim(original: Samples, decoded: Samples, peak: float) -> float | None:
    """Multi-scale structural similarity of two pictures [y, x, c], mean over channels.

    Z. Wang, E. Simoncelli and A. Bovik, "Multiscale structural similarity for image quality
    assessment", 2003, equation 7: contrast and structure at five scales, each the mean of 2 x 2
    samples of the one before, luminance at the coarsest. A negative factor counts as 0. None where
    a side of the coarsest scale is shorter than the window: below 176 samples.
    """
    if min(original.shape[:2]) >> (len(SCALES) - 1) < WINDOW:
        return None
    pairs = [(original[..., c], decoded[..., c]) for c in range(original.shape[-1])]
    return float(np.mean([_multi_scale(*pair, peak) for pair in pairs]))


def _multi_scale(first: Samples, second: Samples, peak: float) -> float:
    similarity = 1.0
    for scale, weight in enumerate(SCALES):
        is_last = scale == len(SCALES) - 1
        factor = _ssim(first, second, peak, **({} if is_last else {"K1": ONLY_STRUCTURE}))
        similarity *= max(factor, 0.0) ** weight
        first, second = _halved(first), _halved(second)
    return similarity


def _ssim(first: Samples, second: Samples, peak: float, **constants: float) -> float:
    from skimage.metrics import structural_similarity  # noqa: PLC0415 (an extra)

    return float(
        structural_similarity(  # type: ignore[no-untyped-call]
            first.astype(np.float32),  # twice as fast as float64, and good to nine digits
            second.astype(np.float32),
            data_range=peak,
            gaussian_weights=True,
            sigma=SIGMA,
            use_sample_covariance=False,
            **constants,
        )
    )


def _halved(plane: Samples) -> NDArray[np.float32]:
    height, width = (size // 2 for size in plane.shape)
    blocks = plane[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32))


def _decibels(signal: float, error: float) -> float:
    if error == 0:
        return inf
    return 10 * log10(signal / error) if signal else -inf
