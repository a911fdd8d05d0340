"""A .lgi file as fields that can be set to anything: what is left alone is made to fit.

Counts, lengths and checksums are None until somebody sets them; `pack` fills in what is right, so
that a defect is the only one of its file and a reader gets as far as the check that it breaks.
"""

from binascii import crc_hqx
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from struct import calcsize, pack, unpack_from

from google_crc32c import value as crc32c

__all__ = ["MAGIC", "File", "Group", "Payload", "crc8", "numbers", "numbers_of"]

MAGIC = b"\x89LGI\r\n\x1a\n"
HEADER, ROW, DIRECTORY = "<8sBBHIQI", "<4sIIIQI", "<4I2B2s"


def crc8(data: bytes) -> int:
    """CRC-8/SAE-J1850, by division: the remainder of `data` and eight zeros."""
    if not data:
        return 0
    first, *others = data
    rest = 0
    for byte in (first ^ 0xFF, *others, 0):
        rest = rest << 8 | byte
        for bit in range(15, 7, -1):
            if rest >> bit & 1:
                rest ^= 0x11D << bit - 8
    return rest ^ 0xFF


def numbers(values: Iterable[int]) -> bytes:
    """Numbers of GEOM, of any size."""
    made = bytearray()
    for value in values:
        rest = value
        while rest > 127:
            made.append(rest % 128 + 128)
            rest //= 128
        made.append(rest)
    return bytes(made)


def numbers_of(data: bytes) -> list[int]:
    """Numbers that may be longer than they must be; what has no end is left out."""
    found, value, factor = [], 0, 1
    for byte in data:
        value += byte % 128 * factor
        factor *= 128
        if byte < 128:
            found.append(value)
            value, factor = 0, 1
    return found


@dataclass
class Group:
    """The payload of a GRUP; `lengths` and `crcs` by index are those that lie.

    filling   bits that are set in the last byte of the lengths
    """

    runs: list[list[int]]
    global_chunk: bytes
    chunks: list[bytes]
    width: int
    crc_width: int = 4
    reserved: bytes = bytes(2)
    filling: int = 0
    n_runs: int | None = None
    n_local: int | None = None
    global_len: int | None = None
    global_crc: int | None = None
    lengths: dict[int, int] = field(default_factory=dict)
    crcs: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, payload: bytes) -> "Group":
        """Take apart a payload without defects; ValueError where it counts more than it has."""
        n_runs, n_local, global_len, _, *rest = unpack_from(DIRECTORY, payload)
        if max(n_runs, n_local) > len(payload):
            raise ValueError(f"{n_runs} runs and {n_local} chunks in {len(payload)} bytes")
        at = calcsize(DIRECTORY)
        runs = [list(unpack_from("<2I", payload, at + 8 * i)) for i in range(n_runs)]
        at += 8 * n_runs
        width, crc_width, reserved = rest
        equal = list(unpack_from("<I", payload, at)) * n_local
        lengths = _bits_of(payload[at:], width, n_local) if width else equal
        at += (width * n_local + 7) // 8 if width else 4
        at += crc_width * n_local
        cuts = [at, at + global_len]
        for length in lengths:
            cuts.append(cuts[-1] + length)
        global_chunk, *chunks = [payload[start:end] for start, end in pairwise(cuts)]
        return cls(runs, global_chunk, chunks, width, crc_width, reserved)

    def directory(self) -> bytes:
        """The directory as it stands."""
        lengths = [self.lengths.get(i, len(chunk)) for i, chunk in enumerate(self.chunks)]
        crcs = [self.crcs.get(i, self.crc(chunk)) for i, chunk in enumerate(self.chunks)]
        head = pack(
            DIRECTORY,
            _or(self.n_runs, len(self.runs)),
            _or(self.n_local, len(self.chunks)),
            _or(self.global_len, len(self.global_chunk)),
            _or(self.global_crc, crc32c(self.global_chunk)),
            self.width,
            self.crc_width,
            self.reserved,
        )
        runs = b"".join(pack("<2I", *run) for run in self.runs)
        crc_width = self.crc_width if self.crc_width in (1, 2) else 4
        stored = _bits(lengths, self.width) if self.width else pack("<I", *lengths[:1] or [0])
        return head + runs + self.filled(stored) + _table(crcs, crc_width)

    def filled(self, stored: bytes) -> bytes:
        """The bits after the last length as `filling` says."""
        return stored[:-1] + bytes([stored[-1] | self.filling]) if self.filling else stored

    def crc(self, chunk: bytes) -> int:
        """The checksum of a local chunk."""
        if self.crc_width == 1:
            return crc8(chunk)
        return crc_hqx(chunk, 0xFFFF) if self.crc_width == 2 else crc32c(chunk)

    def smallest_width(self) -> int:
        """What the width should be for the chunks that are there."""
        lengths = {len(chunk) for chunk in self.chunks}
        return max(lengths).bit_length() if len(lengths) > 1 else 0


