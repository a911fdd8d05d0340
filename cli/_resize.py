"""How large the output of a decode is, beside the original."""

import re
from dataclasses import dataclass
from fractions import Fraction

from lgcodec.errors import UsageError
from lgcodec.format.geometry import Geometry, Window

__all__ = ["Resize", "parse_size"]


def parse_size(text: str) -> tuple[int, int]:
    """Read "640x480"."""
    match = re.fullmatch(r"([1-9][0-9]{0,8})x([1-9][0-9]{0,8})", text)
    if match is None:
        raise ValueError(f"{text!r}, expected width and height such as 640x480")
    return int(match[1]), int(match[2])


@dataclass(frozen=True)
class Resize:
    """What --scale, --size, --fps and --reduce ask for, None where they are not given.

    scale   output samples per sample, along the axes of space; of a sound, along time
    size    width and height of the output in pixels
    fps     frames per second of the output
    reduce  halvings of the lattice that values are of
    """

    scale: Fraction | None = None
    size: tuple[int, int] | None = None
    fps: Fraction | None = None
    reduce: int | None = None

    def __post_init__(self) -> None:
        if self.scale is not None and self.size is not None:
            raise UsageError("--size says what --scale says, give one or the other")

    def factors(self, geometry: Geometry, window: Window, *, still: bool) -> list[Fraction]:
        """Output samples per sample along each axis; `still` is one frame of a video."""
        names = geometry.axis_names
        factors = dict.fromkeys(names, Fraction(1, 1 << (self.reduce or 0)))
        if self.scale is not None:
            factors |= dict.fromkeys([name for name in names if name != "t"] or names, self.scale)
        if self.size is not None:
            if geometry.kind not in ("image", "video"):
                raise UsageError(f"--size is for pictures and videos, this is kind {geometry.kind}")
            samples = dict(zip(names, window, strict=True))
            for name, pixels in zip("xy", self.size, strict=True):
                factors[name] = Fraction(pixels, len(samples[name]))
        if self.fps is not None:
            if geometry.kind != "video" or still:
                found = "one frame" if still else f"kind {geometry.kind}"
                raise UsageError(f"--fps is for videos, the output is {found}")
            factors["t"] = self.fps / (geometry.rate or 1)
        return list(factors.values())
