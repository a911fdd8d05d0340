"""Quality against rate as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks._curves import Group
from lgcodec.storage import replacing

__all__ = ["plot"]

RatePoint = tuple[float, float]
STYLES: Final[Mapping[Group, dict[str, Any]]] = {
    "rivals": {"linewidth": 1.0},
    "tiles": {"linewidth": 1.0, "linestyle": "--"},
    "lgcodec": {"linewidth": 2.2, "marker": "o"},
}


def plot(
    path: Path,
    title: str,
    unit: str,
    curves: Mapping[str, Sequence[RatePoint]],
    groups: Mapping[str, Group],
) -> None:
    """Write a PNG of `curves`, name -> (rate, dB) each, in the style of their groups."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5.5), layout="constrained")
    axes.set_prop_cycle(color=mpl.color_sequences["tab20"])
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), label=name, markersize=4, **STYLES[groups[name]])
    axes.set(title=title, xlabel=unit, ylabel="PSNR, dB", xscale="log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.grid(visible=True, which="both", linewidth=0.3)
    axes.legend(fontsize=8)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=110, metadata={"Software": None})
    pyplot.close(figure)
