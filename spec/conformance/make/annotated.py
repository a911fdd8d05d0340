"""A file explained byte by byte: the appendix of the specification is what this makes.

python -m spec.conformance.make.annotated FILE
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from struct import unpack_from
from typing import Any

import cbor2

from lgcodec.format.conf import KEYS, PLUGS, Conf
from lgcodec.format.layout import AXES, KINDS, SAMPLE_TYPES
from lgcodec.format.names import name_of
from lgcodec.format.numbers import bits_size, pack_numbers, signed, unpack_bits, unpack_numbers

from .places import places

__all__ = ["annotated"]

Note = tuple[int, str]  # number of bytes, and what they are; 0 for a headline
WIDE = 14  # bytes of a line


def annotated(data: bytes) -> str:
    """Lines of offset, bytes and meaning; together they are the whole file, in order."""
    lines, at = [], 0
    for length, text in _notes(data):
        if not length:
            lines.append(" " * 48 + text)
        for start in range(at, at + length, WIDE):
            row = data[start : min(start + WIDE, at + length)].hex(" ")
            note = text if start == at else ""
            lines.append(f"{start:03x}  {row:<42} {note}".rstrip())
        at += length
    if at != len(data):
        raise ValueError(f"{at} of {len(data)} bytes are explained")
    return "\n".join(lines) + "\n"


def _notes(data: bytes) -> Iterator[Note]:
    yield from _header(data)
    where = places(data)
    count = int.from_bytes(data[12:16], "little")
    for number in range(count):
        yield from _entry(data, where["entry", number].start)
    for number in range(count):
        kind = data[where["entry", number].start :][:4].decode()
        payload = where["payload", number]
        body = data[payload.start : payload.stop]
        yield 0, kind
        explain = {"GEOM": _geometry, "CONF": _configuration, "GRUP": _group}.get(kind, _ancillary)
        yield from explain(body)


def _header(data: bytes) -> Iterator[Note]:
    major, minor, _, count, size = unpack_from("<BBHIQ", data, 8)
    yield 8, "magic"
    yield 4, f"major {major}, minor {minor}, reserved"
    yield 4, f"n_entries {count}"
    yield 8, f"file_size {size}"
    yield 4, "root_crc"
    yield 4, "header_crc"


def _entry(data: bytes, at: int) -> Iterator[Note]:
    kind, stream, ordinal, dir_len, length = unpack_from("<4s3IQ", data, at)
    yield 12, f'"{kind.decode()}", stream {stream}, ordinal {ordinal}'
    yield 12, f"dir_len {dir_len}, length {length}"
    yield 4, "crc"


def _geometry(body: bytes) -> Iterator[Note]:
    kind, channels, sample_type = body[:3]
    (name,) = (name for name, number in KINDS.items() if number == kind)
    (samples,) = (name for name, number in SAMPLE_TYPES.items() if number == sample_type)
    noun = "channel" if channels == 1 else "channels"
    yield 3, f"{name}, {channels} {noun}, {samples}"
    numbers = unpack_numbers(body[3:])
    if "t" in AXES[name]:
        rate, numbers = numbers[:2], numbers[2:]
        yield len(pack_numbers(rate)), "rate {}/{}".format(*rate)
    for place, axis in enumerate(AXES[name]):
        fields = numbers[7 * place : 7 * place + 7]
        said = [*fields[:3], signed(fields[3]), *fields[4:]]
        first = "frame_len {}, win_at {}, win_len {}".format(*said[:3])
        yield len(pack_numbers(fields[:3])), f"{axis}: {first}"
        rest = "grid_lo {}, tile_len {}, tiles {}, groups {}".format(*said[3:])
        yield len(pack_numbers(fields[3:])), rest


def _configuration(body: bytes) -> Iterator[Note]:
    """With names where numbers stand for them."""
    stored: dict[int, Any] = cbor2.loads(body)
    said = _spelled(Conf.unpack(body))
    yield 1, f"map of {len(stored)}"
    for key, value in stored.items():
        length = len(cbor2.dumps(key)) + len(cbor2.dumps(value, canonical=True))
        yield length, f"{name_of(key)}: {json.dumps(said[name_of(key)], ensure_ascii=False)}"


def _spelled(conf: Conf) -> dict[str, Any]:
    plugs = [getattr(conf, key) for key in PLUGS]
    tensors = (conf.local, conf.global_)
    tables = [[[one.name, one.shape] for one in table] for table in tensors]
    pairs = [[plug.name, plug.configuration] for plug in plugs]
    return dict(zip(KEYS, [*pairs, *tables, conf.values, conf.fill], strict=True))


def _group(body: bytes) -> Iterator[Note]:
    n_runs, n_local, global_len, _, width, crc_width = unpack_from("<4I2B", body)
    yield 8, f"n_runs {n_runs}, n_local {n_local}"
    yield 8, f"global_len {global_len}, global_crc"
    yield 4, f"len_width {width}, crc_width {crc_width}, reserved"
    ids: list[int] = []
    for run in range(n_runs):
        start, count = unpack_from("<II", body, 20 + 8 * run)
        ids += range(start, start + count)
        yield 8, f"run: start {start}, count {count}"
    at = 20 + 8 * n_runs
    size = bits_size(n_local, width) if width else 4
    stored = body[at : at + size]
    equal = unpack_from("<I", body, at)
    lengths = unpack_bits(stored, width, n_local) if width else equal * n_local
    yield size, f"lengths {', '.join(map(str, lengths if width else equal))}"
    yield crc_width * n_local, "crcs"
    if global_len:
        yield global_len, "global chunk"
    for partition, length in zip(ids, lengths, strict=True):
        yield length, f"local chunk of partition {partition}"


def _ancillary(body: bytes) -> Iterator[Note]:
    yield len(body), "payload"


if __name__ == "__main__":
    print(annotated(Path(sys.argv[1]).read_bytes()), end="")
