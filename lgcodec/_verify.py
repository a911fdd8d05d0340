"""Verify: every table and every checksum of a file, its canonical form, its configuration."""

import os
from dataclasses import dataclass
from typing import Final, final

from lgcodec._damage import Damage, damage_of, intact, open_damaged
from lgcodec.coding import codec_of
from lgcodec.errors import FileError
from lgcodec.format.conf import Conf
from lgcodec.format.layout import CONF, GEOM, Kind
from lgcodec.format.reader import Reader
from lgcodec.format.stream import Stream
from lgcodec.format.table import pack_front
from lgcodec.remote import Timeouts

__all__ = ["FAMILIES", "StreamCheck", "VerifyReport", "verify"]

FAMILIES: Final = ("siren", "latent")  # those of lgcodec.nets, with which torch would come along


@final
@dataclass(frozen=True)
class StreamCheck:
    """What was found in one stream.

    groups       in the file; in `groups_intact` of them, `intact` partitions are whole
    unreadable   why this version cannot decode the stream, however whole its chunks are; or None
    """

    kind: Kind
    groups: int
    groups_intact: int
    intact: int
    unreadable: str | None


@final
@dataclass(frozen=True)
class VerifyReport:
    """What was found in a file that should have `bytes` bytes; no `damage` if all is well."""

    bytes: int
    streams: tuple[StreamCheck, ...]
    damage: tuple[Damage, ...]


def verify(where: str | os.PathLike[str], timeouts: Timeouts | None = None) -> VerifyReport:
    """Check the whole file at a path or a URL.

    Reads every byte and holds one chunk at a time; payloads are not decoded. FileError where the
    header, the root table, a GEOM or a CONF is damaged, InputError if the file cannot be read.
    """
    with open_damaged(where, timeouts) as reader:
        _check_canonical(reader)
        errors = [_plug_error(stream.conf) for stream in reader.streams]
        damage = [
            *(Damage.of(e, stream=i) for i, e in enumerate(errors) if e and e.code == "E_CONF"),
            *damage_of(reader),
        ]
        checks = (
            _checked(stream, damage, error)
            for stream, error in zip(reader.streams, errors, strict=True)
        )
        return VerifyReport(reader.size, tuple(checks), tuple(damage))


def _checked(stream: Stream, damage: list[Damage], error: FileError | None) -> StreamCheck:
    usable = intact(stream, damage)
    return StreamCheck(
        kind=stream.geometry.kind,
        groups=len(stream.groups),
        groups_intact=len(usable),
        intact=sum(map(len, usable.values())),
        unreadable=None if error is None else str(error),
    )


def _check_canonical(reader: Reader) -> None:
    """Raise FileError unless the tables at the front are as a writer makes them."""
    tables = [("E_ORDER", 0, pack_front([entry for entry, _ in reader.entries], reader.minor))]
    for stream in reader.streams:
        tables.append((f"E_{GEOM}", stream.geom_at, stream.geometry.pack()))
        tables.append((f"E_{CONF}", stream.conf_at, stream.conf.pack()))
    for code, at, expected in tables:
        if reader.read_at(at, len(expected)) != expected:
            raise FileError(code, "a table is not as a writer makes it", at)


def _plug_error(conf: Conf) -> FileError | None:
    """Why the chunks of a stream with this configuration cannot be decoded."""
    if conf.family.name not in FAMILIES:
        known = ", ".join(FAMILIES)
        return FileError("E_PROFILE", f"family is {conf.family.name!r}, known are {known}")
    try:
        codec_of(conf)
    except FileError as error:
        return error
    return None
