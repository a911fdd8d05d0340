"""A decoder of chunks in plain Python, written from spec/codings/ and nothing else."""

from struct import unpack


def frequencies(table: bytes) -> dict[int, int]:
    """Frequency of every symbol, in their order."""
    least, most, middle, slope, bend = unpack("<hhhHH", table)
    weight, ratio, w = 2**30, slope, []
    for _ in range(max(most - middle, middle - least) + 1):
        w.append(weight)
        weight, ratio = weight * ratio // 2**16, ratio * bend // 2**16
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
