"""Files for the tests, built twice: as values, and byte by byte from the tables of the spec.

`assemble` knows nothing of lgcodec: it lays out what it is told, defects included, and repairs the
checksums around them, so that a test reaches the check it is about.
"""

from binascii import crc_hqx
from dataclasses import dataclass, replace
from fractions import Fraction
from struct import pack, unpack_from

from google_crc32c import value as crc32c
from second_reader.editable import crc8

from lgcodec.format.axis import AxisGeometry
from lgcodec.format.conf import Conf, Plug, TensorSpec
from lgcodec.format.container import Container, GroupData, StreamData
from lgcodec.format.geometry import Geometry
from lgcodec.format.layout import AXES

MAGIC = b"\x89LGI\r\n\x1a\n"
SUMS = {1: crc8, 2: lambda data: crc_hqx(data, 0xFFFF)}  # by crc_width


@dataclass(frozen=True)
class Chunk:
    """One root entry with its payload; checksum and length are right unless given."""

    name: bytes
    payload: bytes
    stream: int = 0
    ordinal: int = 0
    dir_len: int = 0
    length: int | None = None
    crc: int | None = None

    @property
    def entry(self) -> bytes:
        summed = self.payload[: self.dir_len] if self.dir_len else self.payload
        crc = crc32c(summed) if self.crc is None else self.crc
        length = len(self.payload) if self.length is None else self.length
        return pack("<4sIIIQI", self.name, self.stream, self.ordinal, self.dir_len, length, crc)


def assemble(chunks, *, root=None, header_crc=None, **fields) -> bytes:
    """A file of `chunks`; `fields` override those of the header."""
    root = b"".join(chunk.entry for chunk in chunks) if root is None else root
    body = b"".join(chunk.payload for chunk in chunks)
    values = {
        "magic": MAGIC,
        "major": 1,
        "minor": 0,
        "reserved": 0,
        "n_entries": len(chunks),
        "file_size": 32 + len(root) + len(body),
        "root_crc": crc32c(root),
        **fields,
    }
    header = pack("<8sBBHIQI", *values.values())
    return header + pack("<I", crc32c(header) if header_crc is None else header_crc) + root + body


