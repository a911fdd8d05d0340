"""Starting values of the latent family's entropy network: lgcodec/fit/start/context-Nd.safetensors.

Pyramids of many signals are rounded at steps from fine to coarse, and one network is trained on all
of their symbols; with it they are rounded again as an encoder does, at the price of their bits, and
the networks of all widths are trained on what comes out. A symbol where all neighbours are 0 tells
little: few of them are kept, for as many as they stand for. Signals of few bits weigh more, so that
all rates count. A tenth of the signals is held back, and the bits of their symbols are printed.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final, final

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor

from benchmarks._training import SIGNALS
from benchmarks.common import ROOT, parser
from lgcodec import EncodeOptions, Signal
from lgcodec._job import _values
from lgcodec.coding.base import Floats, Symbols
from lgcodec.coding.context import ENTROPY, Context, EntropyNetwork
from lgcodec.fit.entropy import Entropy, costs
from lgcodec.fit.latent_plan import LatentPlanner
from lgcodec.fit.pyramids import Pyramids
from lgcodec.fit.rounding import cheapest, dead_zone
from lgcodec.fit.sampling import Sampler
from lgcodec.nets.latent import STEP_UNIT, Latent

STEPS: Final = {1: (-8.0, -1.5), 2: (-5.0, 0.0), 3: (-5.0, 0.0)}  # octaves of network units
GOLDEN: Final = 0.61803398875
KEPT: Final = 0.05  # of the symbols whose neighbours are all 0
MOST: Final = 30_000  # symbols of a signal
LEVELLED: Final = 0.7  # power of the mean bits that a signal's symbols are divided by
FIRST, RATE, FURTHER_RATE = 0.4, 1e-2, 3e-3  # share of the first round; learning


@final
@dataclass(frozen=True)
class Examples:
    """Contexts [N, inputs], magnitudes [N] and what they weigh [N]."""

    features: Tensor
    sizes: Tensor
    counts: Tensor


def main() -> None:
    """Train and write the files of the axes that are asked for."""
    options = parser(__doc__)
    options.add_argument("--axes", type=int, action="append", choices=list(SIGNALS))
    options.add_argument("--hidden", type=int, nargs="+", default=[8, 12, 16, 24])
    options.add_argument("--iterations", type=int, default=8000)
    options.add_argument("--out", type=Path, default=ROOT / "lgcodec" / "fit" / "start")
    options.add_argument("--seed", type=int, default=0)
    asked = options.parse_args()
    if asked.data is None:
        options.error("--data is needed: there are no signals to train on in the repository")
    torch.manual_seed(asked.seed)
    for axes in asked.axes or SIGNALS:
        weights = _trained(axes, asked)
        if not asked.no_write:
            save_file(weights, asked.out / f"context-{axes}d.safetensors")


def _trained(axes: int, asked: argparse.Namespace) -> dict[str, np.ndarray]:
    started, random = monotonic(), np.random.default_rng(asked.seed)
    signals = list(SIGNALS[axes](asked.data, random))[: 20 if asked.quick else None]
    rounded = list(_rounded(signals, *STEPS[axes]))
    coder = Context(rounded[0][0].pyramid, max(asked.hidden))
    guide = Entropy(coder, _drawn(coder.inputs, coder.hidden, asked.seed))
    examples, _ = _collected(rounded, None, random)
    _learn(guide, examples, round(FIRST * asked.iterations), asked.seed, RATE)
    examples, held = _collected(rounded, guide, random)
    print(f"{axes}: {len(signals)} signals, {len(examples.sizes)} symbols", flush=True)
    found = {}
    for hidden in asked.hidden:
        coder = Context(coder.pyramid, hidden)
        entropy = Entropy(coder, _drawn(coder.inputs, hidden, asked.seed))
        _learn(entropy, examples, asked.iterations, asked.seed, RATE)
        _learn(entropy, examples, asked.iterations // 4, asked.seed + 1, FURTHER_RATE)
        found[f"hidden.{hidden}"] = entropy.floats().astype(np.float32)
        bits = [_bits(part, entropy, hidden) for part in (examples, held)]
        print(f"hidden {hidden}: {bits[0]:.4f} bits, held back {bits[1]:.4f};"
              f" {monotonic() - started:.0f} s", flush=True)  # fmt: skip
    return found


def _rounded(
    signals: Sequence[Signal], low: float, high: float
) -> Iterator[tuple[Latent, Sequence[Floats]]]:
    """The pyramids of every signal, with steps spread evenly between two powers of 2."""
    for number, signal in enumerate(signals):
        plan = LatentPlanner(signal, EncodeOptions(family="latent"), 0).first()
        sampler = Sampler(
            signal.samples,
            plan.geometry,
            0,
            values=_values(signal),
            ranges=plan.family.ranges,
            tile_range=plan.family.tile_range,
            device=torch.device("cpu"),
            seed=0,
        )
        assert isinstance(plan.family, Latent)
        pyramids = Pyramids(plan.family, sampler)
        octaves = low + (high - low) * (number * GOLDEN % 1)
        rounded = pyramids.rounded(round(STEP_UNIT * octaves))
        yield plan.family, pyramids.bands(rounded, slice(None))


def _collected(
    rounded: Sequence[tuple[Latent, Sequence[Floats]]],
    guide: Entropy | None,
    random: np.random.Generator,
) -> tuple[Examples, Examples]:
    """Symbols of nine in ten signals and of the others, priced by `guide` if there is one."""
    parts = [_examples(*pair, guide, random) for pair in rounded]
    return _joined([p for n, p in enumerate(parts) if n % 10 != 9]), _joined(parts[9::10])


def _joined(parts: Sequence[Examples]) -> Examples:
    return Examples(
        torch.cat([part.features for part in parts]),
        torch.cat([part.sizes for part in parts]),
        torch.cat([part.counts for part in parts]),
    )


def _examples(
    family: Latent, bands: Sequence[Floats], guide: Entropy | None, random: np.random.Generator
) -> Examples:
    symbols: list[Symbols] = [dead_zone(part) for part in bands]
    if guide is not None:
        weights = guide.integers()
        coder = Context(family.pyramid, guide.hidden)
        priced = coder.for_locals(family.pyramid.tensors(), {ENTROPY: weights}).classes(symbols)
        symbols = [cheapest(*pair) for pair in zip(bands, priced, strict=True)]
    coder = family.coder
    inputs = [part.reshape(-1, coder.inputs) for part in coder.features(symbols)]
    features = np.concatenate(inputs).astype(np.int16)
    sizes = np.concatenate([np.abs(part).ravel() for part in symbols])
    telling = features[:, : coder.inputs - 3 - len(family.tile)].any(axis=1)
    share = np.where(telling, 1.0, KEPT)
    share *= min(1.0, MOST / share.sum())
    kept = random.random(len(share)) < share
    features, sizes, counts = features[kept], sizes[kept], 1 / share[kept]
    bits = counts @ np.where(sizes > 0, 2 * np.log2(1.0 + sizes) + 3, 0) + 1
    counts *= (len(share) / bits) ** LEVELLED
    return Examples(
        torch.from_numpy(features), torch.from_numpy(sizes), torch.from_numpy(counts).float()
    )


def _learn(entropy: Entropy, e: Examples, iterations: int, seed: int, rate: float) -> None:
    counts = e.counts / e.counts.mean()
    entropy.learn(e.features, e.sizes, counts, iterations, seed, rate=rate)


def _drawn(inputs: int, hidden: int, seed: int) -> Tensor:
    """Random weights that say a middling class for every symbol."""
    generator = torch.Generator().manual_seed(seed)
    first = torch.randn(inputs, hidden, generator=generator) / inputs**0.5
    second = torch.randn(hidden, hidden, generator=generator) * (2 / hidden) ** 0.5
    none, middling = torch.zeros(hidden), torch.tensor([20.0])
    third = torch.full((hidden,), 0.1)
    return torch.cat([first.flatten(), none, second.flatten(), none, third, middling])


def _bits(examples: Examples, entropy: Entropy, hidden: int) -> float:
    """Mean bits of a symbol under the integer network."""
    features = examples.features.float().numpy()
    network = EntropyNetwork(entropy.integers(), features.shape[1], hidden)
    sums = features @ network.matrices[0] + network.biases[0]
    sizes = examples.sizes.numpy().astype(np.float32)
    counts = examples.counts.numpy()
    return float(counts @ costs(network.classes(sums), sizes) / counts.sum())


if __name__ == "__main__":
    main()
