"""Image sequences: a video as one picture per frame, named by a pattern such as %04d.png."""

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, final

from lgcodec.errors import InputError, OutputError
from lgcodec.media.base import GrowingArray, Medium, ReadOptions, reading
from lgcodec.media.image import ImageFile
from lgcodec.signal import Signal

__all__ = ["ImageSequence"]

DEFAULT_RATE: Final = Fraction(25)
PLACEHOLDER: Final = re.compile(r"%(0\d+)?d")


@final
class ImageSequence(Medium):
    """A video whose frames are pictures in one folder, as in `frames/%04d.png`.

    Reads every file whose name matches, in the order of the numbers; gaps are allowed, all sizes
    and channels must be equal, the rate is the option's or 25. Writes frame i to the file of
    number i, each whole or not at all, after creating the last folder of the path; files of
    higher numbers from an earlier run stay.
    """

    kinds = ("video",)
    readable = ImageFile.readable
    writable = ImageFile.writable

    def claims(self, path: Path) -> bool:
        """Whether `path` has one placeholder and the suffix of a picture."""
        return super().claims(path) and len(PLACEHOLDER.findall(path.name)) == 1

    def folder(self, path: Path) -> Path:
        """The parent of the folder that `write` creates, or that folder if it exists."""
        return path.parent if path.parent.exists() else path.parent.parent

    def size(self, path: Path) -> int:
        """Bytes of all pictures together."""
        return sum(file.stat().st_size for file in _matching(path))

    def read(self, path: Path, options: ReadOptions) -> tuple[Signal, ...]:
        """The video, [t, y, x, c] uint8 or uint16. Raises InputError."""
        frames = GrowingArray()
        for file in _matching(path):
            (picture,) = ImageFile().read(file, options)
            with reading(file):
                frames.append(picture.samples[None])
        with reading(path):
            return (Signal("video", frames.finish(), options.rate or DEFAULT_RATE),)

    def write(self, path: Path, signals: Sequence[Signal]) -> None:
        """Write one picture per frame of the video. Raises OutputError."""
        try:
            path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
        video = signals[0]
        for index, samples in enumerate(video.samples):
            present = None if video.present is None else video.present[index]
            picture = Signal("image", samples, present=present)
            ImageFile().write(_numbered(path, index), [picture])


def _numbered(path: Path, index: int) -> Path:
    return path.with_name(PLACEHOLDER.sub(lambda match: match[0] % index, path.name))


def _matching(path: Path) -> list[Path]:
    """The files of the pattern `path`, by their numbers."""
    before, after = PLACEHOLDER.split(path.name)[::2]
    name = re.compile(f"{re.escape(before)}([0-9]+){re.escape(after)}")
    with reading(path):
        numbered = [
            (int(match[1]), file)
            for file in path.parent.iterdir()
            if (match := name.fullmatch(file.name))
        ]
        if not numbered:
            raise InputError("no file matches")
    return [file for _, file in sorted(numbered)]