def directory(runs, lengths, crcs, filling=0, **fields) -> bytes:
    """A group directory; `fields` override those of its head.

    `filling` are bits that are set in the last byte of the lengths.
    """
    values = {
        "n_runs": len(runs),
        "n_local": len(crcs),
        "global_len": 2,
        "global_crc": crc32c(b"GG"),
        "len_width": 0 if len(set(lengths)) == 1 else max(lengths, default=0).bit_length(),
        "crc_width": 4,
        "reserved": bytes(2),
        **fields,
    }
    width = values["len_width"]
    packed = sum(length % 2**width << i * width for i, length in enumerate(lengths))
    *stored, last = packed.to_bytes((len(lengths) * width + 7) // 8, "little") or b"\0"
    return (
        pack("<IIIIBB2s", *values.values())
        + b"".join(pack("<II", *run) for run in runs)
        + (bytes([*stored, last | filling]) if width else pack("<I", lengths[0]))
        + pack(f"<{len(crcs)}{ {1: 'B', 2: 'H'}.get(values['crc_width'], 'I') }", *crcs)
    )


def grup(chunks=(b"a", b"bb"), runs=((0, 2),), global_chunk=b"GG", **fields) -> Chunk:
    """A GRUP of these local chunks; `fields` as in `directory`, lengths too if given."""
    lengths = fields.pop("lengths", [len(chunk) for chunk in chunks])
    summed = SUMS.get(fields.get("crc_width"), crc32c)
    table = directory(runs, lengths, [summed(chunk) for chunk in chunks], **fields)
    return Chunk(b"GRUP", table + global_chunk + b"".join(chunks), dir_len=len(table))


HEAD = {"kind": 1, "channels": 1, "sample_type": 1}
AXIS = {
    "frame_len": 7,
    "win_at": 0,
    "win_len": 7,
    "grid_lo": 0,
    "tile_len": 4,
    "tiles": 2,
    "groups": 1,
}


def number(value) -> bytes:
    """An unsigned LEB128; bytes stay as they are."""
    if isinstance(value, bytes):
        return value
    if value < 128:
        return bytes([value])
    return bytes([value & 127 | 128]) + number(value >> 7)


def geom_payload(axes=({},), rate=(8, 1), **fields) -> bytes:
    """The GEOM of the tiny sound; `fields` override the head, `axes` each axis as it is stored."""
    head = bytes({**HEAD, **fields}.values())
    stored = (value for axis in axes for value in {**AXIS, **axis}.values())
    return head + b"".join(map(number, (*rate, *stored)))


# The CONF of the tiny sound, by hand: keys are numbers 0 to 6 for their names, floats are binary16.
CONF = {
    "family": b"\x00\x82\x61f\xa0",
    "quantiser": b"\x01\x82\x61q\xa0",
    "coder": b"\x02\x82\x61c\xa0",
    "local": b"\x03\x81\x82\x61w\x81\x01",
    "global": b"\x04\x80",
    "values": b"\x05\x82\xf9\x00\x00\xf9\x5b\xf8",
    "fill": b"\x06\x81\xf9\x00\x00",
}


def conf_payload(head=b"\xa7", **items) -> bytes:
    """The CONF of the tiny sound; `items` override bytes of single pairs."""
    return head + b"".join({**CONF, **{k.rstrip("_"): v for k, v in items.items()}}.values())


def tiny(geom=None, conf=None, group=None) -> list[Chunk]:
    """The chunks of the file in the appendix of the spec, single ones replaced."""
    return [
        Chunk(b"GEOM", geom_payload() if geom is None else geom),
        Chunk(b"CONF", conf_payload() if conf is None else conf),
        grup() if group is None else group,
    ]


# --- values

KIND_NAMES = tuple(AXES)


def axis(length=512, tiles=8, groups=1, **fields) -> AxisGeometry:
    """An axis of `length` samples in `groups` of `tiles` tiles, all of it in the window."""
    tile_len = -(-length // (tiles * groups))
    frame_len = length if groups == 1 else tile_len * tiles
    return replace(AxisGeometry(frame_len, 0, length, 0, tile_len, tiles, groups), **fields)


def geometry(kind="video", axes=None, **fields) -> Geometry:
    """A geometry; by default the 280 x 512 x 512 video of 5 x 8 x 8 tiles of the paper."""
    if axes is None:
        axes = (axis(280, 5), *(axis() for _ in AXES[kind][1:]))
    rate = Fraction(25) if "t" in AXES[kind] else None
    return Geometry(
        kind, **{"channels": 3, "sample_type": "uint8", "rate": rate, **fields}, axes=axes
    )


def conf(channels=3, **fields) -> Conf:
    """A small configuration."""
    values = {
        "family": Plug("siren", {"w0": 30.0, "hidden": [3, 4], "bias": True, "note": "é"}),
        "quantiser": Plug("uniform", {"bits": 8}),
        "coder": Plug("raw"),
        "local": (TensorSpec("local.0", (2, 3)), TensorSpec("local.1", ())),
        "global_": (TensorSpec("global.0", (4,)),),
        "values": (0.0, 255.0),
        "fill": (0.0,) * channels,
    }
    return Conf(**{**values, **fields})


def stream(lattice=None, leave_out=frozenset()) -> StreamData:
    """A stream with a distinct chunk in every partition but those of `leave_out`."""
    lattice = geometry() if lattice is None else lattice
    groups = []
    for ordinal in range(lattice.groups):
        ids = [i for i in range(lattice.tiles_per_group) if (ordinal, i) not in leave_out]
        chunks = {i: bytes([ordinal % 256, i % 256]) * (1 + i % 5) for i in ids}
        if chunks:
            groups.append(GroupData(ordinal, b"global %d" % ordinal, chunks))
    return StreamData(lattice, conf(lattice.channels), tuple(groups))


def video_with_sound() -> Container:
    """Two streams that share the clock, the sound in two groups, and two ancillary chunks."""
    time = axis(40, 4)
    video = geometry("video", (time, axis(20, 3), axis(30, 5)), rate=Fraction(10))
    sound = geometry("audio", (axis(800, 5, 2),), channels=1, rate=Fraction(200))
    return Container((stream(video), stream(sound)), {"mETa": b"kept", "tHMB": b"dropped"}, minor=3)


def entries_of(data: bytes) -> list[tuple[bytes, int, int, int, int, int]]:
    """The root table of `data`."""
    (count,) = unpack_from("<I", data, 12)
    return [unpack_from("<4sIIIQI", data, 32 + 28 * i) for i in range(count)]
