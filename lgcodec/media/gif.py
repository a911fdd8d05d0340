"""GIF animations."""

import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, final

import av
from av.filter import Graph
from av.video.format import VideoFormat

from lgcodec.errors import OutputError
from lgcodec.media.base import ReadOptions, SingleFile
from lgcodec.media.demux import demux
from lgcodec.media.ending import check_gif
from lgcodec.media.mux import frame_rate, video_frames
from lgcodec.media.pixels import check_pixel_type
from lgcodec.signal import Signal

__all__ = ["GifFile"]

MAX_RATE: Final = Fraction(50)  # players slow shorter delays than 2/100 s down to 10 per second


@final
class GifFile(SingleFile):
    """One animation per file, read as uint8 [t, y, x, 3]; transparency becomes white.

    Delays count hundredths of a second, so rates come back rounded; a variable rate becomes its
    average. Writes a palette of 256 colours per frame, dithered, at 50 frames per second at most
    (faster videos play slower).
    """

    kinds = ("video",)
    readable = (".gif",)
    writable = (".gif",)

    def _decode(self, path: Path, options: ReadOptions) -> tuple[Signal, ...]:  # noqa: ARG002
        check_gif(path)
        return demux(path, "gif", keep_audio=False)

    def _encode(self, path: Path, signals: Sequence[Signal]) -> None:
        video = signals[0]
        check_pixel_type(video.samples)
        rate = min(frame_rate(video), MAX_RATE)
        buffer = io.BytesIO()
        try:
            with av.open(buffer, "w", format="gif") as output:
                stream: Any = output.add_stream("gif", rate=rate)
                stream.height, stream.width = video.grid[1:]
                stream.pix_fmt = "pal8"
                for frame in _palette_frames(video, rate):
                    output.mux(stream.encode(frame))
                output.mux(stream.encode(None))
        except av.FFmpegError as error:
            raise OutputError(f"FFmpeg: {error.strerror}") from error
        path.write_bytes(buffer.getbuffer())


def _palette_frames(video: Signal, rate: Fraction) -> Iterator[av.VideoFrame]:
    """Each frame reduced to the 256 colours that suit it best."""
    graph = Graph()
    height, width = video.grid[1:]
    source = graph.add_buffer(
        width=width, height=height, format=VideoFormat("rgb24"), time_base=1 / rate
    )
    copies = graph.add("split")
    palette = graph.add("palettegen", "stats_mode=single")
    reduced = graph.add("paletteuse", "new=1")
    sink = graph.add("buffersink")
    source.link_to(copies)
    copies.link_to(palette, 0)
    palette.link_to(reduced, 0, 1)
    copies.link_to(reduced, 1, 0)
    reduced.link_to(sink)
    graph.configure()
    for frame in video_frames(video.samples, "rgb24"):
        frame.time_base = 1 / rate
        graph.push(frame)
        yield graph.vpull()
