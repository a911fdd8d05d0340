"""Files of a given shape for measuring the container: what their chunks hold is noise."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from random import Random

from lgcodec.format.checks import crc32c
from lgcodec.format.conf import Conf, Plug
from lgcodec.format.directory import Group
from lgcodec.format.geometry import AxisGeometry, Geometry
from lgcodec.format.layout import CONF, GEOM
from lgcodec.format.table import Entry
from lgcodec.format.writer import Part, group_part, write_parts
from lgcodec.nets import Siren

__all__ = ["PARTITIONS", "paper_conf", "paper_geometry", "write_video"]

TILES = (5, 8, 8)  # of the paper's videos, 512x512 pixels and 280 frames
SAMPLES = (280, 512, 512)
PARTITIONS = 320


def write_video(path: Path, groups: int, global_len: int, lengths: tuple[int, int]) -> int:
    """Write a video of `groups` groups along time, each of 320 partitions as in the paper.

    Global chunks have `global_len` bytes, local ones from the first to the second of `lengths`.
    Returns the length of the file in bytes.
    """
    random = Random(0)
    noise = random.randbytes(global_len + lengths[1])
    payloads = ((GEOM, paper_geometry(groups).pack()), (CONF, paper_conf("raw").pack()))
    parts = [Part(Entry.of(name, payload), [payload]) for name, payload in payloads]
    for ordinal in range(groups):
        starts = [random.randrange(global_len) for _ in range(PARTITIONS)]
        spans = [(at, at + random.randint(*lengths)) for at in starts]
        parts.append(_group(ordinal, noise, [(0, global_len), *spans]))
    with path.open("wb") as file:
        return write_parts(file, parts)


def _group(ordinal: int, noise: bytes, spans: Sequence[tuple[int, int]]) -> Part:
    crcs = [crc32c(noise[start:stop]) for start, stop in spans]
    sizes = [stop - start for start, stop in spans]
    ids = tuple(range(PARTITIONS))
    group = Group(ordinal, sizes[0], crcs[0], ids, tuple(sizes[1:]), tuple(crcs[1:]))
    return group_part(0, group, _pieces(noise, spans))


def _pieces(noise: bytes, spans: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    return (noise[start:stop] for start, stop in spans)


def paper_geometry(groups: int) -> Geometry:
    """The lattice of the paper's videos, `groups` times as long."""
    axes = (
        AxisGeometry(length, 0, length * count, 0, length // tiles, tiles, count)
        for length, tiles, count in zip(SAMPLES, TILES, (groups, 1, 1), strict=True)
    )
    return Geometry("video", 3, "uint8", Fraction(25), tuple(axes))


def paper_conf(coder: str) -> Conf:
    """The networks of the paper's videos (Table 6), 8-bit weights."""
    network = Siren(3, local_width=55, global_width=180, ranges=((-1.0, 1.0),) * 3, layers=5)
    return Conf(
        family=Plug(network.name, network.configuration),
        quantiser=Plug("uniform", {"bits": 8}),
        coder=Plug(coder),
        local=network.local_tensors(),
        global_=network.global_tensors(),
        values=(0.0, 255.0),
        fill=(0.0, 0.0, 0.0),
    )
