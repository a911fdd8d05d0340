"""Repair: a new canonical file from what is intact of a damaged one."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from lgcodec._damage import Damage, damage_of, intact, open_damaged
from lgcodec._rewrite import Keep, rewrite
from lgcodec.errors import FileError, UsageError
from lgcodec.format.geometry import Geometry
from lgcodec.format.layout import Kind, survives_crop
from lgcodec.format.reader import Reader
from lgcodec.remote import Timeouts, is_url
from lgcodec.storage import replacing

__all__ = ["RepairReport", "StreamRepair", "repair"]


@final
@dataclass(frozen=True)
class StreamRepair:
    """Groups that a stream had, groups and partitions that it keeps; none if it went."""

    kind: Kind
    groups_before: int
    groups_after: int
    partitions_after: int


@final
@dataclass(frozen=True)
class RepairReport:
    """What a repair found and kept: streams as they were numbered before.

    dropped        ancillary chunks that are whole but may depend on what was lost
    bytes_before   that the damaged file should have
    geometries     of the streams, which tell where damaged partitions are
    """

    streams: tuple[StreamRepair, ...]
    damage: tuple[Damage, ...]
    dropped: list[str]
    bytes_before: int
    bytes_after: int
    geometries: tuple[Geometry, ...] = ()


def repair(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    timeouts: Timeouts | None = None,
) -> RepairReport:
    """Write to `target` every chunk of `source`, a path or a URL, whose checksum matches.

    Partitions of damaged local chunks become absent, groups of damaged directories or global chunks
    go, and streams of which nothing is left. The file may be cut short or go on after its end. An
    intact file comes out as it is.

    UsageError if both are the same file; FileError where the header, the root table, a GEOM or a
    CONF is damaged, or if no partition is intact; InputError or OutputError as for reading and
    writing.
    """
    if not is_url(source) and Path(source).resolve() == Path(target).resolve():
        raise UsageError(f"the output is {target} itself: a repair never replaces what it reads")
    with open_damaged(source, timeouts) as reader:
        damage = tuple(damage_of(reader))
        keeps = [Keep(stream, intact(stream, damage)) for stream in reader.streams]
        if not any(keep.kept for keep in keeps):
            message = "no partition is intact, nothing can be saved"
            raise FileError(damage[0].code, message, damage[0].offset)
        ancillary, dropped = _ancillary(reader, damage)
        with replacing(target) as temporary, temporary.open("wb") as file:
            size = rewrite(reader, keeps, ancillary, file)
        return RepairReport(
            streams=tuple(map(_report, keeps)),
            damage=damage,
            dropped=dropped,
            bytes_before=reader.size,
            bytes_after=size,
            geometries=tuple(stream.geometry for stream in reader.streams),
        )


def _ancillary(reader: Reader, damage: Sequence[Damage]) -> tuple[list[str], list[str]]:
    """Types of the intact ancillary chunks that are copied, and those that are not (LGI-V-05)."""
    lost = {item.chunk for item in damage}
    whole = [name for name in reader.ancillary if name not in lost]
    copied = [name for name in whole if survives_crop(name) or not damage]
    return copied, [name for name in whole if name not in copied]


def _report(keep: Keep) -> StreamRepair:
    return StreamRepair(
        kind=keep.stream.geometry.kind,
        groups_before=len(keep.stream.groups),
        groups_after=len(keep.kept),
        partitions_after=sum(map(len, keep.kept.values())),
    )
