"""Where every part of a file without defects lies, by the tables of the specification alone."""

from struct import unpack_from

from tests.second_reader.editable import Group

__all__ = ["Part", "places"]

# ("header",), ("root",), ("entry", n), ("payload", n), ("GEOM", s), ("CONF", s),
# ("directory", s, g), ("global", s, g), ("local", s, g, partition), ("ancillary", type)
Part = tuple[str | int, ...]


def places(data: bytes) -> dict[Part, range]:
    """Bytes of every part; those of groups in the order of the file."""
    (count,) = unpack_from("<I", data, 12)
    found: dict[Part, range] = {("header",): range(32), ("root",): range(32, 32 + 28 * count)}
    at = 32 + 28 * count
    for number in range(count):
        row = 32 + 28 * number
        kind, stream, ordinal, dir_len, length, _ = unpack_from("<4s3IQI", data, row)
        found["entry", number] = range(row, row + 28)
        found["payload", number] = range(at, at + length)
        if kind == b"GRUP":
            found |= _of_group(data[at : at + length], at, dir_len, (stream, ordinal))
        else:
            critical = kind in (b"GEOM", b"CONF")
            part = (kind.decode(), stream) if critical else ("ancillary", kind.decode())
            found[part] = range(at, at + length)
        at += length
    return found


def _of_group(payload: bytes, at: int, dir_len: int, name: Part) -> dict[Part, range]:
    group = Group.of(payload)
    found: dict[Part, range] = {("directory", *name): range(at, at + dir_len)}
    ids = [start + i for start, count in group.runs for i in range(count)]
    parts: list[Part] = [("global", *name), *(("local", *name, i) for i in ids)]
    at += dir_len
    for part, chunk in zip(parts, [group.global_chunk, *group.chunks], strict=True):
        found[part] = range(at, at + len(chunk))
        at += len(chunk)
    return found
