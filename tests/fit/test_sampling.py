"""Positions, coordinates and targets, against formulas of the specification written down again."""

from itertools import product
from math import prod

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fit.builders import lattice, sampler, smooth
from lgcodec.fit import sampling
from lgcodec.fit.sampling import Sampler
from lgcodec.format.geometry import AxisGeometry, Geometry
from lgcodec.signal import Signal

CASES = {  # sizes that tiles divide, and sizes that they do not
    "picture": (smooth("image", (16, 24), 3), (2, 3)),
    "border": (smooth("image", (13, 10), 2), (3, 4)),
    "sound": (smooth("audio", (101,)), (7,)),
    "video": (smooth("video", (5, 9, 8), 3), (2, 3, 3)),
    "one": (smooth("image", (7, 5)), (1, 1)),
}
cases = pytest.mark.parametrize("case", CASES)


def built(case: str, groups: int = 1, ordinal: int = 0) -> tuple[Signal, Geometry, Sampler]:
    signal, tiles = CASES[case]
    geometry = lattice(signal, tiles, groups)
    return signal, geometry, sampler(signal, geometry, ordinal)


def tile_index(geometry: Geometry, ordinal: int, partition: int) -> list[int]:
    """Tile numbers in the order of the axes: mixed radix, a video counts y, x, t."""
    order = [1, 2, 0] if geometry.kind == "video" else range(len(geometry.axes))
    index = [0] * len(geometry.axes)
    for place in reversed(order):
        axis = geometry.axes[place]
        ordinal, group = divmod(ordinal, axis.groups)
        partition, tile = divmod(partition, axis.tiles)
        index[place] = group * axis.tiles + tile
    return index


def places_of(geometry: Geometry, ordinal: int, frame: torch.Tensor) -> np.ndarray:
    """Positions [P, S, D] in the signal, from frame coordinates of -1 to 1."""
    frames = np.array([axis.frame_len for axis in geometry.axes])
    index = tile_index(geometry, ordinal, 0)
    origin = [
        i // axis.tiles * axis.tiles * axis.tile_len
        for i, axis in zip(index, geometry.axes, strict=True)
    ]
    exact = (frame.numpy().astype(np.float64) + 1) / 2 * frames - 0.5 + origin
    assert np.abs(exact - np.rint(exact)).max() < 1e-3
    return np.rint(exact).astype(int)


def drawn_places(geometry: Geometry, found: Sampler, count: int, draws: int) -> np.ndarray:
    """Positions in the signal that the first `draws` steps see, [P, draws * count, D]."""
    batches = [found.batch(slice(None), found.draw(i, count)) for i in range(draws)]
    return np.concatenate([places_of(geometry, 0, frame) for _, frame, _ in batches], axis=1)


@cases
@pytest.mark.parametrize("groups", [1, 2])
def test_coordinates_and_targets_belong_together(case: str, groups: int) -> None:
    """LGI-G-10: every coordinate is that of a sample, and the target is this sample."""
    signal, geometry, _ = built(case, groups)
    for ordinal in range(geometry.groups):
        found = sampler(signal, geometry, ordinal)
        tile, frame, targets = found.batch(slice(None), found.draw(0, found.tile_samples))
        places = places_of(geometry, ordinal, frame)
        samples = signal.samples[tuple(np.moveaxis(places, -1, 0))]
        np.testing.assert_allclose(targets.numpy(), samples / 127.5 - 1, rtol=0, atol=1e-6)
        for row, partition in enumerate(found.ids):
            index = tile_index(geometry, ordinal, partition)
            for axis, i, place, u in zip(
                geometry.axes, index, places[row].T, tile[row].numpy().T, strict=True
            ):
                inside = (place + 0.5 - i * axis.tile_len) / axis.tile_len
                assert ((inside > 0) & (inside < 1)).all()
                np.testing.assert_array_equal(u, (0.5 * (2 * inside - 1)).astype(np.float32))


