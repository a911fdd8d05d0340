"""Well-known names: wherever CONF has a key or a name, a number stands for each of these.

Spelled out they took 115 of the 195 bytes that CONF had in a picture of latents, files of which
can be as small as 7 kB.
"""

from collections.abc import Mapping
from typing import Any, Final

from lgcodec.errors import UsageError
from lgcodec.format.checks import require

__all__ = ["NAMES", "name_of", "named", "number_of", "numbered"]

# The list of spec/lgi-1.md. Below 24 a number takes one byte, so small files have the first places.
NAMES: Final = (
    *("family", "quantiser", "coder", "local", "global", "values", "fill"),
    *("latent", "integer", "context", "tile", "levels", "channels"),
    *("latents", "entropy", "steps", "coarse", "angles"),
    *(f"{layer}.{tensor}" for layer in range(8) for tensor in "wb"),
    *("merge.w", "merge.b", "modulators"),
    *("siren", "incode", "relu-pe", "uniform", "float", "rans", "raw", "zstd"),
    *("ranges", "tile_range", "merge", "w0", "octaves", "bits", "ahead", "motion"),
    *("scaled", "differences", "dependent"),
)
NUMBERS: Final = {name: number for number, name in enumerate(NAMES)}


def number_of(name: str) -> int | str:
    """What stands for `name` in CONF: a number, or the name itself if it is not on the list."""
    return NUMBERS.get(name, name)


def name_of(stored: object) -> str:
    """Undoes `number_of`; UsageError for a listed name spelled out: it would be a second form."""
    if type(stored) is int:
        require(
            0 <= stored < len(NAMES),
            f"number {stored} stands for no name, allowed are 0 to {len(NAMES) - 1}",
        )
        return NAMES[stored]
    if type(stored) is not str:
        raise UsageError(f"name is {stored!r:.80}, expected a text or a number")
    require(
        stored not in NUMBERS, f"name {stored!r} is spelled out, expected {NUMBERS.get(stored)}"
    )
    return stored


def numbered(item: Mapping[str, Any]) -> dict[int | str, Any]:
    """A map as CONF has it."""
    return {number_of(key): value for key, value in item.items()}


def named(item: object, what: str) -> dict[str, Any]:
    """Undoes `numbered`; UsageError, in which `what` is its name, unless `item` is such a map."""
    if not isinstance(item, dict):
        raise UsageError(f"{what} is {item!r:.80}, expected a map")
    return {name_of(key): value for key, value in item.items()}
