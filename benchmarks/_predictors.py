"""Learning of the networks that predict symbols and of the distributions of magnitudes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi
from typing import Any, Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lgcodec.coding.context import Context
from lgcodec.coding.distributions import CLASSES, EXPECTED, PRECISION
from lgcodec.coding.network import HIDDEN, MAX_WEIGHT
from lgcodec.coding.signs import GAINS, SIGN_HIDDEN
from lgcodec.fit.entropy import Entropy

__all__ = ["Magnitudes", "Signs", "learned_magnitudes", "learned_signs", "measured"]

BATCH: Final = 8192
ONE: Final = 16
RATE: Final = 1e-2
LEAST: Final = 1e-5  # of the learning rate
DECAY: Final = 0.05  # of the weights of signs, which otherwise learn single pictures
MIDDLING: Final = 20.0  # class
SMOOTH: Final = 1.5  # classes over which measured chances are smoothed
MOST_ESCAPES: Final = 128  # of 2**14: the frequency of an escape
PRIOR: Final = 30.0  # symbols of the Laplace distribution that are added to what is measured
MOST_ODDS: Final = len(EXPECTED) / 4


@final
@dataclass(frozen=True)
class Magnitudes:
    """Contexts [N, inputs], magnitudes [N] and what they weigh [N]."""

    features: Tensor
    sizes: Tensor
    counts: Tensor


@final
@dataclass(frozen=True)
class Signs:
    """Of one orientation: contexts [N, inputs]; level, channel, phase [N, 3]; sign; weight."""

    features: Tensor
    place: Tensor
    positive: Tensor
    counts: Tensor


def learned_magnitudes(
    coder: Context, examples: Magnitudes, table: NDArray[np.int64], iterations: int, seed: int
) -> NDArray[np.float32]:
    """The flat integers of a network of magnitudes for the distributions of `table` [64, 5]."""
    entropy = Entropy(coder, _drawn([coder.inputs, HIDDEN, HIDDEN, 1], seed))
    counts = examples.counts / examples.counts.mean()
    entropy.learn(
        examples.features, examples.sizes, counts, iterations, seed, rate=RATE, table=table
    )
    return entropy.integers() + coder.usual


def measured(
    classes: NDArray[np.intp], examples: Magnitudes, start: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Rows [64, 5] of the distributions that magnitudes have in their classes; `most` stays."""
    sizes, counts = examples.sizes.numpy(), examples.counts.numpy().astype(np.float64)
    counts = counts * len(counts) / counts.sum()
    zero, one, ratio = (start[:, i] / 65536 for i in range(3))

    def total(chosen: NDArray[np.bool_], each: NDArray[np.float64] = counts) -> NDArray[Any]:
        sums: NDArray[Any] = np.bincount(classes[chosen], each[chosen], CLASSES)
        return sums

    every = np.ones(len(sizes), np.bool_)
    zero = _share(total(sizes == 0), total(every), zero)
    one = _share(total(sizes == 1), total(sizes > 0), one)
    further = total(sizes > 1, counts * (sizes - 2.0))
    ratio = _share(further, further + total(sizes > 1), ratio)
    fractions = np.stack([zero, one, ratio], axis=1)
    whole = np.clip(np.rint(fractions * 65536), 1, 65535).astype(np.int64)
    escape = _share(total(sizes > start[classes, 3]), total(every), start[:, 4] / 2**PRECISION)
    whole_escape = np.clip(np.rint(escape * 2**PRECISION), 1, MOST_ESCAPES).astype(np.int64)
    return np.concatenate([whole, start[:, 3:4], whole_escape[:, None]], axis=1)


def _share(part: NDArray[np.float64], whole: NDArray[np.float64], before: NDArray[np.float64]
) -> NDArray[np.float64]:  # fmt: skip
    """part / whole of classes, smoothed over neighbours, near `before` where there is little."""
    distance = np.arange(CLASSES)[:, None] - np.arange(CLASSES)
    weights = np.exp(-0.5 * (distance / SMOOTH) ** 2)
    ratio = weights @ (part + PRIOR * before) / (weights @ (whole + PRIOR))
    expected = weights @ ((whole + PRIOR) * before) / (weights @ (whole + PRIOR))
    odds = np.log(ratio / (1 - ratio)) - np.log(
        expected / (1 - expected)
    )  # slope stays that of before
    result: NDArray[np.float64] = 1 / (1 + (1 - before) / before * np.exp(-odds))
    return result


def learned_signs(examples: Signs, axes: int, iterations: int, seed: int) -> Tensor:
    """The flat integers of one orientation's network."""
    torch.manual_seed(seed)
    inputs = examples.features.shape[1]
    units = SIGN_HIDDEN[axes]
    matrix = torch.randn(inputs, units) * 0.1
    second = torch.randn(units, units) * 0.5 / units**0.5
    vector, gains = torch.randn(units) * 0.3, torch.full((GAINS + 2**axes,), 0.33)
    leaves = [matrix, second, vector, gains]
    for leaf in leaves:
        leaf.requires_grad_()
    counts = examples.counts / examples.counts.mean()
    loss_of = torch.nn.functional.binary_cross_entropy_with_logits

    def loss(rows: Tensor) -> Tensor:
        hidden = ((examples.features[rows].float() / ONE) @ _rounded(matrix)).clamp(-1, 1)
        sums = (hidden + hidden @ _rounded(second)).clamp(-1, 1) @ _rounded(vector)
        level, channel, phase = examples.place[rows].unbind(1)
        whole = _rounded(gains)
        gain = whole[level.clamp(max=3)] + whole[4 + channel.clamp(max=2)] + whole[GAINS + phase]
        odds = (sums * gain).clamp(-MOST_ODDS, MOST_ODDS)
        return (loss_of(odds, examples.positive[rows], reduction="none") * counts[rows]).mean()

    _descend(leaves, loss, len(examples.positive), iterations, seed)
    return torch.cat([(v * ONE).round().flatten() for v in leaves]).detach()


def _descend(leaves, loss, total: int, iterations: int, seed: int) -> None:  # type: ignore[no-untyped-def]
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(leaves, lr=RATE, weight_decay=DECAY)
    most = MAX_WEIGHT / ONE
    for iteration in range(iterations):
        rate = RATE * (0.5 + 0.5 * cos(pi * iteration / iterations)) + LEAST
        for group in optimiser.param_groups:
            group["lr"] = rate
        rows = torch.randint(total, (BATCH,), generator=generator)
        optimiser.zero_grad()
        loss(rows).backward()
        optimiser.step()
        with torch.no_grad():
            for leaf in leaves:
                leaf.clamp_(-most, most) if leaf.shape != (1,) else None


def _drawn(widths: Sequence[int], seed: int) -> Tensor:
    """Random weights that say a middling class for every symbol."""
    generator, parts = torch.Generator().manual_seed(seed), []
    for before, after in pairwise(widths):
        matrix = torch.randn(before * after, generator=generator) / before**0.5
        parts += [matrix, torch.zeros(after)]
    parts[-1] += MIDDLING
    return ONE * torch.cat(parts)


def _rounded(values: Tensor) -> Tensor:
    return values + ((values * ONE).round() / ONE - values).detach()
