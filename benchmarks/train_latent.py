"""The networks of the specification that latents are decoded with.

Signals are fitted at steps from fine to coarse with the networks as they are; then those that
predict magnitudes and signs and the filter are trained on what comes out, and the distributions
of magnitudes are measured. Where all neighbours of a magnitude are 0 it tells little: few of them
are kept, for as many as they stand for. Signals of few bits weigh more, so that all rates count.
Writes lgcodec/coding/tables, lgcodec/nets/tables and their copies in spec: a new version of the
format. Run it twice to learn from symbols that were chosen with what was learned.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks._filters import EDGE, Decoded, learned_filter
from benchmarks._predictors import (
    Magnitudes,
    Signs,
    learned_magnitudes,
    learned_signs,
    measured,
)
from benchmarks._training import SIGNALS
from benchmarks.common import ROOT, parser
from lgcodec import EncodeOptions, Signal
from lgcodec._job import _values
from lgcodec.coding.base import Symbols
from lgcodec.coding.context import Context
from lgcodec.coding.neighbours import Kinds
from lgcodec.coding.network import EntropyNetwork
from lgcodec.coding.pyramid import LATENTS
from lgcodec.coding.tables import magnitudes
from lgcodec.fit.latent_plan import LatentPlanner
from lgcodec.fit.latents import fit_latents
from lgcodec.fit.pyramids import Pyramids
from lgcodec.fit.sampling import Sampler
from lgcodec.nets.latent import STEP_UNIT, Latent
from lgcodec.nets.post_filter import CHANNELS, networks_of

STEPS: Final = {  # octaves of network units
    "1d": (-8.0, -1.5),
    "2d": (-4.1, 0.4),
    "3d": (-4.1, 0.4),
    "3d-ahead": (-4.6, 0.4),
}
FILTERED: Final = {"2d": "", "3d-ahead": "-ahead"}  # and how their files end
GOLDEN: Final = 0.61803398875
KEPT: Final = 0.05  # of the symbols whose neighbours are all 0
MOST: Final = 30_000  # magnitudes of a signal; signs of a phase of a band; tiles of a signal
MOST_SIGNS: Final = 3_000
SIGNS_SHARE, FILTER_SHARE = 3 / 8, 4 / 5  # of the iterations
MOST_TILES: Final = 40
FRAMES: Final = 2  # of so many of a tile one is learned from
LEVELLED: Final = 0.7  # power of the mean bits that a signal's symbols are divided by
MEASURED: Final = 2  # how often distributions are measured before the last training


@final
@dataclass(frozen=True)
class Fit:
    """A signal as symbols [P, N_k] of every band, what they weigh, and its decoded tiles."""

    coder: Context
    symbols: Sequence[Symbols]
    weight: float
    tiles: Decoded | None


def main() -> None:
    """Train and write the files of the axes that are asked for."""
    options = parser(__doc__)
    options.add_argument("--grids", action="append", choices=list(SIGNALS), help="default: all")
    options.add_argument("--iterations", type=int, default=40_000, help="of magnitudes")
    options.add_argument("--seed", type=int, default=0)
    asked = options.parse_args()
    if asked.data is None:
        options.error("--data is needed: there are no signals to train on in the repository")
    for grids in asked.grids or SIGNALS:
        _train(grids, asked)


def _train(grids: str, asked: argparse.Namespace) -> None:
    started, random = monotonic(), np.random.default_rng(asked.seed)
    signals = list(SIGNALS[grids](asked.data, random))[: 20 if asked.quick else None]
    fits = list(_fitted(signals, *STEPS[grids], asked.seed))
    print(f"{grids}: {len(fits)} signals, {monotonic() - started:.0f} s", flush=True)
    iterations, seed = asked.iterations // (20 if asked.quick else 1), asked.seed
    network, table = _magnitudes(fits, iterations, seed, random, renew=grids == "2d")
    axes = len(fits[0].coder.pyramid.tile)
    signs = [
        learned_signs(part, axes, round(SIGNS_SHARE * iterations), seed)
        for part in _signs(fits, axes, random)
    ]
    flat = np.concatenate([network, *(part.numpy() for part in signs)])
    longer = round(FILTER_SHARE * iterations)
    filters = {c: _filter(fits, c, longer, seed) for c in CHANNELS if grids in FILTERED}
    print(f"{grids}: trained after {monotonic() - started:.0f} s", flush=True)
    if not asked.no_write:
        _write("codings", "coding", f"context-{grids}.csv", flat, 16)
        if grids == "2d":
            _write("codings", "coding", "magnitudes.csv", table.ravel(), 5)
        for channels, weights in filters.items():
            name = f"latent-filter-{channels}c{FILTERED[grids]}.csv"
            _write("families", "nets", name, weights.numpy(), 16)
        networks_of.cache_clear()  # filters of frames start from those of pictures


def _write(pages: str, package: str, name: str, numbers: NDArray[np.generic], each: int) -> None:
    rows = [numbers[at : at + each] for at in range(0, len(numbers), each)]
    text = "".join(",".join(str(int(n)) for n in row) + "\n" for row in rows)
    for folder in (ROOT / "spec" / pages, ROOT / "lgcodec" / package / "tables"):
        (folder / name).write_text(text, "ascii")


def _fitted(signals: Sequence[Signal], low: float, high: float, seed: int) -> Iterator[Fit]:
    """Fits with steps spread evenly between two powers of 2."""
    for number, signal in enumerate(signals):
        plan = LatentPlanner(signal, EncodeOptions(family="latent", seed=seed), 0).first()
        family = plan.family
        assert isinstance(family, Latent)
        sampler = Sampler(
            signal.samples,
            plan.geometry,
            0,
            values=_values(signal),
            ranges=family.ranges,
            tile_range=family.tile_range,
            device=torch.device("cpu"),
            seed=seed,
        )
        step = round(STEP_UNIT * (low + (high - low) * (number * GOLDEN % 1)))
        fitted = fit_latents(family, sampler, plan.settings, peak=1.0, usual=step)
        parts = np.split(fitted.local[LATENTS], np.cumsum(family.pyramid.sizes)[:-1], axis=1)
        symbols = [part.astype(np.int16) for part in parts]
        coder = family.coder.for_locals(family.local_tensors(), fitted.global_)
        bits = 1 + sum(2 * np.log2(1.0 + np.abs(p)).sum() + 3 * (p != 0).sum() for p in symbols)
        weight = (sum(p.size for p in symbols) / float(bits)) ** LEVELLED
        tiles = _tiles(family, sampler, step, symbols) if family.is_filtered else None
        yield Fit(coder, symbols, weight, tiles)


def _tiles(
    family: Latent, sampler: Sampler, step: int, symbols: Sequence[Symbols]
) -> Decoded | None:
    """Some tiles, or frames of tiles, as they are before the filter."""
    if min(family.tile[-2:]) < EDGE:
        return None
    pyramids, rows = Pyramids(family, sampler), slice(0, MOST_TILES)
    rounded = pyramids.rounded(step)
    error, inside = pyramids.residual(rounded, symbols, rows)
    target = pyramids.coded(rows)
    wide = family.steps({"global.steps": torch.from_numpy(rounded.global_["steps"])})[0]
    wide = wide.view(-1, *(1,) * len(family.tile))
    values, lacking = (target + error) / wide, -error / wide
    if family.ahead:
        values, lacking = (
            v[:, :, ::FRAMES].transpose(1, 2).flatten(0, 1) for v in (values, lacking)
        )
        inside = inside[:, ::FRAMES].flatten(0, 1)
    return Decoded(values, lacking, inside)


def _magnitudes(
    fits: Sequence[Fit], iterations: int, seed: int, random: np.random.Generator, *, renew: bool
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The network, and the distributions, measured anew or as they are."""
    parts = [_examples(fit, random) for fit in fits]
    examples = Magnitudes(*(torch.cat(column) for column in zip(*parts, strict=True)))
    table, coder = magnitudes(), fits[0].coder
    for _ in range(MEASURED if renew else 0):
        network = learned_magnitudes(coder, examples, table, iterations // 3, seed)
        table = measured(_classes(network, examples), examples, table)
    return learned_magnitudes(coder, examples, table, iterations, seed), table


def _examples(fit: Fit, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    inputs = [part.reshape(-1, fit.coder.inputs) for part in fit.coder.features(fit.symbols)]
    features = np.concatenate(inputs).astype(np.int16)
    sizes = np.concatenate([np.abs(part).ravel() for part in fit.symbols]).astype(np.float32)
    pyramid = fit.coder.pyramid
    given = 3 + 3 * len(pyramid.tile) + pyramid.ahead  # features that symbols have no part in
    share = np.where(features[:, :-given].any(axis=1), 1.0, KEPT)
    share *= min(1.0, MOST / share.sum())
    kept = random.random(len(share)) < share
    counts = fit.weight / share[kept]
    return (
        torch.from_numpy(features[kept]),
        torch.from_numpy(sizes[kept]),
        torch.from_numpy(counts).float(),
    )


def _classes(network: NDArray[np.float32], examples: Magnitudes) -> NDArray[np.intp]:
    features = examples.features.float().numpy()
    ready = EntropyNetwork(network, features.shape[1])
    none, alike = np.zeros((1, 0), np.float32), np.zeros(len(features), np.intp)
    return ready.classes(features.T[:, None, None], none, Kinds(none, alike)).ravel()


def _signs(fits: Sequence[Fit], axes: int, random: np.random.Generator) -> list[Signs]:
    """Examples of every orientation."""
    found: list[list[tuple[Tensor, ...]]] = [[] for _ in range(2**axes)]
    for fit in fits:
        for orientation, features, place, positive in fit.coder.signs(fit.symbols):
            kept = np.flatnonzero(random.random(len(positive)) < MOST_SIGNS / (len(positive) + 1))
            weight = fit.weight * len(positive) / max(1, len(kept))
            columns = (
                torch.from_numpy(features[kept].astype(np.int16)),
                torch.tensor(place).expand(len(kept), 3),
                torch.from_numpy(positive[kept]).float(),
                torch.full((len(kept),), weight),
            )
            found[orientation].append(columns)
    return [Signs(*(torch.cat(c) for c in zip(*parts, strict=True))) for parts in found[1:]]


def _filter(fits: Sequence[Fit], channels: int, iterations: int, seed: int) -> Tensor:
    """A filter for so many channels; that of one channel learns from the first of several.

    That of frames goes on from that of pictures, as there are few films.
    """
    some = [fit.tiles for fit in fits if fit.tiles and fit.tiles.values.shape[1] >= channels]
    is_film = len(fits[0].coder.pyramid.tile) == 3
    start = networks_of(channels, is_film=False) if is_film else None
    return learned_filter([tiles.first(channels) for tiles in some], iterations, seed, start)


if __name__ == "__main__":
    main()
