"""What all defects are made of: a few good files, and how one thing in them is changed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from lgcodec.format.container import Container, dumps
from tests.second_reader.editable import File, Group

from ..codings import CODINGS, DEPENDENT, SCALED
from ..places import Part, places
from ..valid import geometry_of, stream

__all__ = [
    "Change",
    "Defect",
    "defect",
    "floats",
    "frames",
    "group_of",
    "groups",
    "keep_checksums",
    "of_file",
    "of_group",
    "of_payload",
    "picture",
    "scaled",
    "sound",
    "two",
]

Change = Callable[[File], object]
DECODING: Final = 17  # the step of section 9 that needs a decoder


@dataclass(frozen=True)
class Defect:
    """A file with one defect.

    requirement   that it breaks
    where         bytes of the file in which the offset of the error lies
    decoding      whether only a decoder notices: step 17 of section 9
    """

    name: str
    about: str
    requirement: str
    code: str
    where: range
    data: bytes
    decoding: bool = False


def defect(
    name: str,
    requirement: str,
    code: str,
    part: Part,
    change: Change,
    *,
    about: str = "",
    base: bytes | None = None,
    decoding: bool = False,
) -> Defect:
    """Do `change` to `base`, by default `sound()`; the offset is in what is called `part` there."""
    whole = sound() if base is None else base
    file = File.of(whole)
    change(file)
    data = file.pack()
    of_tables = part[0] in ("header", "root", "entry", "directory")  # too broken to be taken apart
    where = places(whole if of_tables else data)[part]
    # An empty chunk has a place too, and an item of CONF may go on where its payload ends.
    where = range(where.start, max(where.stop + (part[0] == "CONF"), where.start + 1))
    return Defect(name, about or name, requirement, code, where, data, decoding)


@cache
def sound() -> bytes:
    """A sound of three partitions in a group with a global network, and two ancillary chunks.

    Entries: GEOM, CONF, GRUP, noTe, prVW.
    """
    geometry = geometry_of("audio", ((11, 3, 1),), "int16", 1)
    made = stream("siren", "local-global", geometry, CODINGS[0])
    return dumps(Container((made,), {"noTe": b"note", "prVW": b"view"}))


@cache
def picture() -> bytes:
    """A picture of six partitions in one group. Entries: GEOM, CONF, GRUP."""
    geometry = geometry_of("image", ((4, 2, 1), (6, 3, 1)), "uint8", 3)
    return dumps(Container((stream("siren", "per-partition", geometry, CODINGS[0]),)))


@cache
def scaled(tiles: int = 3, *, dependent: bool = False) -> bytes:
    """A picture of so many partitions in one group, whose chunks have a scale each."""
    geometry = geometry_of("image", ((4, 1, 1), (6, tiles, 1)), "uint8", 3)
    coding = DEPENDENT if dependent else SCALED
    return dumps(Container((stream("siren", "per-partition", geometry, coding),)))


@cache
def groups() -> bytes:
    """A sound of three groups of two partitions. Entries: GEOM, CONF, GRUP, GRUP, GRUP."""
    geometry = geometry_of("audio", ((12, 2, 3),), "uint8", 1)
    return dumps(Container((stream("siren", "per-partition", geometry, CODINGS[2]),)))


@cache
def floats() -> bytes:
    """A sound of three partitions whose weights are floats. Entries: GEOM, CONF, GRUP."""
    geometry = geometry_of("audio", ((9, 3, 1),), "uint8", 1)
    return dumps(Container((stream("siren", "local-global", geometry, CODINGS[4]),)))


@cache
def frames() -> bytes:
    """A sound of three partitions whose chunks are Zstandard frames. Entries: GEOM, CONF, GRUP."""
    geometry = geometry_of("audio", ((9, 3, 1),), "uint8", 1)
    return dumps(Container((stream("siren", "per-partition", geometry, CODINGS[6]),)))


@cache
def two() -> bytes:
    """A picture and a sound. Entries: GEOM, CONF, GEOM, CONF, GRUP, GRUP, noTe."""
    geometries = (
        geometry_of("image", ((4, 2, 1), (4, 1, 1)), "uint8", 1),
        geometry_of("audio", ((8, 2, 1),), "uint8", 1),
    )
    streams = tuple(stream("siren", "per-partition", one, CODINGS[0]) for one in geometries)
    return dumps(Container(streams, {"noTe": b"note"}))


def of_file(**fields: object) -> Change:
    """Set fields of the header."""
    return lambda file: vars(file).update(fields)


def of_payload(entry: int, **fields: object) -> Change:
    """Set fields of a payload and its entry."""
    return lambda file: vars(file.payloads[entry]).update(fields)


def of_group(**fields: object) -> Change:
    """Set fields of the first group."""
    return lambda file: vars(group_of(file)).update(fields)


def keep_checksums(group: Group) -> None:
    """Those that the chunks have now, whatever happens to the chunks."""
    group.crcs = {i: group.crc(chunk) for i, chunk in enumerate(group.chunks)}


def group_of(file: File, entry: int = 2) -> Group:
    """The group that an entry of a file is about."""
    body = file.payloads[entry].body
    assert isinstance(body, Group)
    return body
