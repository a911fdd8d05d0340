"""Every harness of tests/fuzz under atheris, one after another: runs, findings, outcomes.

Inputs that reached something new, findings and counts stay in out/fuzz/. Exits 1 if there is a
finding. `make fuzz MINUTES=30` installs atheris and runs it.
"""

import json
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from benchmarks.common import Table, parser
from lgcodec.format.layout import ERROR_CODES
from tests.fuzz.harnesses import HARNESSES

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "out" / "fuzz"


def main() -> None:
    """Run the harnesses and write results/fuzz.txt."""
    options = parser(__doc__)
    options.add_argument("--minutes", type=float, help="for all harnesses together, 30 if not said")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    minutes = chosen.minutes or (3 if chosen.quick else 30)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    table = Table("Fuzzing", ("harness", "runs", "runs/s", "findings", "codes", "accepted"))
    reached: Counter[str] = Counter()
    findings = total = 0
    for name in HARNESSES:
        start = time.monotonic()
        runs, found = _campaign(name, 60 * minutes / len(HARNESSES), chosen.seed)
        outcomes = Counter(json.loads((FOLDER / f"{name}.json").read_text()))
        speed = runs / (time.monotonic() - start)
        table.add(name, runs, round(speed), found, len(outcomes.keys() - {"ok"}), outcomes["ok"])
        reached += outcomes
        findings, total = findings + found, total + runs
    _conclude(table, total, findings, reached)
    if not chosen.no_write:
        table.write("fuzz")
    sys.exit(bool(findings))


def _campaign(name: str, seconds: float, seed: int) -> tuple[int, int]:
    """Runs and findings of one harness; what the fuzzer said is in out/fuzz/NAME.log."""
    log = FOLDER / f"{name}.log"
    words = ["-m", "fuzz.campaign", name, str(FOLDER)]
    words += ["--seconds", str(round(seconds)), "--seed", str(seed)]
    with log.open("w") as told:
        subprocess.run(
            [sys.executable, *words], cwd=ROOT / "tests", stdout=told, stderr=told, check=False
        )
    done = re.search(r"stat::number_of_executed_units: (\d+)", log.read_text())
    found = len(list((FOLDER / name / "findings").glob("*")))
    if done is None and not found:
        raise SystemExit(f"the harness {name} did not end as it must, see {log}")
    return int(done[1]) if done else 0, found


def _conclude(table: Table, total: int, findings: int, reached: Counter[str]) -> None:
    codes = sorted(reached.keys() - {"ok"})
    table.note(f"runs                  {total}")
    table.note(f"findings              {findings}")
    table.note(f"distinct error codes  {len(codes)} of {len(ERROR_CODES)}")
    missing = sorted(set(ERROR_CODES) - set(codes))
    table.note(f"not reached           {', '.join(missing) or 'none'}")
    table.note("")
    for code in codes:
        table.note(f"{code:<20}  {reached[code]}")
    table.note("")
    table.note(f"one process at a time, 5 s and 1 GiB for each input; atheris {version('atheris')}")


if __name__ == "__main__":
    main()
