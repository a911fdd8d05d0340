"""A decoder of chunks in plain Python, written from spec/codings/ and nothing else."""

from itertools import accumulate, cycle
from struct import pack, unpack


def weights_of(table: bytes) -> list[int]:
    """w of every distance from the middle of a table."""
    least, most, middle, slope, bend = unpack("<hhhHH", table)
    weight, ratio, w = 2**30, slope, []
    for _ in range(max(most - middle, middle - least) + 1):
        w.append(weight)
        weight, ratio = weight * ratio // 2**16, ratio * bend // 2**16
    return w


def frequencies(table: bytes) -> dict[int, int]:
    """Frequency of every symbol, in their order."""
    least, most, middle, _, _ = unpack("<hhhHH", table)
    w = weights_of(table)
    symbols = range(least, most + 1)
    total = sum(w[abs(s - middle)] for s in symbols)
    counts = {s: 1 + w[abs(s - middle)] * (2**14 - len(symbols)) // total for s in symbols}
    counts[middle] += 2**14 - sum(counts.values())
    return counts


def decode(tables: list[bytes], sizes: list[int], chunk: bytes) -> list[int]:
    """The symbols of a rANS chunk whose tensors have these tables and sizes, one at a time."""
    owners = [slots(frequencies(table)) for table in tables]
    plan = [owner for owner, size in zip(owners, sizes, strict=True) for _ in range(size)]
    if not sizes:
        assert chunk == b""
        return []
    lanes = max(1, len(plan) // 1024)
    states = list(unpack(f"<{lanes}I", chunk[: 4 * lanes]))
    words = list(unpack(f"<{len(chunk[4 * lanes :]) // 2}H", chunk[4 * lanes :]))
    symbols = []
    for j, owner in enumerate(plan):
        state = states[j % lanes]
        symbol, frequency, start = owner[state % 2**14]
        state = frequency * (state // 2**14) + state % 2**14 - start
        states[j % lanes] = state * 2**16 + words.pop(0) if state < 2**16 else state
        symbols.append(symbol)
    assert words == []
    assert set(states) == {2**16}
    return symbols


def slots(counts: dict[int, int]) -> list[tuple[int, int, int]]:
    """Symbol, its frequency and its first slot, for each of the 2**14 slots."""
    table: list[tuple[int, int, int]] = []
    for symbol, count in counts.items():
        table += [(symbol, count, len(table))] * count
    return table


def shared(weights: dict[int, int]) -> dict[int, int]:
    """Frequencies of values with these weights, in a table of the coder scaled."""
    total = sum(weights.values()) or 1
    counts = {v: 1 + weights[v] * (2**14 - len(weights)) // total for v in weights}
    counts[max(weights, key=lambda v: (weights[v], -v))] += 2**14 - sum(counts.values())
    return counts


def multiples(table: bytes, scale: int) -> dict[int, int]:
    """Frequency of every symbol of a tensor of the coder scaled, in a chunk of this scale."""
    least, most, middle, _, _ = unpack("<hhhHH", table)
    w = weights_of(table)
    symbols = range(-(-8 * least // scale), (8 * most + 7) // scale + 1)
    weights = {v: w[abs(v * scale // 8 - middle)] for v in symbols}
    return shared(weights)


def scale_of(code: int) -> int:
    """The scale that a code stands for."""
    return code if code < 4 else (4 + code % 4) * 2 ** (code // 4 - 1)


def level_of(value: int, second: bool) -> int:
    """What a value stands for in one of the two sets."""
    return 2 * value - second * ((value > 0) - (value < 0))


def dependent(table: bytes, scale: int, second: bool) -> dict[int, int]:
    """Frequency of every value of a tensor in a chunk whose numbers depend on each other."""
    least, most, middle, _, _ = unpack("<hhhHH", table)
    w = weights_of(table)
    values = range(min(4 * least, 0) - 2, max(4 * most, 0) + 9)
    numbers = {v: level_of(v, second) * scale for v in values}
    above = min(v for v in values if numbers[v] >= 8 * least)
    first = min(above, max(v for v in values if numbers[v] <= 8 * least + 7))
    below = max(v for v in values if numbers[v] <= 8 * most + 7)
    last = max(below, min(v for v in values if numbers[v] >= 8 * most))
    symbols = range(first, last + 1)
    weights = {v: w[abs(min(max(numbers[v] // 8, least), most) - middle)] for v in symbols}
    return shared(weights)


def decode_scaled(
    tables: list[bytes],
    sizes: list[int],
    differences: set[int],
    chunk: bytes,
    may_depend: bool = False,
) -> list[list[int]]:
    """The numbers of each tensor of a chunk of the coder scaled."""
    lanes = max(1, (1 + may_depend + sum(sizes)) // 2**15)
    head = 4 * lanes
    if lanes == 1:
        head = len(chunk) if len(chunk) <= 4 else 4 - len(chunk) % 2
    states = [int.from_bytes(chunk[at : min(at + 4, head)], "little") for at in range(0, head, 4)]
    words = list(unpack(f"<{(len(chunk) - head) // 2}H", chunk[head:]))[::-1]
    places = cycle(range(lanes))

    def next_of(owner: list[tuple[int, int, int]]) -> int:
        lane = next(places)
        state = states[lane]
        symbol, frequency, start = owner[state % 2**14]
        state = frequency * (state // 2**14) + state % 2**14 - start
        if state < 2**16 and (lanes > 1 or words):
            state = state * 2**16 + words.pop()
        states[lane] = state
        return symbol

    code = next_of(slots(frequencies(pack("<hhhHH", 1, 31, 16, 65_000, 64_200))))
    scale, path, tensors = scale_of(code), 0, []
    depend = may_depend and next_of(slots(frequencies(pack("<hhhHH", 0, 1, 1, 256, 1))))
    for number, (table, size) in enumerate(zip(tables, sizes, strict=True)):
        if not depend or number in differences:
            owner = slots(multiples(table, scale))
            values = [next_of(owner) * scale for _ in range(size)]
            tensors.append(list(accumulate(values)) if number in differences else values)
            continue
        owners, values = [slots(dependent(table, scale, second)) for second in (False, True)], []
        for _ in range(size):
            second = path // 2
            value = next_of(owners[second])
            values.append(level_of(value, bool(second)) * scale)
            path = 2 * ((path + value) % 2) + second
        tensors.append(values)
    assert words == []
    assert set(states) == {2**16 if lanes > 1 else 0}
    return tensors
