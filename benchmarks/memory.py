"""Peak memory of encoding a long clip with the paper's video configuration (Table 6, section 4.3).

Runs `lgi encode` as a process of its own on video/cockatoo_512.mp4 of --data (512x512, 280
frames): 5x8x8 partitions, widths 55 and 180, 3.19 million parameters. Memory does not depend on the
number of steps, so a few are enough; the whole clip is decoded at the end, as always.
"""

import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.common import Table, parser

LIMIT = 2 * 2**30
CONFIGURATION = ("--partitions", "5,8,8", "--local-width", "55", "--global-width", "180")


def main() -> None:
    """Encode and write results/memory.txt."""
    asked = parser(__doc__).parse_args()
    if asked.data is None:
        raise SystemExit("--data is needed: the folder that holds video/cockatoo_512.mp4")
    steps = 3 if asked.quick else 30
    table = Table(
        "Peak memory of lgi encode, 512x512x280 video, paper's configuration (3.19 M parameters)",
        ("steps", "peak MiB", "limit MiB", "seconds", "bytes"),
    )
    with TemporaryDirectory() as folder:
        target = Path(folder) / "out.lgi"
        started = perf_counter()
        source = asked.data / "video/cockatoo_512.mp4"
        lgi = Path(sys.executable).with_name("lgi")
        command = [lgi, "encode", source, target, *CONFIGURATION, "--iters", str(steps), "--quiet"]
        subprocess.run(command, check=True)
        seconds, size = perf_counter() - started, target.stat().st_size
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    table.add(steps, peak / 2**20, LIMIT / 2**20, seconds, size)
    if not asked.no_write:
        table.write("memory")
    if peak > LIMIT:
        raise SystemExit("more than 2 GiB")


if __name__ == "__main__":
    main()
