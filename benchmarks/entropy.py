"""What does the entropy layer cost? Its decoding against rendering, paper's video configuration.

512 x 512 pixels and 280 frames in 5 x 8 x 8 partitions, widths 55 and 180 (Table 6): 3.19 million
8-bit weights, here drawn from a normal distribution. The entropy layer is what lies between the
bytes of chunks and float weights: rANS and the quantiser. A frame needs the global chunk and 64 of
the 320 local ones. Times are of the processor, one thread, and medians of rounds that alternate.
"""

import os
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Final

import numpy as np

from benchmarks.common import Table, parser
from benchmarks.synthetic import PARTITIONS, paper_conf, paper_geometry
from lgcodec import decode_stream
from lgcodec.coding import ChunkCodec, codec_of
from lgcodec.format.container import (
    BytesSource,
    Container,
    Reader,
    Stream,
    StreamData,
    dumps,
)

LIMIT: Final = 0.05


def main() -> None:
    """Measure and write results/entropy.txt."""
    options = parser(__doc__)
    options.add_argument("--check", action="store_true", help="exit 1 if it is more than 5 %")
    asked = options.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with Reader(BytesSource(_file())) as reader:
        stream = reader.streams[0]
        found = _times(stream, 2 if asked.quick else 9)
    frame = found["frame"] - found["chunks of a frame"]
    table = Table(
        "Entropy layer against rendering one frame: 512 x 512 x 280 video, 5 x 8 x 8 partitions",
        ("what", "ms", "of rendering a frame"),
    )
    for name in ("chunks of a frame", "all chunks"):
        table.add(
            f"entropy layer, {name}", 1000 * found[name], f"{100 * found[name] / frame:.2f} %"
        )
    table.add("rendering one frame", 1000 * frame, "100 %")
    if not asked.no_write:
        table.write("entropy")
    if asked.check and found["chunks of a frame"] > LIMIT * frame:
        raise SystemExit("more than 5 %")


def _file() -> bytes:
    """A file of the paper's configuration, its weights noise."""
    geometry, conf = paper_geometry(groups=1), paper_conf("rans")
    draw = np.random.default_rng(0)
    local = {t.name: _weights(draw, PARTITIONS, *t.shape) for t in conf.local}
    global_ = {t.name: _weights(draw, *t.shape) for t in conf.global_}
    codec = codec_of(conf)
    head, chunks = codec.encode(global_, local)
    group = codec.group(0, head, dict(enumerate(chunks)))
    return dumps(Container((StreamData(geometry, conf, (group,)),)))


def _weights(
    draw: np.random.Generator, *shape: int
) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    return draw.normal(0, 0.1, shape).astype(np.float32)


def _times(stream: Stream, rounds: int) -> dict[str, float]:
    """Median seconds of what a frame needs, of everything, and of a frame from bytes to pixels."""
    codec, first = codec_of(stream.conf), range(1)
    window = (first, *stream.geometry.window[1:])
    (wanted,) = stream.touching(window).values()
    head, every = stream.read_global(0), stream.read_locals(0, range(PARTITIONS))
    tasks: dict[str, Callable[[], object]] = {
        "chunks of a frame": lambda: _decode(codec, head, [every[i] for i in wanted]),
        "all chunks": lambda: _decode(codec, head, list(every.values())),
        "frame": lambda: decode_stream(stream, window, device="cpu"),
    }
    spent: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            started = process_time()
            task()
            spent[name].append(process_time() - started)
    return {name: median(seconds) for name, seconds in spent.items()}


def _decode(codec: ChunkCodec, head: bytes, chunks: list[bytes]) -> object:
    return codec.decode_local(codec.decode_global(head), chunks)


if __name__ == "__main__":
    main()
