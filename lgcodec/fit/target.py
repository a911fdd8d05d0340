"""What a caller wants of the file: bytes, or a quality."""

from dataclasses import dataclass
from math import floor, log
from typing import Final, final

from lgcodec.errors import UsageError
from lgcodec.fit.options import EncodeOptions
from lgcodec.fit.points import QUALITY
from lgcodec.signal import Signal

__all__ = ["LEAST", "SHORT", "Target", "refusal", "target_of"]

LEAST: Final = 0.95  # of the bytes wanted: a file has so many at least, and never more
SHORT: Final = 0.1  # dB that a file may stay below the quality wanted


@final
@dataclass(frozen=True)
class Target:
    """One of two is given.

    size   bytes of the whole file, at most
    psnr   dB, at least
    """

    size: int | None = None
    psnr: float | None = None


def target_of(signal: Signal, options: EncodeOptions) -> Target | None:
    """The target that `options` set for a file whose main stream is `signal`; None if none.

    UsageError where a rate per second is wanted of what has no duration.
    """
    if options.size is not None:
        return Target(size=options.size)
    if options.bpp is not None:
        return _rate(signal, options.bpp)
    if options.kbps is not None:
        if signal.rate is None:
            raise UsageError(
                f"kbps is for what has a duration, not for this {signal.kind}; say bpp"
            )
        return Target(size=floor(1000 / 8 * options.kbps * signal.grid[0] / signal.rate))
    if options.quality is not None:
        low, high = QUALITY[signal.kind]
        return _rate(signal, low * (high / low) ** (options.quality / 100))
    return Target(psnr=options.psnr) if options.psnr is not None else None


def refusal(signal: Signal, options: EncodeOptions, size: int, nearest: int) -> str:
    """What to say where a file of `size` bytes cannot be, and one of `nearest` can."""
    bits = 8 * nearest / signal.size
    text = f"{nearest} bytes, {bits:.4g} bpp"
    if signal.rate is not None:
        text += f", {float(8 * nearest * signal.rate / signal.grid[0] / 1000):.4g} kbit/s"
    low, high = QUALITY[signal.kind]
    if options.quality is not None and low <= bits <= high:
        text += f", quality {100 * log(bits / low) / log(high / low):.1f}"
    return f"a file of {size} bytes is impossible for this {signal.kind}; the nearest has {text}"


def _rate(signal: Signal, bits: float) -> Target:
    return Target(size=floor(bits * signal.size / 8))
