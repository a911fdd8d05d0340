"""What commands say about damage."""

import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import click

from lgcodec._damage import Damage
from lgcodec.errors import DamageWarning
from lgcodec.format.directory import runs_of
from lgcodec.format.layout import Kind

__all__ = ["damage_lines", "noted_damage"]

MOST_LINES: Final = 20


def damage_lines(damage: Sequence[Damage], kinds: Sequence[Kind]) -> Iterator[str]:
    """One line for each part that is lost; damaged partitions of a group share one."""
    lines = list(_lines(damage, kinds))
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield f"and {len(lines) - MOST_LINES:,} lines more, which --json has"


@contextmanager
def noted_damage(*, quiet: bool) -> Iterator[list[DamageWarning]]:
    """Collect what decoding warns of, complete when the context ends, and tell it on stderr."""
    noted: list[DamageWarning] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DamageWarning)
        yield noted
    for item in caught:
        if not isinstance(item.message, DamageWarning):
            warnings.warn_explicit(item.message, item.category, item.filename, item.lineno)
            continue
        noted.append(item.message)
        if not quiet:
            click.echo(f"lgi: warning: {item.message}", err=True)


def _lines(damage: Sequence[Damage], kinds: Sequence[Kind]) -> Iterator[str]:
    partitions: dict[tuple[int | None, int | None, str], list[int]] = defaultdict(list)
    for item in damage:
        if item.partition is None:
            yield f"{_place(item, kinds)}{item.message}"
        else:
            partitions[item.stream, item.group, item.code].append(item.partition)
    for (stream, group, code), ids in partitions.items():
        spans = (f"{i}" if n == 1 else f"{i} to {i + n - 1}" for i, n in runs_of(ids))
        noun = "partition" if len(ids) == 1 else "partitions"
        yield f"{kinds[stream or 0]}, group {group}, {noun} {', '.join(spans)}: {code}"


def _place(item: Damage, kinds: Sequence[Kind]) -> str:
    if item.chunk is not None:
        return f"chunk {item.chunk}: "
    if item.stream is None:
        return ""
    where = kinds[item.stream]
    return f"{where}: " if item.group is None else f"{where}, group {item.group} is lost: "
