"""lgcodec.fit.pyramids: some partitions that stand for all."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from latent_encodes import SAMPLES, signals

from lgcodec import media
from lgcodec._encode import EncodeOptions, encode_signals
from lgcodec._job import _values
from lgcodec.coding.motion import bits_of_motion
from lgcodec.fit import choices, pyramids
from lgcodec.fit.choices import FORESEEN, Choice, Chooser
from lgcodec.fit.latent_plan import LatentPlanner
from lgcodec.fit.plan import Plan
from lgcodec.fit.pyramids import SHARE, SOME, _spread
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.steps import CLOSE_SIZE
from lgcodec.nets import Latent
from lgcodec.signal import Signal


@given(st.integers(8, 20_000), st.integers(1, 300), st.integers(1, 12))
def test_some_partitions_are_from_everywhere(total: int, most: int, beside: int) -> None:
    """About a quarter, each once; of many no more than enough; no block too large for memory."""
    fewest, enough = SOME
    blocks = [list(range(total))[rows] for rows in _spread(total, most, beside)]
    found = [i for block in blocks for i in block]
    assert sorted(set(found)) == found
    assert min(fewest, total // 4) / 2 <= len(found) <= min(enough, (total + 1) / 2)
    assert max(map(len, blocks)) <= most
    assert found[-1] - found[0] > total / 2 or total < 4 * beside


@pytest.mark.parametrize("total", [12, 30, 210])
def test_of_a_line_the_share_is_what_it_says(total: int) -> None:
    found = [i for rows in _spread(total, 5, 1) for i in range(total)[rows]]
    assert len(found) == max(SOME[0], -(-total // SHARE))


def test_every_place_of_a_picture_has_its_turn() -> None:
    """Of 5 x 4 places at every time."""
    found = {i % 20 for rows in _spread(400, 5, 20) for i in range(400)[rows]}
    assert found == set(range(20))


@pytest.mark.parametrize("beside", [2, 4, 10, 12])
def test_some_are_from_every_place_along_the_last_axis(beside: int) -> None:
    total = 20 * beside
    found = {i % beside for rows in _spread(total, 5, beside) for i in range(total)[rows]}
    assert found == set(range(beside))


@pytest.mark.parametrize("total", [1, 4, 7])
def test_few_partitions_speak_for_themselves(total: int) -> None:
    assert _spread(total, 3, 1) == []


def chooser() -> Chooser:
    """Of a photograph in 384 partitions of 16 x 16 pixels."""
    (cat,) = media.read(SAMPLES / "cat.png")
    options = EncodeOptions(family="latent", partition_size=(16, 16))
    return of_plan(cat, LatentPlanner(cat, options, 0).first())


def of_plan(signal: Signal, plan: Plan) -> Chooser:
    assert isinstance(plan.family, Latent)
    ranges = {"ranges": plan.family.ranges, "tile_range": plan.family.tile_range}
    where: Any = {"device": torch.device("cpu"), "seed": 0}
    sampler = Sampler(signal.samples, plan.geometry, 0, values=_values(signal), **ranges, **where)
    return Chooser(plan.family, sampler)


def test_what_some_tell_of_all() -> None:
    """Bytes and errors of a quarter are those of all, nearly."""
    found = chooser()
    assert found.can_estimate
    for step in (-100, -40):
        choice = found.choose(step)
        assert found.estimated_bytes(step) == pytest.approx(found.bytes(choice), rel=0.1)
        assert found.estimated_error(step) == pytest.approx(found.error(choice), rel=0.25)


def test_what_some_tell_of_descents() -> None:
    """By how much bytes, as coded, and errors change: what it is for all."""
    found, step = chooser(), -60
    choice = found.choose(step)
    better = found.descended(found.descended(choice))
    chunks = found._coder().encode((), [np.concatenate(better.symbols, axis=1)])
    plain = choices._bits(found._coder(), choice.symbols)
    gain = found.estimated_bytes(step, descents=2) / found.estimated_bytes(step)
    assert gain == pytest.approx(sum(map(len, chunks)) / (FORESEEN * plain / 8), rel=0.03)
    less = found.estimated_error(step, descents=2) / found.estimated_error(step)
    assert less == pytest.approx(found.error(better) / found.error(choice), rel=0.03)
    assert less < 1


@pytest.mark.parametrize(
    ("by_some", "missing"), [(True, 0), (True, 1), (False, 0)], ids=["some", "too few", "all"]
)
def test_the_filter_is_fitted_to_as_many_as_tell(
    by_some: bool, missing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, counts, tiles = chooser(), list[int](), Sampler.tiles
    some = sum(len(range(384)[rows]) for rows in found._pyramids.some)
    monkeypatch.setattr(pyramids, "SURE", some + missing)
    choice = found.choose(-60)

    def counted(self: Sampler, *given: Any) -> Any:
        given_back = tiles(self, *given)
        counts.append(len(given_back.values))
        return given_back

    monkeypatch.setattr(Sampler, "tiles", counted)
    found.filtered(choice, by_some=by_some)
    assert sum(counts) == (some if by_some and not missing else 384)


def test_motion_counts_among_what_is_coded() -> None:
    """Of all partitions, to compare with chunks."""
    film = signals()["film"]
    plan = LatentPlanner(
        film, EncodeOptions(family="latent", partition_size=(5, 24, 25)), 0
    ).first()
    found = of_plan(film, plan)
    assert found.motion is not None and found.motion.any()
    choice, coder = found.choose(-60), found._coder()
    moved = found.motion.reshape(len(found.motion), -1)
    chunks = coder.encode((), [np.concatenate(choice.symbols, axis=1), moved])
    bits = found._coded(coder, choice.symbols, slice(None))
    of_motion = bits_of_motion(found.motion.astype(np.int64)).sum()
    assert FORESEEN * (bits + of_motion) == pytest.approx(8 * sum(map(len, chunks)))


@pytest.mark.parametrize("rounds", [1, 3])
def test_descents_are_made_once(rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Since what they do is foreseen: a photograph has its size after as many as were asked for."""
    (cat,) = media.read(SAMPLES / "cat.png")
    count, descended = 0, Chooser.descended

    def counted(self: Chooser, choice: Choice) -> Choice:
        nonlocal count
        count += 1
        return descended(self, choice)

    monkeypatch.setattr(Chooser, "descended", counted)
    preset = "fast" if rounds == 1 else "medium"
    asked = EncodeOptions(family="latent", partition_size=(32, 32), preset=preset, size=6000)
    _, report = encode_signals([cat], asked)
    assert count == rounds
    assert CLOSE_SIZE * 6000 < report.bytes <= 6000


