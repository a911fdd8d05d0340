"""Damaged files: what is lost of each, and what a repair must make of it.

Expected files are made from the values that the damage spares, not by a repair.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from lgcodec.format.container import Container

from .places import Part, places
from .valid import Vector

__all__ = ["Damaged", "damaged", "damaged_alone"]


@dataclass(frozen=True)
class Damaged:
    """A damaged file.

    code       what a strict reader says, and a repair that is refused
    lost       what a verifier lists: directories, global, local and ancillary chunks
    repaired   what a repair gives; None where nothing can be saved
    masks      whether a masking decoder can show the rest
    """

    name: str
    about: str
    code: str
    data: bytes
    lost: Sequence[Part] = ()
    repaired: Container | None = None
    masks: bool = False


CRC = "E_CHUNK_CRC"
FLIPS: Sequence[tuple[str, str, str, Sequence[Part]]] = (
    ("local-first", "the first local chunk", CRC, [("local", 0, 0, 0)]),
    ("local-last", "the last local chunk", CRC, [("local", 1, 1, 4)]),
    ("local-two", "chunks of two groups", CRC, [("local", 0, 0, 1), ("local", 0, 1, 3)]),
    ("local-all", "all local chunks of a group", CRC, [("local", 0, 1, i) for i in range(4)]),
    ("global", "a global chunk", CRC, [("global", 0, 1)]),
    ("global-of-sound", "a global chunk of stream 1", CRC, [("global", 1, 0)]),
    ("directory", "a directory", "E_DIR_CRC", [("directory", 0, 0)]),
    ("stream", "both global chunks of stream 0", CRC, [("global", 0, 0), ("global", 0, 1)]),
    ("ancillary-kept", "noTe, so that prVW is not copied", CRC, [("ancillary", "noTe")]),
    ("ancillary-dropped", "prVW", CRC, [("ancillary", "prVW")]),
)
FRONT: Sequence[tuple[str, str, Part]] = (
    ("header", "E_HDR_CRC", ("header",)),
    ("root", "E_ROOT_CRC", ("root",)),
    ("geometry", CRC, ("GEOM", 0)),
    ("configuration", CRC, ("CONF", 1)),
)
CUTS: Sequence[tuple[str, str, Part, int]] = (
    ("cut-ancillary", "the last byte is missing", ("ancillary", "prVW"), -1),
    ("cut-local", "cut in a local chunk of the sound", ("local", 1, 1, 2), 1),
    ("cut-global", "cut in the second global chunk", ("global", 0, 1), 1),
    ("cut-directory", "cut in the second directory", ("directory", 0, 1), 1),
    ("cut-early", "no local chunk is whole", ("local", 0, 0, 0), 1),
)


def damaged(whole: Vector) -> Iterator[Damaged]:
    """`whole` is a video of two groups with a sound of two groups, and noTe and prVW."""
    data, container, where = whole.data, whole.container, places(whole.data)
    for name, about, code, parts in FLIPS:
        broken = _flipped(data, [where[part].start for part in parts])
        rest = _rest(container, parts)
        yield Damaged(name, f"a byte of {about}", code, broken, parts, rest, code == CRC)
    lost: list[Part] = [("local", 0, 0, 1), ("local", 0, 0, 2)]
    start, end = where[lost[0]].start, where[lost[1]].stop
    zeros = data[:start] + bytes(end - start) + data[end:]
    yield Damaged("zeroed", "zeros over two chunks", CRC, zeros, lost, _rest(container, lost), True)
    for name, code, part in FRONT:
        broken = _flipped(data, [where[part].start + 12])
        yield Damaged(f"front-{name}", "the front cannot be saved", code, broken)
    for name, about, part, offset in CUTS:
        end = (where[part].stop if offset < 0 else where[part].start) + offset
        gone = _without_parts_of_lost([p for p, place in where.items() if place.stop > end])
        yield Damaged(name, about, "E_TRUNC", data[:end], gone, _rest(container, gone))
    for name, about, tail in (
        ("goes-on", "a byte after the end", b"\0"),
        ("two-files", "the same file once more after the end", data),
    ):
        yield Damaged(name, about, "E_TRAILING", data + tail, (), _rest(container, ()))


def damaged_alone(whole: Vector) -> Iterator[Damaged]:
    """`whole` has one stream: its last local chunk is damaged, then the first global one."""
    data, container, where = whole.data, whole.container, places(whole.data)
    *_, last = (part for part in where if part[0] == "local")
    first = next(part for part in where if part[0] == "global")
    for part in (last, first):
        rest = _rest(container, [part])
        broken = _flipped(data, [where[part].start])
        name, about = f"{whole.name}-{part[0]}", f"a byte of a {part[0]} chunk"
        yield Damaged(name, about, CRC, broken, [part], rest, masks=True)
    end = where[last].stop - 1
    rest = _rest(container, [last])
    yield Damaged(
        f"{whole.name}-cut", "the last byte is missing", "E_TRUNC", data[:end], [last], rest
    )


def _flipped(data: bytes, offsets: Sequence[int]) -> bytes:
    broken = bytearray(data)
    for offset in offsets:
        broken[offset] ^= 0x10
    return bytes(broken)


def _without_parts_of_lost(parts: Collection[Part]) -> list[Part]:
    """A verifier names the outermost: a directory or global chunk stands for its local chunks."""
    lost = [p for p in parts if p[0] in ("directory", "global", "local", "ancillary")]
    groups = {p[1:3]: p for p in reversed(lost) if p[0] in ("directory", "global")}
    return [p for p in lost if p[0] == "ancillary" or groups.get(p[1:3], p) == p]


def _rest(container: Container, lost: Collection[Part]) -> Container | None:
    """What is left, in canonical form; None if no partition is."""
    streams = []
    for number, stream in enumerate(container.streams):
        groups = []
        for group in stream.groups:
            name = (number, group.ordinal)
            local = {
                partition: chunk
                for partition, chunk in group.local_chunks.items()
                if ("local", *name, partition) not in lost
            }
            if local and not {("directory", *name), ("global", *name)} & set(lost):
                groups.append(replace(group, local_chunks=local))
        if groups:
            streams.append(replace(stream, groups=tuple(groups)))
    ancillary = {
        name: data
        for name, data in container.ancillary.items()
        if name[3].islower() and ("ancillary", name) not in lost
    }
    return Container(tuple(streams), ancillary, container.minor) if streams else None
