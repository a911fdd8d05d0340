"""Blocks of one shape: the same bits whatever else is asked for, on one machine and device."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgcodec.errors import UsageError
from lgcodec.nets import Evaluator, Family, Partition, pick_device
from lgcodec.nets.evaluate import Positions
from nets.builders import (
    ADDED,
    AS_IN_THE_PAPER,
    LOCAL_GLOBAL,
    MODULATED,
    PER_PARTITION,
    RECTIFIED,
    SHALLOW,
    SOUND,
    drawn,
    global_of,
    local_of,
)
from nets.reference import value

CPU = torch.device("cpu")
TILES = [  # rows of fewer than one, of one and a half, and of three blocks
    (PER_PARTITION, (5, 7)),
    (LOCAL_GLOBAL, (50, 61)),
    (AS_IN_THE_PAPER, (70, 70)),
    (SOUND, (5000,)),
    (SHALLOW, (5, 31, 20)),
    (ADDED, (50, 61)),
    (MODULATED, (50, 61)),
    (RECTIFIED, (50, 61)),
]


class Drawn:
    """One partition of a drawn network, and the coordinates of its tile."""

    def __init__(self, family: Family, shape: tuple[int, ...], device: torch.device = CPU) -> None:
        self.weights = drawn(family)
        self.family, self.shape = family, shape
        self.evaluator = Evaluator(family, global_of(self.weights), device)
        self.ends = [(low, high / 2) for low, high in family.ranges]

    def coordinates(self, positions: Positions) -> tuple[np.ndarray, np.ndarray]:
        """Evenly spaced from border to border of the tile, over three quarters of the frame."""
        shares = [at / max(1, n - 1) for at, n in zip(positions, self.shape, strict=True)]
        tile = [self.family.tile_range * (2 * share - 1) for share in shares]
        frame = [a + (b - a) * share for share, (a, b) in zip(shares, self.ends, strict=True)]
        return np.stack(tile, -1).astype(np.float32), np.stack(frame, -1).astype(np.float32)

    def values(self, wanted: list[range] | None = None, partition: int = 1) -> np.ndarray:
        wanted = [range(n) for n in self.shape] if wanted is None else wanted
        local = local_of(self.weights, partition)
        tile = [range(n) for n in self.shape]
        asked = Partition(local, tile, wanted, self.coordinates)
        ((given, values),) = self.evaluator.values([asked])
        assert given is asked
        return values


@pytest.mark.parametrize(("family", "shape"), TILES)
def test_values_are_those_of_the_specification(family: Family, shape: tuple[int, ...]) -> None:
    """LGI-N-03, in the raster order of the tile."""
    partition = Drawn(family, shape)
    found = partition.values()
    assert (found.shape, found.dtype) == ((*shape, family.channels), np.float32)
    every = [axis.ravel() for axis in np.indices(shape)]
    u, x = partition.coordinates(every)
    local, shared = local_of(partition.weights, 1), global_of(partition.weights)
    rows = value(family.name, family.configuration, local, shared, u=u, x=x)
    tolerance = 2.0**-10 if family is SOUND else 2e-5
    np.testing.assert_allclose(found, rows.reshape(found.shape), rtol=0, atol=tolerance)


@pytest.mark.parametrize(("family", "shape"), TILES)
@given(data=st.data())
@settings(max_examples=25)
def test_a_part_of_a_tile_has_the_bits_of_the_whole(
    family: Family, shape: tuple[int, ...], data: st.DataObject
) -> None:
    """LGI-N-05."""
    partition = Drawn(family, shape)
    starts = [data.draw(st.integers(0, n - 1)) for n in shape]
    wanted = [
        range(a, data.draw(st.integers(a + 1, n))) for a, n in zip(starts, shape, strict=True)
    ]
    whole = partition.values()[tuple(slice(r.start, r.stop) for r in wanted)]
    np.testing.assert_array_equal(partition.values(wanted), whole)


def test_single_samples_have_the_bits_of_the_whole() -> None:
    """LGI-N-05: on both sides of the border between two blocks, and at the ends."""
    partition = Drawn(LOCAL_GLOBAL, (50, 61))
    whole = partition.values()
    for place in (0, 1, 2047, 2048, 2049, 50 * 61 - 1):
        y, x = divmod(place, 61)
        alone = partition.values([range(y, y + 1), range(x, x + 1)])
        np.testing.assert_array_equal(alone[0, 0], whole[y, x])


def test_a_partition_has_the_same_bits_alone_and_after_others() -> None:
    """LGI-N-05."""
    first = Drawn(LOCAL_GLOBAL, (50, 61)).values(partition=2)
    partition = Drawn(LOCAL_GLOBAL, (50, 61))
    others = [partition.values(partition=p) for p in (0, 1)]
    np.testing.assert_array_equal(partition.values(partition=2), first)
    assert not any((other == first).all() for other in others)


def test_a_huge_tile_takes_no_memory() -> None:
    """Two samples of 2**62; one more axis is refused."""
    partition = Drawn(LOCAL_GLOBAL, (2**31, 2**31))
    assert partition.values([range(2**30, 2**30 + 1), range(2)]).shape == (1, 2, 3)
    with pytest.raises(UsageError, match="a tile of 2 x 9223372036854775807 samples is too large"):
        Drawn(LOCAL_GLOBAL, (2, 2**63 - 1)).values([range(1), range(1)])


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("family", "shape"), TILES)
@pytest.mark.usefixtures("threads")
def test_the_number_of_threads_does_not_matter(family: Family, shape: tuple[int, ...]) -> None:
    """LGI-N-05: a machine is the same machine when it is busy."""
    partition = Drawn(family, shape)
    found = []
    for count in (1, 2):
        torch.set_num_threads(count)
        found.append(partition.values())
    np.testing.assert_array_equal(*found)


# --- devices


def test_auto_is_a_device_that_is_there() -> None:
    assert torch.zeros(1, device=pick_device("auto")).sum() == 0


@pytest.mark.parametrize("name", ["tpu", "", "gpu", "CUDA"])
def test_unknown_devices(name: str) -> None:
    with pytest.raises(UsageError, match=r"is not on this machine, here are .*cpu"):
        pick_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_absent_cuda() -> None:
    for name in ("cuda", "cuda:0"):
        with pytest.raises(UsageError, match=f"device {name} is not on this machine"):
            pick_device(name)


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="this machine has MPS")
def test_absent_mps() -> None:
    with pytest.raises(UsageError, match="device mps is not on this machine"):
        pick_device("mps")


accelerators = [
    pytest.param(name, marks=pytest.mark.skipif(not there, reason=f"no {name} on this machine"))
    for name, there in (
        ("cuda", torch.cuda.is_available()),
        ("mps", torch.backends.mps.is_available()),
    )
]


@pytest.mark.parametrize("device", accelerators)
@pytest.mark.parametrize(("family", "shape"), TILES)
def test_an_accelerator(family: Family, shape: tuple[int, ...], device: str) -> None:
    """LGI-N-05 within the device, LGI-N-06 between it and the processor."""
    partition = Drawn(family, shape, pick_device(device))
    whole = partition.values()
    part = [range(n // 3, n // 3 + 2) for n in shape]
    inside = tuple(slice(r.start, r.stop) for r in part)
    np.testing.assert_array_equal(partition.values(part), whole[inside])
    reference = Drawn(family, shape).values()
    np.testing.assert_allclose(whole, reference, rtol=0, atol=2.0**-9)
