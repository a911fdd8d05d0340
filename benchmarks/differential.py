"""Both readers over mutated files: lgcodec, and the one written from the specification alone.

Nine of ten files have sizes and checksums that fit their defect, so that the check in question is
reached, and no two of a run are the same. The verdicts, accepted or an error code, are compared; an
accepted file is also written again. Exits 1 if the readers disagree about any file. Counts stay in
out/, so that a long comparison can be made in pieces, each with a seed of its own.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.common import Table, parser
from tests.second_reader.mutator import Mutator
from tests.second_reader.reader import SecondReader, verdict
from tests.second_reader.seeds import seeds

BATCH = 2000
SHOWN = 10
COUNTS = Path(__file__).resolve().parent.parent / "out" / "differential.json"


def main() -> None:
    """Run the comparison and write results/differential.txt."""
    options = parser(__doc__)
    options.add_argument("--count", type=int, help="files, 300000 if not said")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--sanitize", action="store_true", help="stop at undefined behaviour in C")
    options.add_argument("--more", action="store_true", help="add to the counts of the last runs")
    chosen = options.parse_args()
    count = chosen.count or (10_000 if chosen.quick else 300_000)
    found: dict[str, Any] = {"verdicts": {}, "disagreements": [], "seeds": []}
    if chosen.more:
        found = json.loads(COUNTS.read_text())
    verdicts, disagreements = Counter(found["verdicts"]), found["disagreements"]
    with TemporaryDirectory() as folder:
        reader = SecondReader(Path(folder), sanitize=chosen.sanitize)
        for files in _batches(Mutator(seeds(), chosen.seed), count):
            _compare(reader, files, verdicts, disagreements)
    runs = [*found["seeds"], chosen.seed]
    COUNTS.parent.mkdir(exist_ok=True)
    left = {"verdicts": verdicts, "disagreements": disagreements, "seeds": runs}
    COUNTS.write_text(json.dumps(left))
    table = _table(verdicts, disagreements, runs)
    if not chosen.no_write:
        table.write("differential")
    sys.exit(bool(disagreements))


def _compare(
    reader: SecondReader, files: list[bytes], verdicts: Counter[str], disagreements: list[str]
) -> None:
    for data, theirs in zip(files, reader.verdicts(files), strict=True):
        ours = verdict(data)
        verdicts[ours] += 1
        if ours != theirs:
            disagreements.append(f"{ours} here, {theirs} there: {data.hex()}")
    print(f"{verdicts.total()} files, {len(disagreements)} disagreements", file=sys.stderr)


def _table(verdicts: Counter[str], disagreements: list[str], runs: list[int]) -> Table:
    table = Table("Two readers over mutated files", ("verdict", "files"))
    for name, files in verdicts.most_common():
        table.add(name, files)
    table.note(f"files                 {verdicts.total()}")
    table.note(f"seeds                 {', '.join(map(str, runs))}")
    table.note(f"accepted              {verdicts['ok']}")
    table.note(f"distinct error codes  {len(verdicts.keys() - {'ok', 'not canonical'})}")
    table.note(f"disagreements         {len(disagreements)}")
    for line in disagreements[:SHOWN]:
        table.note(line)
    return table


def _batches(mutator: Mutator, count: int) -> Iterator[list[bytes]]:
    seen: set[int] = set()
    for start in range(0, count, BATCH):
        files: list[bytes] = []
        while len(files) < min(BATCH, count - start):
            data = mutator.file()
            if hash(data) not in seen:
                seen.add(hash(data))
                files.append(data)
        yield files


if __name__ == "__main__":
    main()
