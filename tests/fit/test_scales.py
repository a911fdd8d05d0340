"""Scales follow what partitions' steps have in common; costs are those of the coder."""

import numpy as np
import pytest
import torch

from lgcodec.coding.scaled import SCALES, Scaled
from lgcodec.coding.trellis import levels_of, values_of
from lgcodec.fit.scales import USUAL, largest, scales_of, tabled

COUNTS = torch.tensor([30.0, 5.0, 100.0])
REACH = torch.ones(3)
FINE = torch.full((3,), 1e-3)  # steps in comparison with REACH


def test_alike_partitions_have_the_usual_scale() -> None:
    found = scales_of(FINE.expand(7, 3).double(), COUNTS.double(), REACH)
    assert found.tolist() == [USUAL] * 7


@pytest.mark.parametrize("ratio", [2.0, 1.5, 4.0])
def test_a_partition_of_wider_steps_has_a_larger_scale(ratio: float) -> None:
    """By that ratio, whatever the tensors' own steps are."""
    tensors = torch.tensor([1e-3, 4e-3, 2e-2]).double()
    steps = torch.stack([tensors / ratio, tensors * ratio])
    fine, coarse = scales_of(steps, COUNTS.double(), REACH).tolist()
    assert fine * coarse == pytest.approx(USUAL**2, rel=0.2)
    assert coarse / fine == pytest.approx(ratio**2, rel=0.2)


def test_large_tensors_count_more() -> None:
    steps = FINE.repeat(2, 1).double()
    steps[1, 2] *= 4
    _, by_large = scales_of(steps, COUNTS.double(), REACH).tolist()
    steps[1, 2], steps[1, 1] = steps[0, 2], 4 * steps[0, 1]
    _, by_small = scales_of(steps, COUNTS.double(), REACH).tolist()
    assert by_large > USUAL
    assert by_large > by_small


def test_no_scale_is_too_fine_for_its_table() -> None:
    """Numbers of 2000 usual steps leave room for twice as fine ones, not for eight times."""
    steps = torch.stack([FINE, *[FINE * 64] * 3]).double()
    free = scales_of(steps, COUNTS.double(), REACH)
    bound = scales_of(steps, COUNTS.double(), REACH * 60)
    assert float(free.min()) < float(bound.min()) <= USUAL
    usual = 1e-3 * 64**0.75 / USUAL
    assert largest(bound, grows=False) * usual >= 60 / 1.3


def test_no_scale_is_too_coarse() -> None:
    """By themselves the steps of the first partition are 177 times what is usual."""
    steps = torch.stack([FINE * 1000, *[FINE] * 3]).double()
    assert scales_of(steps, COUNTS.double(), REACH * 0)[0] == 14 * USUAL


def test_differences_have_room_for_twice_the_number() -> None:
    """And values of either set stand for every second level."""
    scales = torch.tensor([8.0, 64.0])
    assert 4 * largest(scales, grows=True) == largest(scales, grows=False)


@pytest.mark.parametrize("grows", [False, True])
def test_costs_are_what_the_coder_takes(grows: bool) -> None:
    """The bits of all values, and the bytes of the chunks."""
    rng = np.random.default_rng(0)
    scales = np.array([SCALES[at] for at in rng.integers(7, 20, 30)])
    values = np.rint(rng.laplace(0, 300, (30, 400)) / scales[:, None]).astype(np.int64)
    levels, sets = np.sort(np.abs(values), axis=1), np.zeros_like(values)
    if not grows:
        levels = levels_of(values, np.ones(400, np.bool_))
        _, sets = values_of(levels, np.ones(400, np.bool_))
    given = torch.from_numpy(levels).double(), torch.from_numpy(scales).double()
    which, bits, first = tabled(*given, grows=grows)
    coded = np.diff(levels, axis=1, prepend=0) if grows else values
    kinds = which[:, None]
    total = bits[kinds, sets, coded - first[kinds, sets]].sum()
    coder = Scaled([0] if grows else [], dependent=True)
    whole = [(levels * scales[:, None]).astype("i4")]
    chunks = coder.encode(coder.tables(whole), whole)
    assert sum(map(len, chunks)) * 8 == pytest.approx(total, rel=0.03)  # codes, whole bytes
