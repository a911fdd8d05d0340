"""The paper's tables of fits, as data: what is fitted, and the figures that it prints."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from benchmarks.paper._experiment import Experiment, Row, Run
from benchmarks.paper._inputs import camera, clip, film, pictures
from benchmarks.paper._networks import Budget, Network

__all__ = ["TABLES", "TableOf"]


class TableOf(NamedTuple):
    """A table: `measures` beside PSNR."""

    title: str
    measures: tuple[str, ...]
    experiments: Sequence[Experiment]


IMAGE: Final = (5e-4, 5e-4)  # learning rates, appendix B
SLOW: Final = (1e-4, 1e-4)  # of sounds and films
MODULATED: Final = (1e-3, 5.5e-4)  # section 4.6
# What the encoder does when nothing is said.
OUR_WAY: Final[Mapping[str, Any]] = {"coordinates": "tile", "rates": None}
OURS: Final[Mapping[str, Any]] = {**OUR_WAY, "samples": None}
SMALL: Final = Run(scale=4, steps=500)
# A table's full run fits two hours on one processor. Where steps or samples are fewer than in the
# paper, networks of partitions lose most: each sees its own part of the samples alone.
LARGE: Final = Run(scale=4, steps=600, share=1 / 4, seeds=(0, 1, 2))
PARTITIONED: Final = Run(scale=2, steps=600, share=1 / 8)  # a quarter of 2x2: none
FEW_FRAMES: Final = Run(scale=4, steps=150)
FRAMES: Final = Run(scale=8, steps=500, share=1 / 2)
PARTITIONED_FRAMES: Final = Run(scale=4, steps=1000, share=1 / 8)

SIXTEENTHS: Final = (16, 16)
SIREN: Final = Network(256)
LGS: Final = Network(14, 84, SIXTEENTHS)  # of the camera picture
FILM_SIREN: Final = Network(1030)
FILM_LGS: Final = Network(55, 180, (5, 8, 8))
SOUND_LGS: Final = Network(42, 72, (32,))
OF_A_FILM: Final = 38e-4  # of its samples in a step
OF_A_FILM_MORE: Final = 2e-2
OF_CAMERA: Final = {"SSIM": 0.934, "dB": 32.00}


def _of_camera(
    rows: Sequence[Row], reference: str, full: Run = LARGE, quick: Run = SMALL
) -> Experiment:
    return Experiment("camera", camera, rows, reference, IMAGE, 1000, full, quick)


def _of_film(rows: Sequence[Row], reference: str, full: Run = FRAMES) -> Experiment:
    return Experiment("film", film, rows, reference, SLOW, 5000, full, FEW_FRAMES)


def _of_pictures(
    rows: Sequence[Row], reference: str, rates: tuple[float, float], full: Run, few: int
) -> Experiment:
    quick = Run(scale=4, steps=500, count=few)
    return Experiment("pictures", pictures, rows, reference, rates, 2000, full, quick)


def _of_sounds(steps: int, figures: Mapping[str, tuple[tuple[float, float], ...]]) -> TableOf:
    """Table 11 or 12: MSE and dB of the three networks for each clip."""
    networks = {
        "SIREN-per-Partition": Network(45, tiles=(32,)),
        "Local-Global SIREN": SOUND_LGS,
        "SIREN": SIREN,
    }
    full = Run(scale=1, steps=steps, share=1 / 128)
    if steps > 1000:  # of a sixteenth of the clip
        full = Run(scale=4, steps=steps // 5, share=1 / 8)
    quick = Run(scale=4, steps=steps // 10, share=1 / 2, seeds=(0,))
    experiments = []
    for name, pairs in figures.items():
        rows = [
            Row(network, system, {"MSE e-5": error, "dB": quality})
            for (network, system), (error, quality) in zip(networks.items(), pairs, strict=True)
        ]
        if steps == 1000:
            way = replace(rows[1], name="the same, fitted our way", options=OUR_WAY)
            choice = Budget(198_182, None, {})
            rows += [way, replace(rows[1], name="our own choice", system=choice, options=OURS)]
        experiments.append(
            Experiment(name, clip(f"gt_{name}"), rows, "SIREN", SLOW, steps, full, quick)
        )
    return TableOf(f"Sounds, {steps:,} steps in the paper", ("MSE e-5",), experiments)


def _depths() -> Sequence[Row]:
    return (
        Row("SPP, 10 layers of 9", Network(9, tiles=SIXTEENTHS, layers=10), _quality(0.902, 31.24)),
        Row(
            "SPP, 10 layers of 10", Network(10, tiles=SIXTEENTHS, layers=10), _quality(0.916, 31.67)
        ),
        Row("LGS, 5 layers", LGS, OF_CAMERA),
    )


def _quality(similarity: float, decibels: float) -> dict[str, float]:
    return {"SSIM": similarity, "dB": decibels}


def _partitioning(system: Network, *figures: float, share: float = 1.0) -> Row:
    """A row of Table 3: MSE, SSIM, dB, seconds."""
    tiles = "single" if system.tiles is None else "x".join(map(str, system.tiles))
    names = ("MSE e-4", "SSIM", "dB", "s")
    return Row(tiles, system, dict(zip(names, figures, strict=True)), share)


def _partitioning_of_film(system: Network, *figures: float) -> Row:
    return _partitioning(system, *figures, share=OF_A_FILM)


TABLES: Final[Mapping[str, TableOf]] = {
    "table1": TableOf(
        "Table 1: pictures",
        ("SSIM",),
        [
            _of_pictures(
                (
                    Row("SPP 16x16", Network(15, tiles=SIXTEENTHS), _quality(0.957, 31.73)),
                    Row(
                        "SPP auto",
                        Budget(207_200, None, {"partition_size": (32, 32)}),
                        _quality(0.955, 31.90),
                        slow=True,
                    ),
                    Row("LGS 16x16", Network(14, 68, SIXTEENTHS), _quality(0.968, 33.94)),
                    Row(
                        "LGS auto",
                        Budget(200_000, 0.1, {"partition_size": (32, 32)}),
                        _quality(0.971, 34.13),
                        slow=True,
                    ),
                    Row("SIREN", SIREN, _quality(0.966, 33.57)),
                ),
                "SIREN",
                IMAGE,
                Run(scale=4, steps=2000, share=1 / 4, count=8),
                few=8,
            )
        ],
    ),
    "table2": TableOf(
        "Table 2: a film; (*) stands for 2 % of the samples in every step instead of 0.38 %",
        ("SSIM",),
        [
            _of_film(
                (
                    Row("SPP", Network(56, tiles=(5, 8, 8)), _quality(0.826, 29.58), OF_A_FILM),
                    Row("LGS", FILM_LGS, _quality(0.854, 30.28), OF_A_FILM),
                    Row("SIREN", FILM_SIREN, _quality(0.815, 29.71), OF_A_FILM),
                    Row(
                        "SPP (*)",
                        Network(56, tiles=(5, 8, 8)),
                        _quality(0.854, 30.83),
                        OF_A_FILM_MORE,
                    ),
                    Row("LGS (*)", FILM_LGS, _quality(0.888, 31.91), OF_A_FILM_MORE),
                ),
                "SIREN",
            )
        ],
    ),
    "table3": TableOf(
        "Table 3: partitions of Local-Global SIREN",
        ("MSE e-4", "SSIM", "s"),
        [
            _of_camera(
                (
                    _partitioning(Network(112, 86, (2, 2)), 11.2, 0.946, 32.59, 74),
                    _partitioning(Network(59, 72, (4, 4)), 12.0, 0.946, 32.10, 40),
                    _partitioning(Network(29, 82, (8, 8)), 13.5, 0.942, 32.29, 26),
                    _partitioning(LGS, 15.3, 0.934, 32.00, 22),
                    _partitioning(Network(7, 52, (32, 32)), 19.0, 0.917, 31.51, 15),
                    _partitioning(SIREN, 18.4, 0.914, 31.17, 34),
                ),
                "single",
                PARTITIONED,
                Run(scale=2, steps=300, share=1 / 4, seeds=(0,)),
            ),
            _of_film(
                (
                    _partitioning_of_film(Network(111, 180, (5, 4, 4)), 32.8, 0.862, 30.95, 386),
                    _partitioning_of_film(FILM_LGS, 34.7, 0.854, 30.28, 284),
                    _partitioning_of_film(Network(27, 180, (5, 16, 16)), 41.8, 0.834, 29.52, 244),
                    _partitioning_of_film(FILM_SIREN, 43.4, 0.815, 29.71, 2354),
                ),
                "single",
                PARTITIONED_FRAMES,
            ),
        ],
    ),
    "table4": TableOf(
        "Table 4: share of global weights",
        ("SSIM",),
        [
            _of_camera(
                (
                    Row("11.6 %", LGS, OF_CAMERA),
                    Row("22.9 %", Network(13, 120, SIXTEENTHS), _quality(0.931, 32.24)),
                    Row("33.5 %", Network(12, 146, SIXTEENTHS), _quality(0.925, 32.06)),
                ),
                "11.6 %",
            ),
            _of_film(
                (
                    Row("3.5 %", FILM_LGS, _quality(0.854, 30.28), OF_A_FILM),
                    Row("10.2 %", Network(53, 318, (5, 8, 8)), _quality(0.850, 30.04), OF_A_FILM),
                ),
                "3.5 %",
            ),
        ],
    ),
    "table5": TableOf(
        "Table 5: pictures, INCODE",
        ("SSIM",),
        [
            _of_pictures(
                (
                    Row("IPP", Network(31, tiles=(8, 8), family="incode"), _quality(0.963, 36.42)),
                    Row("LGI", Network(28, 96, (8, 8), family="incode"), _quality(0.974, 39.03)),
                    Row("INCODE", Network(256, family="incode"), _quality(0.963, 38.79)),
                ),
                "INCODE",
                MODULATED,
                Run(scale=4, steps=1000, share=1 / 4, seeds=(0, 1, 2), count=4),
                few=3,
            )
        ],
    ),
    "table9": TableOf(
        "Table 9: merge operators",
        ("SSIM", "s"),
        [
            _of_camera(
                (
                    Row("Concat+FC", LGS, {**OF_CAMERA, "s": 22}),
                    Row(
                        "FC+Add",
                        Network(14, 84, SIXTEENTHS, merge="add"),
                        {**_quality(0.901, 30.21), "s": 20},
                    ),
                ),
                "Concat+FC",
            )
        ],
    ),
    "table10": TableOf("Table 10: depth", ("SSIM",), [_of_camera(_depths(), "LGS, 5 layers")]),
    "table11": _of_sounds(
        1000,
        {
            "bach": ((12, 39.26), (3, 45.18), (10, 39.94)),
            "counting": ((75, 31.24), (48, 33.18), (62, 32.07)),
        },
    ),
    "table12": _of_sounds(
        5000,
        {
            "bach": ((2.4, 46.20), (0.8, 50.83), (1.3, 48.93)),
            "counting": ((44, 33.56), (28, 35.56), (38, 34.20)),
        },
    ),
    "table13": TableOf(
        "Table 13: a single partition beside a global network",
        ("MSE e-4", "SSIM", "s"),
        [
            _of_camera(
                (
                    # The paper does not print the widths of this network.
                    Row(
                        "LGS 1x1",
                        Budget(198_900, 0.116, {"partitions": (1, 1)}),
                        {"MSE e-4": 12.9, **_quality(0.939, 32.52), "s": 87},
                    ),
                    _partitioning(SIREN, 18.4, 0.914, 31.17, 34),
                ),
                "single",
            )
        ],
    ),
}
