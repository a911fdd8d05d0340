"""Curves and shapes as pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lgcodec.storage import replacing

__all__ = ["lines", "reliefs"]

Points = Sequence[tuple[float, float]]


def lines(
    path: Path, labels: tuple[str, str], curves: Mapping[str, Points], *, logarithmic: bool = False
) -> None:
    """Write a PNG of `curves`; `labels` are those of the axes, x first."""
    figure, axes = _pyplot().subplots(figsize=(6, 4), layout="constrained")
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), label=name, marker=".", markersize=4)
    axes.set(xlabel=labels[0], ylabel=labels[1], yscale="log" if logarithmic else "linear")
    axes.grid(visible=True, which="both", linewidth=0.3)
    axes.legend(fontsize=8)
    _save(figure, path)


def reliefs(path: Path, shapes: Mapping[str, NDArray[np.bool_]]) -> None:
    """Write a PNG of occupancies [z, y, x], seen against x: the nearer, the lighter."""
    size = 2.4 * len(shapes), 4.4
    figure, places = _pyplot().subplots(1, len(shapes), figsize=size, layout="constrained")
    for (name, shape), place in zip(shapes.items(), places, strict=True):
        seen = shape[:, :, ::-1]
        depth = np.where(seen.any(2), seen.argmax(2), seen.shape[2])
        place.imshow(depth.T[::-1], cmap="gray_r", vmin=0, vmax=seen.shape[2])
        place.set_title(name, fontsize=8)
        place.axis("off")
    _save(figure, path)


def _pyplot() -> Any:
    """matplotlib, which needs no screen."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    return pyplot


def _save(figure: Any, path: Path) -> None:
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110, metadata={"Software": None})
    _pyplot().close(figure)
