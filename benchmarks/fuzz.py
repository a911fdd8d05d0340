"""Every harness of tests/fuzz under atheris, one after another: runs, findings, outcomes.

Inputs that reached something new, findings and counts stay in out/fuzz/. Exits 1 if there is a
finding. `make fuzz MINUTES=30` installs atheris and runs it.
"""

import json
import re
import shutil
import subprocess
import sys
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
    options.add_argument(
        "--more", action="store_true", help="go on with the inputs and counts of out/fuzz"
    )
    chosen = options.parse_args()
    minutes = chosen.minutes or (3 if chosen.quick else 30)
    if not chosen.more:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    table = Table("Fuzzing", ("harness", "runs", "findings", "codes", "accepted"))
    reached: Counter[str] = Counter()
    findings = total = 0
    for name in HARNESSES:
        runs, found = _campaign(name, 60 * minutes / len(HARNESSES), chosen.seed)
        outcomes = sum(map(_counted, FOLDER.glob(f"{name}-*.json")), Counter[str]())
        table.add(name, runs, found, len(outcomes.keys() - {"ok"}), outcomes["ok"])
        reached += outcomes
        findings, total = findings + found, total + runs
    _conclude(table, total, findings, reached)
    if not chosen.no_write:
        table.write("fuzz")
    sys.exit(bool(findings))


def _campaign(name: str, seconds: float, seed: int) -> tuple[int, int]:
    """Runs and findings of one harness so far; what the fuzzer said is in out/fuzz/NAME.log."""
    log = FOLDER / f"{name}.log"
    words = ["-m", "fuzz.campaign", name, str(FOLDER)]
    words += ["--seconds", str(round(seconds)), "--seed", str(seed)]
    with log.open("a") as told:
        subprocess.run(
            [sys.executable, *words], cwd=ROOT / "tests", stdout=told, stderr=told, check=False
        )
    done = re.findall(r"stat::number_of_executed_units: (\d+)", log.read_text())
    found = len(list((FOLDER / name / "findings").glob("*")))
    if not done and not found:
        raise SystemExit(f"the harness {name} did not end as it must, see {log}")
    return sum(map(int, done)), found


def _counted(path: Path) -> Counter[str]:
    return Counter(json.loads(path.read_text()))


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
    table.note(f"5 s of computing and 1 GiB for each input; atheris {version('atheris')}")


if __name__ == "__main__":
    main()
