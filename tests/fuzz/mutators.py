"""Another input made from one: sizes and checksums mostly fit, so that what lies behind is met."""

import struct
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from second_reader.editable import File, Group
from second_reader.mutator import Mutator

from .harnesses import OF_FILES
from .parts import HEAD
from .seeds import seeds

__all__ = ["mutated"]

Change = Callable[[bytes, Mutator, Random], bytes]
UNPARSABLE: Final = (struct.error, LookupError, RecursionError, ValueError, StopIteration)


def mutated(harness: str, data: bytes, rng: Random) -> bytes:
    """Something near `data`, the same for the same state of `rng`."""
    mutator = Mutator(seeds(harness), rng.getrandbits(32))
    if rng.random() < 0.05:
        return mutator.plain(data)
    try:
        return CHANGES[harness](data, mutator, rng)
    except UNPARSABLE:  # too far from a good one to be taken apart
        return mutator.plain(data)


def _file(data: bytes, mutator: Mutator, rng: Random) -> bytes:
    return _chunks(data, mutator, rng) if rng.random() < 0.25 else mutator.changed(data)


def _chunks(data: bytes, mutator: Mutator, rng: Random) -> bytes:
    """Other bytes in some chunks, of which directory and root table know."""
    file = File.of(data)
    groups = [p.body for p in file.payloads if isinstance(p.body, Group)]
    for _ in range(rng.choice((1, 1, 2, 4)) if groups else 0):
        group = rng.choice(groups)
        place = rng.randrange(-1, len(group.chunks))
        if place < 0:
            group.global_chunk = mutator.plain(group.global_chunk)
        else:
            group.chunks[place] = mutator.plain(group.chunks[place])
        group.width = group.smallest_width()
    return file.pack()


def _coding(data: bytes, mutator: Mutator, rng: Random) -> bytes:
    """The length of the global chunk fits what was changed, if it did before."""
    split = HEAD + int.from_bytes(data[HEAD - 2 : HEAD], "little")
    choice, head, body = data[: HEAD - 2], data[HEAD:split], data[split:]
    match rng.randrange(6):
        case 0:
            at = rng.randrange(len(choice))
            choice = choice[:at] + bytes([rng.randrange(16)]) + choice[at + 1 :]
        case 1 | 2:
            head = mutator.plain(head)
        case 3:  # one number of a step or a table
            at = rng.randrange(1 + len(head))
            number = rng.choice((0, 1, 255, 127, 128, rng.randrange(256)))
            head = head[:at] + bytes([number]) * rng.randint(1, 2) + head[at + 2 :]
        case _:
            body = mutator.plain(body)
    return choice + min(len(head), 65_535).to_bytes(2, "little") + head + body


def _geometry(data: bytes, mutator: Mutator, rng: Random) -> bytes:
    for _ in range(rng.choice((1, 1, 2))):
        data = mutator.geometry(data)
    return data


def _conf(data: bytes, mutator: Mutator, rng: Random) -> bytes:
    for _ in range(rng.choice((1, 1, 2))):
        data = mutator.configuration(data)
    return data


def _directory(data: bytes, mutator: Mutator, rng: Random) -> bytes:
    """Through a file whose only group this is, its chunks as long as it says."""
    n_runs, n_local = (int.from_bytes(data[at : at + 4], "little") for at in (0, 4))
    if max(n_runs, n_local) > 64:
        return mutator.plain(data)
    at = rng.randrange(0, max(1, len(data) - 3), 4)
    old = int.from_bytes(data[at : at + 4], "little")
    new = rng.choice((old + 1, old - 1, old ^ 1 << rng.randrange(32), 0, 1, 2**16, 2**20, 2**24))
    data = data[:at] + (new % 2**32).to_bytes(4, "little") + data[at + 4 :]
    width, crc_width = data[16:18].ljust(2, b"\0")
    fitting = 20 + 8 * n_runs + crc_width * n_local + ((width * n_local + 7) // 8 or 4)
    return (data + rng.randbytes(min(256, max(0, fitting - len(data)))))[: fitting or None]


CHANGES: Final[Mapping[str, Change]] = {
    **dict.fromkeys(OF_FILES, _file),
    "geometry": _geometry,
    "conf": _conf,
    "directory": _directory,
    "coding": _coding,
}
