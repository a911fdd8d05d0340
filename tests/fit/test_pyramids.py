"""lgcodec.fit.pyramids: some partitions that stand for all."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from latent_encodes import SAMPLES

from lgcodec import media
from lgcodec._encode import EncodeOptions, encode_signals
from lgcodec._job import _values
from lgcodec.fit import choices, pyramids
from lgcodec.fit.choices import Chooser
from lgcodec.fit.latent_plan import LatentPlanner
from lgcodec.fit.pyramids import SOME, _spread
from lgcodec.fit.sampling import Sampler
from lgcodec.nets import Latent


@given(st.integers(4 * SOME, 20_000), st.integers(1, 300))
def test_some_partitions_are_from_everywhere(total: int, most: int) -> None:
    """As many as are wanted, each once, and no block larger than memory allows."""
    blocks = [list(range(total))[rows] for rows in _spread(total, most)]
    found = sorted(i for block in blocks for i in block)
    assert SOME <= len(found) <= 2 * SOME + most
    assert len(set(found)) == len(found)
    assert max(map(len, blocks)) <= most
    assert found[-1] - found[0] > total / 2


def chooser() -> Chooser:
    """Of a photograph in 384 partitions of 16 x 16 pixels."""
    (cat,) = media.read(SAMPLES / "cat.png")
    plan = LatentPlanner(cat, EncodeOptions(family="latent", partition_size=(16, 16)), 0).first()
    assert isinstance(plan.family, Latent)
    ranges = {"ranges": plan.family.ranges, "tile_range": plan.family.tile_range}
    where: Any = {"device": torch.device("cpu"), "seed": 0}
    sampler = Sampler(cat.samples, plan.geometry, 0, values=_values(cat), **ranges, **where)
    return Chooser(plan.family, sampler)


def test_what_some_tell_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes and errors of a quarter are those of all, nearly; of few signals nothing is guessed."""
    assert not chooser().can_estimate
    monkeypatch.setattr(pyramids, "SOME", 96)
    found = chooser()
    assert found.can_estimate
    for step in (-100, -40):
        choice = found.choose(step)
        size, error = found.estimated(step)
        assert size == pytest.approx(found.bytes(choice), rel=0.1)
        assert error == pytest.approx(found.error(choice), rel=0.25)


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
    for some in (10_000, 64):
        monkeypatch.setattr(pyramids, "SOME", some)
        counts.append(0)
        reports.append(encode_signals([cat], asked)[1])
    for report in reports:
        if "size" in target:
            assert 0.95 * target["size"] <= report.bytes <= target["size"]
        else:
            assert 0 <= report.streams[0].psnr - target["psnr"] <= 0.2
    assert counts[1] < counts[0]
