"""One harness under atheris for some time; run in tests/ as `python -m fuzz.campaign HARNESS ...`.

Coverage of lgcodec guides it, the mutator of `mutators.py` gets it past lengths and checksums. A
finding ends it with a status other than 0, and the input lies in the folder of the findings: once
its cause is gone, it goes into the corpus. What ran is counted in FOLDER/HARNESS-SEED.json.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from time import process_time
from typing import NoReturn

import atheris

# atheris 3.0.0 leaks the result of every comparison of arrays, of which rANS makes thousands.
with atheris.instrument_imports(include=["lgcodec"], exclude=["lgcodec.coding.rans"]):
    from .harnesses import HARNESSES
from .limits import memory
from .mutators import mutated
from .seeds import folders, seeds

LONGEST = 8192  # bytes of an input
SECONDS = 5  # of computing for one input
HANGS = 60  # seconds by the clock, which also count what the machine does for others
RSS = 1024  # MiB
ALLOCATED = 2**30  # bytes beside what the process has at the start
COUNTED = 200  # runs between two looks at the clock


def main() -> NoReturn:
    """Never returns: the fuzzer ends the process."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("harness", choices=HARNESSES)
    options.add_argument("folder", type=Path, help="inputs, findings and counts go there")
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    inputs, findings = (chosen.folder / chosen.harness / name for name in ("inputs", "findings"))
    for folder in (inputs, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds(chosen.harness)):
        (inputs / f"seed-{number}").write_bytes(data)
    flags = {
        "max_total_time": chosen.seconds,
        "seed": chosen.seed,
        "timeout": HANGS,
        "rss_limit_mb": RSS,
        "max_len": LONGEST,
        "artifact_prefix": f"{findings}/",
        "print_final_stats": 1,
    }
    atheris.Setup(
        [
            "fuzz",
            *(f"-{name}={value}" for name, value in flags.items()),
            *map(str, (inputs, *folders(chosen.harness))),
        ],
        _counting(chosen.harness, chosen.folder / f"{chosen.harness}-{chosen.seed}.json"),
        custom_mutator=_mutator(chosen.harness),
    )
    with memory(ALLOCATED):
        atheris.Fuzz()
    sys.exit()


def _counting(name: str, path: Path) -> Callable[[bytes], None]:
    """The harness, and how often it had which outcome."""
    outcomes: Counter[str] = Counter()
    harness = HARNESSES[name]

    def run(data: bytes) -> None:
        start = process_time()
        outcomes[harness(data)] += 1
        if process_time() - start > SECONDS:
            raise TimeoutError(f"{SECONDS} seconds for one input")
        if outcomes.total() % COUNTED == 0:
            path.write_text(json.dumps(outcomes))

    return run


def _mutator(name: str) -> Callable[[bytes, int, int], bytes]:
    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        rng = Random(seed)
        if rng.random() < 0.1:  # what the fuzzer learns from comparisons
            return atheris.Mutate(data, longest)
        if rng.random() < 0.4:  # most of what gives coverage is refused, and stays so
            data = rng.choice(seeds(name))
        return mutated(name, data, rng)[:longest]

    return mutate


if __name__ == "__main__":
    main()
