"""Videos: MP4, MOV, MKV, WebM and AVI files, with or without sound."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

from lgcodec.media.base import ReadOptions, SingleFile
from lgcodec.media.demux import demux
from lgcodec.media.ending import check_matroska, check_riff
from lgcodec.media.mux import Container, mux
from lgcodec.signal import Signal

__all__ = ["VideoFile"]

H264: Final = {"crf": "12"}
H264_IN_ORDER: Final = {"crf": "12", "bf": "0"}  # AVI has no time stamps to reorder frames by
VP9: Final = {"crf": "18", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}
CONTAINERS: Final = {
    ".mp4": Container("mov", "mp4", "libx264", H264, "aac"),
    ".mov": Container("mov", "mov", "libx264", H264, "aac"),
    ".mkv": Container("matroska", "matroska", "libx264", H264, "aac"),
    ".webm": Container("matroska", "webm", "libvpx-vp9", VP9, "libopus"),
    ".avi": Container("avi", "avi", "libx264", H264_IN_ORDER, "pcm_s16le"),
}
CHECKS: Final = {"matroska": check_matroska, "avi": check_riff}


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
        if container.demuxer in CHECKS:
            CHECKS[container.demuxer](path)
        return demux(path, container.demuxer, options.keep_audio)

    def _encode(self, path: Path, signals: Sequence[Signal]) -> None:
        sound = signals[1] if len(signals) > 1 else None
        path.write_bytes(mux(CONTAINERS[path.suffix.lower()], signals[0], sound))