@pytest.mark.parametrize("target", [{"size": 9000}, {"psnr": 34.0}])
def test_targets_are_met_by_estimates(
    target: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As well as without, by fewer choices of all symbols."""
    (cat,) = media.read(SAMPLES / "cat.png")
    asked = EncodeOptions(
        family="latent", partition_size=(16, 16), preset="fast", device="cpu", **target
    )
    counts, reports = [], []
    choose = choices.Chooser.choose

    def counted(*given: Any) -> Any:
        counts[-1] += 1
        return choose(*given)

    monkeypatch.setattr(choices.Chooser, "choose", counted)
    for fewest in (10_000, 4):
        monkeypatch.setattr(pyramids, "SOME", (fewest, 96))
        counts.append(0)
        reports.append(encode_signals([cat], asked)[1])
    for report in reports:
        if "size" in target:
            assert 0.95 * target["size"] <= report.bytes <= target["size"]
        else:
            assert 0 <= report.streams[0].psnr - target["psnr"] <= 0.2
    assert counts[1] < counts[0]


@pytest.mark.parametrize("column", [0, 1], ids=["seen", "unseen"])
@pytest.mark.parametrize("size", [600, 900, 1100])
def test_what_some_show_is_nothing_like_the_rest(column: int, size: int) -> None:
    """All there is to see is in one partition, whether it is among those that are looked at."""
    pixels = np.zeros((128, 128, 1), np.uint8)
    noise = np.random.default_rng(3).integers(0, 256, (32, 32, 1), np.uint8)
    pixels[:32, 32 * column : 32 * column + 32] = noise
    asked = EncodeOptions(family="latent", partition_size=(32, 32), preset="fast", size=size)
    _, report = encode_signals([Signal("image", pixels)], asked)
    assert 0.95 * size <= report.bytes <= size
