"""Curves as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lgcodec.storage import replacing

__all__ = ["lines"]

Points = Sequence[tuple[float, float]]


def lines(
    path: Path, labels: tuple[str, str], curves: Mapping[str, Points], *, logarithmic: bool = False
) -> None:
    """Write a PNG of `curves`; `labels` are those of the axes, x first."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), label=name, marker=".", markersize=4)
    axes.set(xlabel=labels[0], ylabel=labels[1], yscale="log" if logarithmic else "linear")
    axes.grid(visible=True, which="both", linewidth=0.3)
    axes.legend(fontsize=8)
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110, metadata={"Software": None})
    pyplot.close(figure)
