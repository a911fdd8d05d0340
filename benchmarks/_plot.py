"""Quality against rate as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lgcodec.storage import replacing

__all__ = ["plot"]

RatePoint = tuple[float, float]


def plot(
    path: Path, title: str, unit: str, curves: Mapping[str, Sequence[RatePoint]], ours: set[str]
) -> None:
    """Write a PNG of `curves`, name -> (rate, dB) each; those of `ours` are drawn thick."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5.5), layout="constrained")
    for name, points in curves.items():
        style = {"linewidth": 2.2, "marker": "o"} if name in ours else {"linewidth": 1.0}
        axes.plot(*zip(*points, strict=True), label=name, markersize=4, **style)
    axes.set(title=title, xlabel=unit, ylabel="PSNR, dB", xscale="log")
    axes.grid(visible=True, which="both", linewidth=0.3)
    axes.legend(fontsize=8)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=110, metadata={"Software": None})
    pyplot.close(figure)