@dataclass
class Payload:
    """A payload and its row of the root table; the body is bytes where it is no good group."""

    type: bytes
    stream: int
    ordinal: int
    body: bytes | Group
    dir_len: int | None = None
    length: int | None = None
    crc: int | None = None

    def pack(self) -> tuple[bytes, bytes]:
        """The row and the payload."""
        body, dir_len, summed = self.body, 0, b""
        if isinstance(body, Group):
            summed = body.directory()
            dir_len = len(summed)
            payload = b"".join([summed, body.global_chunk, *body.chunks])
        else:
            payload = body
            summed = body[: self.dir_len]
        row = pack(
            ROW,
            self.type,
            self.stream,
            self.ordinal,
            _or(self.dir_len, dir_len),
            _or(self.length, len(payload)),
            _or(self.crc, crc32c(summed)),
        )
        return row, payload


@dataclass
class File:
    """A whole file."""

    payloads: list[Payload]
    magic: bytes = MAGIC
    major: int = 1
    minor: int = 0
    reserved: int = 0
    n_entries: int | None = None
    file_size: int | None = None
    root_crc: int | None = None
    header_crc: int | None = None

    @classmethod
    def of(cls, data: bytes) -> "File":
        """Take apart a file without defects."""
        _, _, minor, _, n_entries, _, _ = unpack_from(HEADER, data)
        at = 32 + 28 * n_entries
        payloads = []
        for i in range(n_entries):
            kind, stream, ordinal, _, length, _ = unpack_from(ROW, data, 32 + 28 * i)
            body = data[at : at + length]
            made = Group.of(body) if kind == b"GRUP" else body
            payloads.append(Payload(kind, stream, ordinal, made))
            at += length
        return cls(payloads, minor=minor)

    def pack(self) -> bytes:
        """The bytes of the file."""
        packed = [payload.pack() for payload in self.payloads]
        root = b"".join(row for row, _ in packed)
        size = 32 + len(root) + sum(len(payload) for _, payload in packed)
        head = pack(
            HEADER,
            self.magic,
            self.major,
            self.minor,
            self.reserved,
            _or(self.n_entries, len(packed)),
            _or(self.file_size, size),
            _or(self.root_crc, crc32c(root)),
        )
        crc = pack("<I", _or(self.header_crc, crc32c(head)))
        return b"".join([head, crc, root, *(payload for _, payload in packed)])


def _table(numbers: list[int], width: int) -> bytes:
    return b"".join((n % 256**width).to_bytes(width, "little") for n in numbers)


def _bits(values: list[int], width: int) -> bytes:
    """`width` bits of each, the lowest first, from the lowest bit of the first byte on."""
    text = "".join(f"{value % 2**width:0{width}b}"[::-1] for value in values)
    return bytes(int(text[at : at + 8][::-1], 2) for at in range(0, len(text), 8))


def _bits_of(data: bytes, width: int, count: int) -> list[int]:
    """Undoes `_bits`."""
    text = "".join(f"{byte:08b}"[::-1] for byte in data[: (width * count + 7) // 8])
    return [int(text[at * width : (at + 1) * width][::-1], 2) for at in range(count)]


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
