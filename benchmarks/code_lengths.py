"""How near are coded weights to the ideal of their tables, and what would zstandard make of them?

Files of networks of coordinates, fitted for a rate: a network for every 64x64 pixels, a single one,
networks of a sound; and the shipped video. Bytes are of all chunks, see `_code_lengths`; what is
over the ideal of the tables, zstd and solid zstd in per cent of it: zstandard gets the same
integers, level 19. With --data: pictures of Kodak and a sound from there.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from benchmarks._code_lengths import code_lengths
from benchmarks.common import SAMPLES, Table, parser
from lgcodec import EncodeOptions, read
from lgcodec._encode import encode_signals
from lgcodec.fit.options import Preset

Case = tuple[str, Path, dict[str, Any]]  # what it is called, what is encoded, options
TILES = {"arrangement": "per-partition", "partition_size": (64, 64)}


def main() -> None:
    """Encode and write results/code-lengths.txt."""
    options = parser(__doc__)
    options.add_argument("--preset", choices=get_args(Preset), default="fast")
    asked = options.parse_args()
    columns = ("file", "weights", "bits/weight", "coded", "over ideal", "zstd", "solid zstd")
    table = Table(
        f"Coded weights against the ideal of their tables; preset {asked.preset}", columns
    )
    for name, path, given in _cases(asked.data):
        made = EncodeOptions(preset=asked.preset, family="siren", **given)
        data, report = encode_signals(read(path)[:1], made)
        _row(table, name, data, report.streams[0].plan.params_local)
    _row(table, "bunny-siren.lgi", (SAMPLES / "bunny-siren.lgi").read_bytes(), None)
    if not asked.no_write:
        table.write("code-lengths")


def _cases(data: Path | None) -> Iterator[Case]:
    pictures = [SAMPLES / "cat.png"]
    if data is not None:
        pictures = [data / f"kodak/kodim{number:02}.png" for number in (5, 15, 23)]
    for path in pictures:
        yield f"{path.name}, 64x64 pixels", path, {**TILES, "bpp": 0.3}
        yield f"{path.name}, one network", path, {"arrangement": "single", "bpp": 0.15}
    sound = SAMPLES / "speech.wav" if data is None else data / "audio/gt_bach.wav"
    yield sound.name, sound, {"kbps": 32}


def _row(table: Table, name: str, data: bytes, weights: int | None) -> None:
    found = code_lengths(data)
    others = (found.coded, found.zstd, found.solid)
    table.add(
        name,
        weights or "",
        8 * found.coded / weights if weights else "",
        found.coded,
        *(f"{100 * (size / found.ideal - 1):+.2f} %" for size in others),
    )


if __name__ == "__main__":
    main()
