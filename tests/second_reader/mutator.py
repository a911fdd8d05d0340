"""Files with a defect or two, made from good ones.

In nine of ten files sizes and checksums fit the defect, so that a reader gets as far as the check
in question; one in ten is changed as plain bytes.
"""

from collections.abc import Sequence
from copy import deepcopy
from random import Random

from .cbor_items import alike, item, spans, widened
from .editable import File, Group, Payload, numbers, numbers_of

__all__ = ["Mutator"]

TYPES = (b"GEOM", b"CONF", b"GRUP", b"aaAa", b"zzZz", b"IDAT", b"GeOm", b"geom", b"GRuP", b"a1Aa")
BORDERS = (0, 1, 2, 3, 4, 15, 16, 19, 20, 64, 65, 10**9)
POWERS = {1: (3, 7), 2: (8, 15), 4: (16, 20, 24, 26, 28, 31), 8: (16, 26, 31, 48, 53, 63)}


class Mutator:
    """An endless source of files, the same for the same `seed`."""

    def __init__(self, seeds: Sequence[bytes], seed: int) -> None:
        self._seeds = seeds
        self._rng = Random(seed)

    def file(self) -> bytes:
        """The next one."""
        return self.changed(self._rng.choice(self._seeds))

    def changed(self, data: bytes) -> bytes:
        """A file made from `data`, which has no defects, or none that keep it from being parsed."""
        rng = self._rng
        if rng.random() < 0.1:
            return self.plain(data)
        file = File.of(data)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            self._change(file)
        return file.pack()

    def _change(self, file: File) -> None:
        rng = self._rng
        kind = rng.choice((b"GEOM", b"CONF", b"CONF", b"GRUP", b"GRUP", None))
        payload = rng.choice([p for p in file.payloads if kind in (p.type, None)] or file.payloads)
        chosen = rng.random()
        if chosen < 0.1:
            self._header(file)
        elif chosen < 0.2:
            self._row(payload)
        elif chosen < 0.3:
            self._table(file)
        elif isinstance(payload.body, Group):
            self._group(payload, payload.body)
        elif payload.type == b"GEOM" and chosen < 0.95:
            payload.body = self.geometry(payload.body)
        elif payload.type == b"CONF" and chosen < 0.95:
            payload.body = self.configuration(payload.body)
        else:
            payload.body = self.plain(payload.body)

    # --- header and root table

    def _header(self, file: File) -> None:
        rng = self._rng
        match rng.randrange(8):
            case 0:
                file.magic = self._flip(file.magic)
            case 1:
                file.major = rng.choice((0, 2, 255))
            case 2:
                file.minor = rng.randrange(256)
            case 3:
                file.reserved = self._number(0, 2)
            case 4:
                file.n_entries = self._number(len(file.payloads), 4)
            case 5:
                file.file_size = self._number(len(file.pack()), 8)
            case 6:
                file.root_crc = self._number(0, 4)
            case _:
                file.header_crc = self._number(0, 4)

    def _row(self, payload: Payload) -> None:
        rng = self._rng
        match rng.randrange(6):
            case 0:
                payload.type = rng.choice((rng.choice(TYPES), self._flip(payload.type)))
            case 1:
                payload.stream = self._number(payload.stream, 4)
            case 2:
                payload.ordinal = self._number(payload.ordinal, 4)
            case 3:
                body = payload.body
                size = len(body.directory()) if isinstance(body, Group) else 0
                payload.dir_len = self._number(size, 4)
            case 4:
                payload.length = self._number(len(payload.pack()[1]), 8)
            case _:
                payload.crc = self._number(0, 4)

    def _table(self, file: File) -> None:
        rng, payloads = self._rng, file.payloads
        at, other = rng.randrange(len(payloads)), rng.randrange(len(payloads))
        match rng.randrange(4):
            case 0:
                del payloads[at]
            case 1:
                payloads[at], payloads[other] = payloads[other], payloads[at]
            case 2:
                payloads.insert(other, deepcopy(payloads[at]))
            case _:
                donor = rng.choice(File.of(rng.choice(self._seeds)).payloads)
                payloads[at].body = donor.body
        if not payloads:
            payloads.append(Payload(b"zzZz", 0, 0, b""))

    # --- GEOM and CONF

    def geometry(self, body: bytes) -> bytes:
        """A GEOM with another number in one field."""
        rng = self._rng
        if rng.random() < 0.1:
            return self.plain(body)
        found = numbers_of(body[3:])
        if rng.random() < 0.3 or not found:
            at = rng.randrange(min(3, len(body)) or 1)
            return body[:at] + bytes([self._number(body[at] if body else 0, 1)]) + body[at + 1 :]
        at = rng.randrange(len(found))
        good, value = found[at], self._number(found[at] % 2**32, rng.choice((4, 4, 8)))
        made = numbers([good if rng.random() < 0.2 else value])
        if rng.random() < 0.1:  # longer than it must be
            made = made[:-1] + bytes([made[-1] | 128]) + b"\x80" * rng.randrange(4) + b"\0"
        return body[:3] + numbers(found[:at]) + made + numbers(found[at + 1 :])

    def configuration(self, body: bytes) -> bytes:
        """A CONF with another item in the place of one."""
        rng = self._rng
        if rng.random() < 0.1:
            return self.plain(body)
        try:
            items = spans(body)
        except IndexError:  # an earlier change
            return self.plain(body)
        start, end = rng.choice(items)
        good = body[start:end]
        match rng.randrange(10):
            case 0:
                made = b""
            case 1:
                made = good * 2
            case 2:
                made = bytes([good[0] ^ 1 << rng.randrange(8)]) + good[1:]
            case 3:
                made = widened(good, rng.choice((1, 2, 4, 8)))
            case 4 | 5:  # one of the others of its type
                same = [(a, b) for a, b in items if body[a] >> 5 == good[0] >> 5]
                made = body[slice(*rng.choice(same))]
            case 6 | 7:
                made = alike(good, rng)
            case _:
                made = item(rng)
        return body[:start] + made + body[end:]

    # --- GRUP

    def _group(self, payload: Payload, group: Group) -> None:
        rng = self._rng
        i = rng.randrange(len(group.chunks)) if group.chunks else 0
        good = {
            "n_runs": len(group.runs),
            "n_local": len(group.chunks),
            "global_len": len(group.global_chunk),
            "global_crc": 0,
        }
        match rng.randrange(14):
            case 0 | 1 | 2 | 3:
                name = rng.choice(sorted(good))
                setattr(group, name, self._number(good[name], 4))
            case 4:
                near = group.width + rng.choice((-1, 1))
                group.width = rng.choice((0, 24, 25, 26, near % 256, rng.randrange(256)))
            case 5:
                group.reserved = rng.choice((b"\1\0", b"\0\1", b"\0\x80"))
            case 6:
                group.lengths[i] = self._number(len(group.chunks[i]), 4) if group.chunks else 0
            case 7:
                group.crcs[i] = self._number(0, 4)
            case 8:
                payload.body = self.plain(payload.pack()[1])
                payload.dir_len = len(group.directory())
            case 9:
                self._chunks(group)
            case 10:
                group.filling = 1 << rng.randrange(8)
            case 11:
                group.crc_width = rng.choice((1, 1, 2, 2, 4, 4, rng.randrange(256)))
            case _:
                self._runs(group)

    def _chunks(self, group: Group) -> None:
        """Chunks in another number, or of other lengths, all that goes with them in order."""
        rng = self._rng
        borders = (255, 256, 1023, 1024, 4095, 4096, 65_535, 65_536)
        length = rng.choice((0, 1, 2, 9, rng.choice(borders), rng.randrange(300)))
        if rng.random() < 0.5 or not group.chunks:
            group.chunks.append(bytes(length))
            group.runs = group.runs or [[0, 0]]
            group.runs[-1][1] = (group.runs[-1][1] + 1) % 2**32
        else:
            group.chunks[rng.randrange(len(group.chunks))] = bytes(length)
        group.width = rng.choice((group.width, group.smallest_width()))

    def _runs(self, group: Group) -> None:
        rng, runs = self._rng, group.runs
        if not runs:
            return
        run = rng.choice(runs)
        match rng.randrange(6):
            case 0:
                run[0] = self._number(run[0], 4)
            case 1:
                run[1] = self._number(run[1], 4)
            case 2:  # another place, far or near
                run[0] = rng.choice(
                    (2**20 - run[1] % 2**20, rng.randrange(2**20), rng.randrange(9))
                )
            case 3:
                runs.append([rng.randrange(20), rng.randrange(4)])
            case 4:
                runs.remove(run)
            case _:  # cut a run in two, with or without a hole
                count = rng.randint(0, min(run[1], 9))
                runs.insert(runs.index(run), [run[0], count])
                run[0] = (run[0] + count + rng.randrange(2)) % 2**32
                run[1] -= count

    # --- numbers and bytes

    def _number(self, good: int, width: int) -> int:
        """One near `good`, near a limit, or any."""
        rng = self._rng
        near = rng.choice((-1, 0, 1))
        value = rng.choice(
            (
                good + rng.choice((-2, -1, 1, 2, 256)),
                good ^ 1 << rng.randrange(8 * width),
                rng.choice(BORDERS),
                (1 << rng.choice(POWERS[width])) + near,
                -(1 << rng.choice(POWERS[width])) + near,
                rng.getrandbits(8 * width),
            )
        )
        return value % (1 << 8 * width)

    def _flip(self, data: bytes) -> bytes:
        at = self._rng.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << self._rng.randrange(8)]) + data[at + 1 :]

    def plain(self, data: bytes) -> bytes:
        """Flip, insert, delete, cut short, go on too long, or splice another file in."""
        rng = self._rng
        at = rng.randint(0, len(data))
        end = min(len(data), at + rng.randint(1, 8))
        match rng.randrange(6):
            case 0 | 1 if data:
                return self._flip(data)
            case 2:
                return data[:at] + rng.randbytes(rng.randint(1, 8)) + data[at:]
            case 3:
                return data[:at] + data[end:]
            case 4:
                return rng.choice((data[:at], data + rng.randbytes(rng.randint(1, 8))))
            case _:
                other = rng.choice(self._seeds)
                return data[:at] + other[at : at + rng.randint(1, 64)] + data[end:]
