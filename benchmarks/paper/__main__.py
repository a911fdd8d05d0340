"""Tables and figures of the paper beside ours: python -m benchmarks.paper table1 --data DIR.

Each is written to results/paper-NAME.txt, with --quick to paper-NAME-quick.txt, and figures to a
picture beside it. What is fitted once is kept in out/paper.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.common import RESULTS, Table, parser
from benchmarks.paper._counts import COUNTS, counts
from benchmarks.paper._cropping import figure1
from benchmarks.paper._downstream import table14, table15
from benchmarks.paper._experiment import tabulate
from benchmarks.paper._extending import figure7, figure13
from benchmarks.paper._plots import reliefs
from benchmarks.paper._tables import TABLES
from benchmarks.volumes import first_shape, shapes

Make = Callable[..., Table]  # data, *, quick, plot


def _fits(name: str, data: Path | None, *, quick: bool, plot: Path | None) -> Table:  # noqa: ARG001
    found = TABLES[name]
    return tabulate(found.title, found.measures, found.experiments, data, quick=quick)


def _counts(name: str, data: Path | None, *, quick: bool, plot: Path | None) -> Table:  # noqa: ARG001
    return counts(name)


def _shapes(data: Path | None, *, quick: bool, plot: Path | None) -> Table:
    if plot is not None:
        reliefs(plot, first_shape(data, quick=quick))
    return shapes(data, quick=quick)


MAKERS: Final[Mapping[str, Make]] = {
    **{name: partial(_fits, name) for name in TABLES},
    **{name: partial(_counts, name) for name in COUNTS},
    "table14": table14,
    "table15": table15,
    "figure1": figure1,
    "figure7": figure7,
    "figure11": _shapes,
    "figure13": figure13,
}


def main() -> None:
    """Make what is asked for."""
    options = parser(__doc__)
    options.add_argument("names", nargs="*", choices=[[], *MAKERS], metavar="NAME")
    options.add_argument("--list", action="store_true", help="print all names")
    given = options.parse_args()
    if given.list or not given.names:
        print(" ".join(MAKERS))
    for name in given.names:
        path = f"paper-{name}{'-quick' if given.quick else ''}"
        plot = None if given.no_write else RESULTS / f"{path}.png"
        found = MAKERS[name](given.data, quick=given.quick, plot=plot)
        if not given.no_write:
            found.write(path)


if __name__ == "__main__":
    main()
