"""Symbols chosen by what they do to the samples, all others as they are.

The wavelet is not orthonormal: what one number leaves out, others can make good. Band after band,
symbol after symbol goes to where the error of the signal's samples and the price of its bits are
least, all others as they are by then (coordinate descent). No tile needs another. Of tiles that are
split ahead, one part after the other: within a part, time counts as orthogonal. Where pictures move
that is far from true at some samples, and a tile whose cost has grown keeps what it had.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lgcodec.coding.base import Symbols
from lgcodec.coding.pyramid import Pyramid
from lgcodec.fit.curvature import for_channels
from lgcodec.fit.entropy import costs
from lgcodec.fit.overlaps import overlaps
from lgcodec.fit.parts import band_of, made_of, motions_of, part_of, tile_of
from lgcodec.fit.rounding import LAMBDA, prices
from lgcodec.nets.norms import norms, norms_ahead

__all__ = ["descend"]

NONE: Final = np.zeros((0, 0), np.float32)


def descend(
    pyramid: Pyramid,
    scales: Sequence[Tensor],
    error: Tensor,
    inside: Tensor,
    *,
    symbols: Sequence[Symbols],
    classes: Sequence[NDArray[np.intp]],
    odds: Sequence[NDArray[np.int64]],
    displaced: Tensor | None = None,
    weights: Sequence[Tensor] | None = None,
) -> list[Symbols]:
    """Better symbols [P, N_k] of every band, for their `classes` and `odds` [P, N_k].

    scales   of every band [C, *band]: what a symbol of 1 stands for
    error    [P, C, *tile]: what `symbols` decode to less what they should
    inside   [P, *tile]: whether a sample counts
    displaced   of tiles that move, as in `nets.motion.displacements`
    weights     as in `curvature.error_weights`, of such tiles
    """
    from lgcodec.fit import descent_loops  # noqa: PLC0415 (numba, only when encoding)

    chosen, counts = list(symbols), inside[:, None]
    plan = list(zip(range(len(chosen)), pyramid.bands, scales, norms(pyramid), strict=True))
    shared, motions = overlaps(pyramid), motions_of(pyramid, displaced)
    for part, lines in groupby(plan, lambda line: line[1].part):
        own = list(lines)
        slopes = part_of(pyramid, part, error * counts, motions)
        counted = counts[:, :, pyramid.pictures(part)] * norms_ahead(pyramid, part).square()
        made = torch.zeros_like(slopes)
        for place, band, scale, norm in own:
            heavy = None if weights is None else weights[place]
            bend = norm**2 if heavy is None else norm**2 * heavy
            slope = (band_of(pyramid, band, slopes) / (scale * bend)).flatten(1).numpy()
            roots = NONE if heavy is None else np.sqrt(for_channels(heavy, scale))
            changed = descent_loops.settle(
                chosen[place] - slope, chosen[place], classes[place], odds[place], roots,
                prices(), shared[place],
            )  # fmt: skip
            change = torch.from_numpy(changed - chosen[place]).float()
            values = made_of(pyramid, band, change.view(-1, *scale.shape) * scale)
            made, slopes = made + values, slopes + values * counted
            chosen[place] = changed
        if pyramid.ahead:
            after = error + tile_of(pyramid, part, made, motions)
            if weights is not None:
                gained = ((error.square() - after.square()) * counts).flatten(1).sum(1)
                bit = LAMBDA * float((scales[own[-1][0]] * own[-1][3]).square().mean())
                more = (_added(classes[p], symbols[p], chosen[p]) for p, *_ in own)
                worse = (gained < bit * sum(more, torch.zeros(()))).view(-1, 1)
                after = torch.where(worse.view(-1, *[1] * (error.ndim - 1)), error, after)
                for place, *_ in own:
                    chosen[place] = np.where(worse.numpy(), symbols[place], chosen[place])
            error = after
    return chosen


def _added(classes: NDArray[np.intp], before: Symbols, after: Symbols) -> Tensor:
    """Bits [P] that symbols [P, N] of a band take more than others."""
    more, fewer = (costs(classes, np.abs(s).astype(np.float32)) for s in (after, before))
    return torch.from_numpy((more - fewer).sum(axis=1))
