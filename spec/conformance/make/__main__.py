"""`python -m spec.conformance.make`: write the suite; with --check only compare it."""

import sys
from pathlib import Path

from .manifest import suite

FOLDER = Path(__file__).resolve().parents[1]
KINDS = ("valid", "invalid", "recover")


def main() -> None:
    """Write every file, and delete those that are no longer made."""
    made = suite()
    there = {str(path.relative_to(FOLDER)) for kind in KINDS for path in (FOLDER / kind).glob("*")}
    if "--check" in sys.argv[1:]:
        sys.exit(_difference(made, there))
    for name in there - set(made):
        (FOLDER / name).unlink()
    for name, data in made.items():
        (FOLDER / name).parent.mkdir(exist_ok=True)
        (FOLDER / name).write_bytes(data)
    print(f"{len(made)} files, {sum(map(len, made.values())):,} bytes")


def _difference(made: dict[str, bytes], there: set[str]) -> str | None:
    changed = sorted(
        name
        for name in there | set(made)
        if not (FOLDER / name).is_file() or (FOLDER / name).read_bytes() != made.get(name)
    )
    return f"not as they are made: {', '.join(changed)}" if changed else None


if __name__ == "__main__":
    main()
