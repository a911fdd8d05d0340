"""`benchmarks.paper` from end to end in a few steps, and what its figures rest on."""

from dataclasses import replace
from fractions import Fraction
from math import prod
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import volumes
from benchmarks.paper import __main__ as paper
from benchmarks.paper import _downstream, _experiment, _extending, _fits
from benchmarks.paper._experiment import Experiment, Row, Run, tabulate
from benchmarks.paper._fits import Outcome, encoded, options_of
from benchmarks.paper._networks import Budget, Network, divisors
from benchmarks.paper._plots import reliefs
from benchmarks.paper._tables import TABLES
from lgcodec import Signal
from lgcodec.format.container import BytesSource, Reader

ASKED = {f"table{n}" for n in (1, 2, 3, 4, 5, 7, 9, 10, 11, 12, 13, 14, 15)} | {
    f"figure{n}" for n in (1, 7, 11)
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(_fits, "CACHE", tmp_path / "paper")
    return tmp_path / "paper"


def run(monkeypatch, capsys, *arguments: str) -> str:
    monkeypatch.setattr("sys.argv", ["paper", *arguments, "--no-write"])
    paper.main()
    return capsys.readouterr().out


def test_all_that_was_asked_for_is_there(monkeypatch, capsys) -> None:
    assert set(run(monkeypatch, capsys, "--list").split()) >= ASKED


@pytest.mark.parametrize("name", TABLES)
def test_every_table_runs(name: str) -> None:
    """On shipped signals. Every row of the paper is there, and so are its figures."""
    table = TABLES[name]
    tiny = [
        replace(one, full=Run(one.quick.scale, steps=1, share=1 / 16, seeds=(0,)))
        for one in table.experiments
    ]
    text = tabulate(table.title, table.measures, tiny, None, quick=False).text()
    for row in (row for one in tiny for row in one.rows):
        assert any(
            row.name in line and f"{row.paper['dB']:.2f}" in line for line in text.split("\n")
        )


@pytest.mark.parametrize(
    "name", ["table7", "table14", "table15", "figure7", "figure11", "figure13"]
)
def test_everything_else_runs(name: str, monkeypatch, capsys) -> None:
    monkeypatch.setattr(_downstream, "FEW", 1)
    monkeypatch.setattr(volumes, "QUICK", (1, (0,)))
    short = replace(_extending.SHORT, steps=6, share=1 / 16, seeds=(0, 1))
    monkeypatch.setattr(_extending, "SHORT", short)
    assert len(run(monkeypatch, capsys, name, "--quick").splitlines()) > 3


def test_crops_of_the_paper_have_the_weights_that_it_prints(monkeypatch, capsys) -> None:
    """Figure 1: 199k for the whole, 47.7k for 36 of 256 partitions, on a straight line."""
    lines = run(monkeypatch, capsys, "figure1", "--quick").splitlines()
    found = {int(words[1]): words for words in map(str.split, lines) if words[1].isdigit()}
    assert found[256][-3] == "198,930"
    assert found[36][-3] == "47,790"
    assert "23,058.0 + 687.00 for each partition, at most 0.0 beside it" in "\n".join(lines)


# --- what the figures rest on

NETWORKS = [Network(32), Network(5, tiles=(8, 8)), Network(5, 16, (8, 8))]


def outcomes(values):
    """In the place of a fit: dB by hidden width and seed."""
    return lambda _, options, scale: Outcome(
        values[options["local_width"], options.get("global_width")][options["seed"]], 0.5, 7, 1.0
    )


def test_gaps_and_deviations(monkeypatch) -> None:
    values = {(16, None): (30.0, 32.0), (5, None): (29.0, 29.0), (5, 8): (31.0, 33.0)}
    monkeypatch.setattr(_experiment, "outcome", outcomes(values))
    named = zip("abc", NETWORKS, (20, 18, 21.5), strict=True)
    rows = [Row(name, network, {"dB": decibels}) for name, network, decibels in named]
    picture = Signal("image", np.zeros((32, 32, 1), np.uint8))
    run = Run(2, 1)
    experiment = Experiment(
        "x", lambda *_: {"p": picture, "q": picture}, rows, "a", (1e-3, 1e-3), 1, run, run
    )
    lines = tabulate("title", (), [experiment], None, quick=True).text().split("\n")
    cells = [line.split()[2:] for line in lines[3:6]]
    assert cells[0] == ["7", "20.00", "31.00", "±1.41", "+0.00", "+0.00"]
    assert cells[1] == ["7", "18.00", "29.00", "±0.00", "-2.00", "-2.00"]
    assert cells[2] == ["7", "21.50", "32.00", "±1.41", "+1.50", "+1.00"]


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_edges_shrink_by_the_scale_squared_in_all(axes: int) -> None:
    assert prod(divisors(axes, 4)) == 16
    assert divisors(axes, 1) == (1,) * axes


@pytest.mark.parametrize("system", [*NETWORKS, Budget(20_000, 0.1, {"partition_size": (8, 8)})])
def test_a_fraction_of_the_size_has_all_per_sample(system) -> None:
    """Weights, samples of a partition, and the frame coordinate from one sample to the next."""
    found = []
    for scale in (1, 2):
        signal = Signal("image", np.zeros((64 // scale, 64 // scale, 1), np.uint8))
        options = options_of(system, signal, scale, 1 / 2, {"iterations": 1, "rates": (1e-3, 1e-3)})
        data, job = encoded(signal, options, scale)
        plan = job.plan
        with Reader(BytesSource(data)) as reader:
            (low, high), _ = reader.streams[0].conf.family.configuration["ranges"]
        weights = (plan.params_local + plan.params_global) / signal.size
        tile = [
            axis.tile_len * (1 if system != NETWORKS[0] else scale) for axis in plan.geometry.axes
        ]
        found.append((tile, (high - low) / len(signal.samples), weights))
    assert found[0][:2] == found[1][:2]
    assert found[0][2] == pytest.approx(found[1][2], rel=0.1)


def test_a_fit_is_made_once(cache, monkeypatch) -> None:
    signal = Signal("audio", np.sin(np.arange(256, dtype=np.float32))[:, None], Fraction(8000))
    options = options_of(Network(8), signal, 1, 1, {"iterations": 2, "seed": 0})
    first = _fits.outcome(signal, options, 1)
    monkeypatch.setattr(_fits, "encoded", None)
    assert _fits.outcome(signal, options, 1) == first
    with pytest.raises(TypeError):
        _fits.outcome(signal, {**options, "seed": 1}, 1)


def test_reliefs_show_what_is_near(tmp_path: Path) -> None:
    """A stair that comes nearer to the right is lighter there, and nothing is black."""
    stair = np.zeros((3, 2, 9), np.bool_)
    stair[0, :, :3], stair[1, :, :6], stair[2] = True, True, True
    reliefs(tmp_path / "x.png", {"stair": stair, "nothing": np.zeros_like(stair)})
    picture = np.asarray(Image.open(tmp_path / "x.png").convert("L")).astype(int)
    row = picture[picture.shape[0] // 2]
    left = row[: len(row) // 2]
    shades = left[(left > 0) & (left < 255)]
    assert len(np.unique(shades)) >= 2
    assert (np.diff(shades) >= 0).all()
    assert (row[len(row) // 2 :] == 0).sum() > 50
