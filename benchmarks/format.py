"""The container: crop of a large file, regions over HTTP, and the bytes that are not weights.

The large file has 64 groups of 320 partitions and 1 GB (--quick: 100 MB); it is made in a temporary
folder. Times are of files that the system holds in memory; a copy and a crop both end when the new
file is on the disk. Crops run in processes of their own, whose peak memory is measured.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.common import SAMPLES, Table, parser
from benchmarks.serving import serving
from benchmarks.synthetic import write_video
from lgcodec._ranges import parse_range, resolve
from lgcodec.format.container import FileSource, Reader
from lgcodec.remote import open_reader, traffic_of

GROUPS = 64
PAPER = (1, 111_440, (9_628, 9_628))  # Table 6: 8-bit weights of one global and 320 local networks
QUARTER = {"y": "2:6", "x": "2:6"}
ONE = {"t": "7", "y": "3", "x": "3"}
ROUNDS = 5

CROP = """
import json, sys, time
from lgcodec._crop import crop, parse_range
selection = {name: parse_range(text) for name, text in json.loads(sys.argv[3]).items()}
started = time.perf_counter()
report = crop(sys.argv[1], sys.argv[2], selection)
seconds = time.perf_counter() - started
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([seconds, int(peak), report.bytes_after]))
"""


def main() -> None:
    """Measure and write results/format-*.txt."""
    asked = parser(__doc__).parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        mean = 5_000 if asked.quick else 50_000
        large, paper = (folder / f"{n}.lgi" for n in ("large", "paper"))
        write_video(large, GROUPS, 2 * mean, (mean * 4 // 5, mean * 6 // 5))
        write_video(paper, *PAPER)
        shipped = {f"samples/{path.name}": path for path in sorted(SAMPLES.glob("*.lgi"))}
        tables = {
            "format-crop": _crops(large),
            "format-remote": _regions({"large file": large, "paper's video": paper}),
            "format-overhead": _overheads({**shipped, "paper's video": paper}),
        }
    for title, table in tables.items():
        if not asked.no_write:
            table.write(title)


def _crops(large: Path) -> Table:
    size = large.stat().st_size
    table = Table(
        f"Crop of a file of {size:,} bytes, 64 groups x 320 partitions: median of {ROUNDS}",
        ("kept", "bytes", "crop ms", "copy ms", "ratio", "peak MiB"),
    )
    target = large.with_name("out.lgi")
    for title, selection in (("a quarter", QUARTER), ("one partition", ONE)):
        rounds = []
        for _ in range(ROUNDS):
            seconds, peak, kept = _crop(large, target, selection)
            rounds.append((seconds, _copy(large, target, kept), peak))
        crop, copy, peak = (median(column) for column in zip(*rounds, strict=True))
        table.add(title, f"{kept:,}", 1000 * crop, 1000 * copy, crop / copy, peak / 1024)
    return table


def _crop(source: Path, target: Path, selection: dict[str, str]) -> tuple[float, int, int]:
    """Seconds, peak memory in KiB, bytes of the new file."""
    target.unlink(missing_ok=True)
    command = [sys.executable, "-c", CROP, str(source), str(target), json.dumps(selection)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, peak, kept = json.loads(done.stdout)
    return seconds, peak, kept


def _copy(source: Path, target: Path, size: int) -> float:
    """Seconds of copying `size` bytes of `source` in blocks of 1 MiB, to the disk."""
    target.unlink(missing_ok=True)
    started = perf_counter()
    with source.open("rb") as old, target.open("wb") as new:
        for at in range(0, size, 2**20):
            new.write(old.read(min(2**20, size - at)))
        new.flush()
        os.fsync(new.fileno())
    return perf_counter() - started


def _regions(files: dict[str, Path]) -> Table:
    table = Table(
        "Chunks of a region over HTTP: 2 x 2 columns of tiles, all times of one group",
        ("file", "bytes", "round trips", "requests", "moved", "needed", "moved / needed"),
    )
    for title, path in files.items():
        with serving(path) as url, open_reader(url) as reader:
            main = reader.streams[0]
            times = main.geometry.axes[0]
            last = f"{times.tiles * (times.groups - 1)}:"
            texts = {"t": last, "y": "3:5", "x": "3:5"}
            selection = {name: parse_range(text) for name, text in texts.items()}
            wanted = main.touching(resolve(main.geometry, selection))
            main.announce(wanted)
            for ordinal, ids in wanted.items():
                main.read_global(ordinal)
                main.read_locals(ordinal, ids)
            traffic, needed = traffic_of(reader), reader.bytes_read
            assert traffic is not None
            moved = traffic.bytes_moved
            trips = traffic.round_trips, traffic.requests
            table.add(
                title, f"{reader.file_size:,}", *trips, f"{moved:,}", f"{needed:,}", moved / needed
            )
    return table


def _overheads(files: dict[str, Path]) -> Table:
    table = Table(
        "Bytes of the container: all that is not a global or local chunk",
        ("file", "bytes", "partitions", "container", "per cent", "per partition"),
    )
    for title, path in files.items():
        with Reader(FileSource(path)) as reader:
            groups = [group for stream in reader.streams for group in stream.groups.values()]
            chunks = sum(group.ends[-1] for group in groups)
            count = sum(len(group.ids) for group in groups)
            rest = reader.file_size - chunks
            share = 100 * rest / reader.file_size
            table.add(title, f"{reader.file_size:,}", count, f"{rest:,}", share, rest / count)
    return table


if __name__ == "__main__":
    main()