@cases
@pytest.mark.parametrize("count", [1, 5, 1000])
def test_an_epoch_shows_every_sample_of_every_partition(case: str, count: int) -> None:
    signal, geometry, found = built(case)
    count = min(count, found.tile_samples)
    places = drawn_places(geometry, found, count, -(-found.tile_samples // count))
    seen = {tuple(place) for row in places for place in row.tolist()}
    assert len(seen) == prod(signal.grid)
    for row, partition in zip(places, found.ids, strict=True):
        index = tile_index(geometry, 0, partition)
        sizes = [
            min((i + 1) * axis.tile_len, n) - i * axis.tile_len
            for i, axis, n in zip(index, geometry.axes, signal.grid, strict=True)
        ]
        assert len({tuple(place) for place in row.tolist()}) == prod(sizes)


@cases
def test_every_partition_with_a_sample_is_there(case: str) -> None:
    signal, geometry, found = built(case)
    filled = [
        i
        for i in range(geometry.tiles_per_group)
        if all(
            tile * axis.tile_len < n
            for tile, axis, n in zip(
                tile_index(geometry, 0, i), geometry.axes, signal.grid, strict=True
            )
        )
    ]
    assert (found.ids, found.partitions) == (filled, len(filled))


def test_the_last_group_may_hold_fewer_partitions() -> None:
    """Tiles of 3 samples, two groups of 3 tiles on 13 samples: the last tile is empty."""
    signal = smooth("audio", (13,))
    geometry = lattice(signal, (3,), groups=2)
    assert sampler(signal, geometry, 0).ids == [0, 1, 2]
    assert sampler(signal, geometry, 1).ids == [0, 1]


def test_the_second_epoch_has_another_order() -> None:
    _, _, found = built("picture")
    epochs = [found.draw(i, found.tile_samples) for i in (0, 1)]
    assert not (epochs[0] == epochs[1]).all()
    assert all((epoch.sort(1)[0] == torch.arange(found.tile_samples)).all() for epoch in epochs)


@given(st.integers(0, 10**6), st.integers(1, 64))
def test_a_draw_depends_on_seed_and_iteration_alone(iteration: int, count: int) -> None:
    signal, geometry, found = built("picture")
    positions = found.draw(iteration, count)
    found.draw(iteration + 17, count)
    assert (found.draw(iteration, count) == positions).all()
    assert (sampler(signal, geometry).draw(iteration, count) == positions).all()
    assert positions.shape == (6, count)
    assert all(len(set(row)) == count for row in positions.tolist())


def test_seeds_differ() -> None:
    signal, geometry, found = built("picture")
    other = sampler(signal, geometry, seed=1)
    assert not (other.draw(0, 32) == found.draw(0, 32)).all()


def test_tiles_too_long_for_a_permutation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MAX_PERMUTATION", 10)
    _, _, found = built("picture")
    first, again, next_ = (found.draw(i, 40) for i in (3, 3, 4))
    assert (first == again).all()
    assert not (first == next_).all()
    assert first.min() >= 0
    assert first.max() < found.tile_samples


def test_positions_to_measure_on() -> None:
    _, _, found = built("picture")
    whole = found.spread(10_000)
    assert (whole == torch.arange(found.tile_samples)).all()
    some = found.spread(10)
    assert some.shape == (6, 10)
    assert (some == found.spread(10)).all()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.0, 100.0), [-1.0, 1.0, 0.0, -0.5]),
        ((-100.0, 100.0), [0.0, 1.0, 0.5, 0.25]),
        ((50.0, 150.0), [-2.0, 0.0, -1.0, -1.5]),
    ],
)
def test_targets_span_the_values(
    dtype: str, values: tuple[float, float], expected: list[float]
) -> None:
    """-1 stands for the first, 1 for the second, whatever the samples are."""
    samples = np.array([[0], [100], [50], [25]], dtype)
    signal = Signal("audio", samples, smooth("audio", (4,)).rate)
    found = sampler(signal, lattice(signal, (1,)), values=values)
    _, _, targets = found.batch(slice(None), torch.arange(4)[None])
    assert targets.flatten().tolist() == expected


@pytest.mark.parametrize("change", ["read-only", "reversed", "foreign"])
def test_arrays_of_any_layout(change: str) -> None:
    """Read-only, with negative strides, with the other order of bytes: the same targets."""
    signal = smooth("audio", (50,), dtype="int16")
    expected = sampler(signal, lattice(signal, (2,))).batch(slice(None), torch.zeros(2, 1).long())
    samples = signal.samples
    if change == "read-only":
        samples = samples.copy()
        samples.flags.writeable = False
    elif change == "reversed":
        samples = samples[::-1].copy()[::-1]
    else:
        samples = samples.astype(">i2")
    other = Signal("audio", samples, signal.rate)
    found = sampler(other, lattice(other, (2,))).batch(slice(None), torch.zeros(2, 1).long())
    assert (found[2] == expected[2]).all()


def test_what_lies_past_the_signal() -> None:
    """A whole tile of positions has every sample of the signal inside exactly once."""
    signal = smooth("image", (25, 18))
    points = sampler(signal, lattice(signal, (2, 4)))
    positions = points.spread(10**6)
    inside = points.inside(slice(None), positions)
    assert int(inside.sum()) == signal.size
    _, frame, _ = points.batch(slice(None), positions)
    assert len(torch.unique(frame[inside], dim=0)) == signal.size
    assert torch.equal(points.inside(slice(1, 3), positions[1:3]), inside[1:3])


def test_a_grid_may_begin_before_the_signal() -> None:
    """The first sample lies inside a tile, at a negative position: so it is after an extension."""
    signal = smooth("image", (13, 10), 2)
    axes = (AxisGeometry(9, -3, 13, -5, 4, 4), AxisGeometry(10, 6, 10, 2, 8, 2))
    geometry = Geometry("image", 2, "uint8", None, axes)
    found = sampler(signal, geometry, ids=[1, 2, 6])
    assert found.ids == [1, 2, 6]
    tile, frame, targets = found.batch(slice(None), found.spread(1000))
    places = places_of(geometry, 0, frame)
    start = np.array([-3, 6])
    samples = signal.samples[tuple(np.moveaxis(places - start, -1, 0))]
    np.testing.assert_allclose(targets.numpy(), samples / 127.5 - 1, rtol=0, atol=1e-6)
    for row, partition in enumerate(found.ids):
        box, window = geometry.box(0, partition), geometry.window
        shown = [
            range(max(b.start, w.start), min(b.stop, w.stop))
            for b, w in zip(box, window, strict=True)
        ]
        assert set(map(tuple, places[row])) == set(product(*shown))
        for b, axis, place, u in zip(box, axes, places[row].T, tile[row].numpy().T, strict=True):
            inside = (place + 0.5 - b.start) / axis.tile_len
            np.testing.assert_array_equal(u, (0.5 * (2 * inside - 1)).astype(np.float32))


def test_the_digest_tells_signals_partitions_and_groups_apart() -> None:
    signal, (y, x) = CASES["picture"]
    other = Signal("image", signal.samples[::-1].copy())
    found = [
        sampler(signal, lattice(signal, (y, x))),
        sampler(signal, lattice(signal, (x, y))),
        sampler(other, lattice(signal, (y, x))),
        *(sampler(signal, lattice(signal, (1, x), 2), ordinal) for ordinal in (0, 1)),
    ]
    assert len({one.digest for one in found}) == len(found)
    assert sampler(signal, lattice(signal, (y, x))).digest == found[0].digest
