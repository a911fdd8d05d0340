"""Verify: every table and every checksum of a file, its canonical form, its configuration."""

import os
from dataclasses import dataclass
from typing import Final, final

from lgcodec._damage import Damage, damage_of, intact, open_damaged
from lgcodec._weights import LocalWeights
from lgcodec.coding import CODERS, QUANTISERS, codec_of
from lgcodec.errors import FileError, LgiError, UsageError
from lgcodec.format.checks import locating
from lgcodec.format.geometry import Geometry
from lgcodec.format.layout import CONF, GEOM, Kind
from lgcodec.format.reader import Reader
from lgcodec.format.stream import Stream
from lgcodec.format.table import pack_front
from lgcodec.remote import Timeouts

__all__ = ["FAMILIES", "StreamCheck", "VerifyReport", "verify"]

FAMILIES: Final = ("siren", "incode", "relu-pe", "latent")  # of lgcodec.nets, which brings torch


@final
@dataclass(frozen=True)
class StreamCheck:
    """What was found in one stream.

    groups       in the file; in `groups_intact` of them, `intact` partitions are whole
    unreadable   why this version cannot decode the stream, however whole its chunks are; or None
    numbers      that were decoded from local and from global chunks; None if they were not
    """

    kind: Kind
    groups: int
    groups_intact: int
    intact: int
    unreadable: str | None
    numbers: tuple[int, int] | None = None


@final
@dataclass(frozen=True)
class VerifyReport:
    """What was found in a file that should have `bytes` bytes; no `damage` if all is well.

    geometries   of the streams, which tell where damaged partitions are
    """

    bytes: int
    streams: tuple[StreamCheck, ...]
    damage: tuple[Damage, ...]
    geometries: tuple[Geometry, ...] = ()


def verify(
    where: str | os.PathLike[str], timeouts: Timeouts | None = None, *, deep: bool = False
) -> VerifyReport:
    """Check the whole file at a path or a URL.

    Reads every byte and holds one chunk at a time. `deep` also compares CONF with what the family
    needs and decodes every intact chunk to its numbers, a few hundred times slower, and finds those
    whose checksum holds and whose content is impossible; networks are not evaluated. A plug of an
    unknown name is no damage. FileError where the header, the root table, a GEOM or a CONF is
    damaged, InputError if the file cannot be read.
    """
    with open_damaged(where, timeouts) as reader:
        _check_canonical(reader)
        errors = [_plug_error(stream, deep=deep) for stream in reader.streams]
        pairs = zip(reader.streams, errors, strict=True)
        damage = [
            *(Damage.of(e, stream=stream.index) for stream, e in pairs if e and _is_known(stream)),
            *damage_of(reader),
        ]
        checks = tuple(
            _checked(stream, damage, error, deep=deep)
            for stream, error in zip(reader.streams, errors, strict=True)
        )
        geometries = tuple(stream.geometry for stream in reader.streams)
        return VerifyReport(reader.size, checks, tuple(damage), geometries)


def _checked(
    stream: Stream, damage: list[Damage], error: LgiError | None, *, deep: bool
) -> StreamCheck:
    """What there is to say of a stream; adds what decoding finds to `damage`."""
    numbers = None
    if deep and error is None:
        try:
            numbers = _decode(stream, damage)
        except UsageError as limit:
            error = limit
    usable = intact(stream, damage)
    return StreamCheck(
        kind=stream.geometry.kind,
        groups=len(stream.groups),
        groups_intact=len(usable),
        intact=sum(map(len, usable.values())),
        unreadable=None if error is None else str(error),
        numbers=numbers,
    )


def _decode(stream: Stream, damage: list[Damage]) -> tuple[int, int]:
    """Decode all chunks that are intact so far; how many numbers local and global ones hold."""
    weights = LocalWeights(stream, codec_of(stream.conf), "mask")
    local = global_ = 0
    for ordinal, ids in intact(stream, damage).items():
        head = weights.head(ordinal, ids)
        if head is not None:
            global_ += sum(tensor.size for tensor in head.weights.values())
            for _, tensors in weights.of(ordinal, head, ids):
                local += sum(tensor.size for tensor in tensors.values())
    damage.extend(weights.damage)
    return local, global_


def _check_canonical(reader: Reader) -> None:
    """Raise FileError unless the tables at the front are as a writer makes them."""
    tables = [("E_ORDER", 0, pack_front([entry for entry, _ in reader.entries], reader.minor))]
    for stream in reader.streams:
        tables.append((f"E_{GEOM}", stream.geom_at, stream.geometry.pack()))
        tables.append((f"E_{CONF}", stream.conf_at, stream.conf.pack()))
    for code, at, expected in tables:
        if reader.read_at(at, len(expected)) != expected:
            raise FileError(code, "a table is not as a writer makes it", at)


def _is_known(stream: Stream) -> bool:
    """Whether this version has every plug: what is wrong with them is then a defect of the file."""
    conf = stream.conf
    plugs = (conf.family, FAMILIES), (conf.quantiser, QUANTISERS), (conf.coder, CODERS)
    return all(plug.name in known for plug, known in plugs)


def _plug_error(stream: Stream, *, deep: bool) -> FileError | None:
    """Why the chunks of a stream cannot be decoded by its configuration."""
    name = stream.conf.family.name
    if name not in FAMILIES:
        message = f"family is {name!r}, known are {', '.join(FAMILIES)}"
        return FileError("E_PROFILE", message, stream.conf_at)
    try:
        with locating(stream.conf_at):
            if deep:
                _check_family(stream)
            codec_of(stream.conf)
    except FileError as error:
        return error
    return None


def _check_family(stream: Stream) -> None:
    """Raise FileError E_PROFILE unless the family has such tables in such a stream."""
    from lgcodec.nets import family_of  # noqa: PLC0415 (torch takes a second to import)

    family_of(stream.conf, stream.geometry)
