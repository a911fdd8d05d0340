"""Descent on symbols: what one band makes of a tile is what synthesis makes of it alone.

And it descends, also where pictures move: in the price that symbols are chosen by.
"""

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from fit.builders import film, steady
from lgcodec.coding.base import Symbols
from lgcodec.coding.context import ENTROPY, Context
from lgcodec.coding.pyramid import Pyramid
from lgcodec.fit import descent
from lgcodec.fit.curvature import error_weights
from lgcodec.fit.entropy import costs
from lgcodec.fit.rounding import LAMBDA, dead_zone
from lgcodec.nets.lifting import analyse, synthesise
from lgcodec.nets.norms import norms

STEP = 1 / 16  # of all bands, network units


@pytest.mark.parametrize(
    "velocity",
    [None, (0.0, 0.125), (0.5, -0.25), (1.0, 3.0)],
    ids=["still", "slow", "half", "fast"],
)
def test_it_descends(velocity: tuple[float, float] | None) -> None:
    """Squared steps of error and the price of bits, classes as they are: less than at first."""
    pyramid = Pyramid((9, 20, 26), (3, 2, 2), 1, 1, 0 if velocity is None else 8)
    samples = torch.from_numpy(film(pyramid.tile, velocity or (0, 0), seed=1)[None, None]).float()
    displaced = None if velocity is None else steady(pyramid, velocity)
    weights = None if displaced is None else error_weights(pyramid, displaced)
    scales = [STEP / norm[None] for norm in norms(pyramid)]
    bands, low = analyse(samples, pyramid, displaced)
    symbols: Sequence[Symbols] = [
        dead_zone((band / scale).flatten(1).numpy())
        for band, scale in zip(bands, scales, strict=True)
    ]
    coder = Context(pyramid)
    coder = coder.for_locals(pyramid.tensors(), {ENTROPY: np.zeros(coder.network_size, np.float32)})
    classes = coder.classes(symbols)

    def error() -> torch.Tensor:
        pairs = zip(symbols, scales, strict=True)
        parts = [torch.from_numpy(s).float().view(1, *scale.shape) * scale for s, scale in pairs]
        return synthesise(parts, low, pyramid, displaced) - samples

    def price() -> float:
        pairs = zip(classes, symbols, strict=True)
        bits = sum(costs(c, np.abs(s).astype(np.float32)).sum() for c, s in pairs)
        return float(error().square().sum() / STEP**2 + LAMBDA * bits)

    prices = [price()]
    for _ in range(2):
        symbols = descent.descend(
            pyramid,
            scales,
            error(),
            torch.ones(1, *pyramid.tile),
            symbols=symbols,
            classes=classes,
            odds=[np.zeros(s.shape, np.int64) for s in symbols],
            displaced=displaced,
            weights=weights,
        )
        prices.append(price())
    assert prices[1] < prices[0]
    assert prices[2] < prices[0]
