"""Videos: MP4, MOV, MKV, WebM and AVI files, with or without sound."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

from lgcodec.errors import InputError
from lgcodec.media.base import ReadOptions, SingleFile
from lgcodec.media.demux import demux
from lgcodec.media.mux import Container, mux
from lgcodec.signal import Signal

__all__ = ["VideoFile"]

VP9: Final = {"crf": "18", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}
CONTAINERS: Final = {
    ".mp4": Container("mov", "mp4"),
    ".mov": Container("mov", "mov"),
    ".mkv": Container("matroska", "matroska"),
    ".webm": Container("matroska", "webm", "libvpx-vp9", "libopus", VP9),
    ".avi": Container(
        "avi", "avi", "libx264", "pcm_s16le", {"crf": "12", "bf": "0"}
    ),  # AVI has no time stamps
}
SEGMENT: Final = bytes.fromhex("18538067")  # Matroska's outermost element after the header


@final
class VideoFile(SingleFile):
    """One video per file, uint8 [t, y, x, c], and a sound beside it if there is one.

    c is 1 for grey formats, else 3 (RGB). Writes H.264 (VP9 in WebM) at visually lossless
    quality with AAC, Opus (WebM) or 16-bit PCM (AVI); absent samples keep their fill value.
    """

    kinds = ("video",)
    readable = tuple(CONTAINERS)
    writable = tuple(CONTAINERS)
    accompanied = True

    def _decode(self, path: Path, options: ReadOptions) -> tuple[Signal, ...]:
        container = CONTAINERS[path.suffix.lower()]
        if container.demuxer == "matroska":
            _check_whole(path)
        return demux(path, container.demuxer, options.keep_audio)

    def _encode(self, path: Path, signals: Sequence[Signal]) -> None:
        sound = signals[1] if len(signals) > 1 else None
        path.write_bytes(mux(CONTAINERS[path.suffix.lower()], signals[0], sound))


def _check_whole(path: Path) -> None:
    """Raise InputError for a Matroska file that lost its end; FFmpeg would read the rest."""
    with path.open("rb") as file:
        head = file.read(1024)
    header_size, start = _element_size(head, 4)
    segment = start + header_size
    if head[segment : segment + 4] != SEGMENT:
        raise InputError("the content is not Matroska")
    declared, start = _element_size(head, segment + 4)
    unknown = 2 ** (7 * (start - segment - 4)) - 1  # all ones: a live stream
    size = path.stat().st_size
    if declared != unknown and start + declared > size:
        raise InputError(f"truncated: {size} of {start + declared} bytes")


def _element_size(head: bytes, position: int) -> tuple[int, int]:
    """An EBML size at `position`, and the position behind it."""
    width = 9 - head[position].bit_length()
    value = int.from_bytes(head[position : position + width], "big")
    return value & (2 ** (7 * width) - 1), position + width
