"""Plans: what is asked for is what is planned, and a default plan makes sense to its user."""

from math import ceil
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fit.builders import RATE, smooth
from lgcodec.errors import UsageError
from lgcodec.fit.plan import EncodeOptions, Plan, make_plan
from lgcodec.signal import Kind, Signal

LARGE = 10**9  # bytes of a lossless file that is no limit
GRIDS: dict[Kind, tuple[int, ...]] = {
    "audio": (48_000,),
    "image": (256, 384),
    "video": (48, 176, 320),
    "volume": (40, 64, 48),
}
kinds = pytest.mark.parametrize("kind", GRIDS)


def blank(kind: Kind, grid: tuple[int, ...] | None = None, channels: int = 1) -> Signal:
    """A ramp of this size along the last axis, which takes no memory; no tile is uniform."""
    grid = grid or GRIDS[kind]
    ramp = np.arange(grid[-1]).astype(np.uint8)[:, None]
    return Signal(kind, np.broadcast_to(ramp, (*grid, channels)), RATE.get(kind))


def plan(kind: Kind, lossless: int = LARGE, **options: Any) -> Plan:
    return make_plan(blank(kind), EncodeOptions(**options), lossless)


def total(found: Plan) -> int:
    return found.params_local + found.params_global


# --- without options


@kinds
@pytest.mark.parametrize("lossless", [100, 1_000, 3_000, 10_000, 100_000, 1_000_000])
def test_by_default_nothing_gets_larger_than_a_lossless_file(kind: Kind, lossless: int) -> None:
    """Or it is refused, and the message says how to insist."""
    try:
        found = plan(kind, lossless)
    except UsageError as error:
        assert "--params" in str(error)
        assert f"lossless file of this {kind} has {lossless} bytes" in str(error)
    else:
        assert found.expected_bytes < lossless
        assert found.lossless_bytes == lossless


@kinds
def test_a_large_enough_signal_is_not_refused(kind: Kind) -> None:
    assert plan(kind, 100_000).expected_bytes < 50_000


@kinds
def test_a_signal_that_is_too_small_can_be_forced(kind: Kind) -> None:
    with pytest.raises(UsageError, match="say --params"):
        plan(kind, 500)
    assert plan(kind, 500, params=20_000).expected_bytes > 500


@kinds
def test_more_bits_per_weight_leave_fewer_weights(kind: Kind) -> None:
    few, many = (plan(kind, 200_000, bits=bits) for bits in (4, 8))
    assert total(few) > total(many)


# --- partitions


@kinds
@given(data=st.data())
def test_tiles_cover_every_axis(kind: Kind, data: st.DataObject) -> None:
    """By default, for signals of any size: nothing is left over, and no tile is empty."""
    grid = tuple(data.draw(st.integers(1, 300)) for _ in GRIDS[kind])
    found = make_plan(blank(kind, grid), EncodeOptions(params=30_000), LARGE)
    for axis, length, tiles in zip(found.geometry.axes, grid, found.tiles, strict=True):
        assert (tiles - 1) * axis.tile_len < length <= tiles * axis.tile_len
        assert (axis.win_lo, axis.win_len, axis.grid_lo, axis.frame_len) == (0, length, 0, length)


def test_partitions_are_those_asked_for() -> None:
    found = plan("video", params=100_000, partitions=(3, 4, 5))
    assert found.tiles == (3, 4, 5)
    assert [axis.tile_len for axis in found.geometry.axes] == [16, 44, 64]


def test_partition_sizes_are_those_asked_for() -> None:
    found = plan("image", params=100_000, partition_size=(32, 50))
    assert [axis.tile_len for axis in found.geometry.axes] == [32, 50]
    assert found.tiles == (8, 8)


@pytest.mark.parametrize(
    "options",
    [
        *({"partitions": (0, 1)}, {"partitions": (257, 1)}, {"partitions": (-2, 2)}),
        *({"partitions": (2,)}, {"partitions": (2, 2, 2)}),
        *({"partition_size": (0, 8)}, {"partition_size": (8,)}),
        *({"groups": 3, "partitions": (2, 2)}, {"params": 10, "partitions": (8, 8)}),
    ],
)
def test_impossible_partitions(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        plan("image", **{"params": 100_000, **options})


# --- groups


@given(st.integers(1, 9), st.integers(9, 40))
def test_groups_share_the_tiles_of_the_first_axis(groups: int, tiles: int) -> None:
    """As many as asked for, or the fewest that hold as much; none is empty."""
    found = plan("audio", params=100_000, partitions=(tiles,), groups=groups)
    (axis,) = found.geometry.axes
    per_group = ceil(tiles / groups)
    used = ceil(48_000 / axis.tile_len)
    assert (axis.tiles, axis.groups) == (ceil(used / groups), ceil(used / ceil(used / groups)))
    assert axis.tiles <= per_group
    assert axis.tiles * axis.groups * axis.tile_len >= 48_000
    assert axis.frame_len == (48_000 if axis.groups == 1 else axis.tiles * axis.tile_len)


def test_groups_share_the_budget() -> None:
    one, four = (plan("audio", params=100_000, partitions=(16,), groups=n) for n in (1, 4))
    assert total(four) == pytest.approx(total(one), rel=0.05)
    assert total(four) <= 101_000


# --- widths


@kinds
@pytest.mark.parametrize("arrangement", ["local-global", "per-partition", "single"])
def test_params_are_kept_to(kind: Kind, arrangement: Any) -> None:
    found = plan(kind, params=60_000, arrangement=arrangement)
    assert 0.85 * 60_000 <= total(found) <= 1.01 * 60_000
    assert found.family.parameters(found.geometry.tiles_per_group) == (
        found.params_local,
        found.params_global,
    )


def test_a_share_of_global_weights() -> None:
    """The rule of the paper on its Cameraman configuration."""
    options = {"params": 199_000, "partitions": (16, 16), "arrangement": "local-global"}
    for ratio in (0.05, 0.15, 0.3):
        found = plan("image", global_ratio=ratio, **options)
        assert abs(total(found) - 199_000) <= 1_990
        assert found.params_global / total(found) == pytest.approx(ratio, abs=0.05)


def test_widths_can_be_given() -> None:
    """Those of the paper, with its count of weights."""
    widths = {"local_width": 14, "global_width": 84, "partitions": (16, 16)}
    found = plan("image", arrangement="local-global", **widths)
    assert (found.params_local, found.params_global) == (175_872, 23_058)


def test_arrangements() -> None:
    found = {
        name: plan("image", params=50_000, arrangement=name)
        for name in ("local-global", "per-partition", "single")
    }
    assert found["local-global"].params_global > 0
    assert found["per-partition"].params_global == found["single"].params_global == 0
    assert found["single"].tiles == (1, 1)
    assert min(found["per-partition"].tiles) > 1


def test_coordinates_as_in_the_paper() -> None:
    assert plan("image", params=50_000, coordinates="frame").family.tile_range == 0
    assert plan("image", params=50_000).family.tile_range > 0


# --- schedule


def test_presets_take_more_and_more_steps() -> None:
    settings = [plan("image", preset=preset).settings for preset in ("fast", "medium", "best")]
    assert [s.iterations for s in settings] == sorted({s.iterations for s in settings})


@kinds
def test_a_step_takes_no_more_samples_than_there_are(kind: Kind) -> None:
    found = make_plan(smooth(kind, (4,) * len(GRIDS[kind])), EncodeOptions(params=1000), LARGE)
    assert found.settings.samples <= 4 ** len(GRIDS[kind])


def test_what_was_asked_for_is_in_the_settings() -> None:
    options = {"iterations": 7, "samples": 33, "seconds": 5.0, "psnr": 30.0, "bits": 6, "seed": 4}
    settings = plan("image", params=10_000, **options).settings
    assert {name: getattr(settings, name) for name in options} == options
    assert plan("image", float_bits=16).settings.bits is None
    found = plan("image", params=10_000, arrangement="local-global", rates=(0.01, 0.002)).settings
    assert (found.rate, found.global_rate) == (0.01, 0.002)


def test_with_a_limit_of_time_alone_iterations_are_none() -> None:
    assert plan("image", seconds=60.0).settings.iterations >= 10**6


@pytest.mark.parametrize(
    "options",
    [
        *({name: value} for name in ("params", "groups", "iterations") for value in (0, -1)),
        *({"samples": 0}, {"seconds": 0.0}, {"psnr": -3.0}, {"bits": 1}, {"bits": 11}),
        *({"float_bits": 8}, {"preset": "slow"}, {"rates": (0.0, 1e-3)}, {"rates": (1e-3, -1.0)}),
        *({"seconds": float("nan")}, {"psnr": float("nan")}),
        {"partitions": (2, 2), "partition_size": (8, 8)},
        {"params": 1000, "local_width": 4},
        {"bits": 8, "float_bits": 32},
    ],
)
def test_impossible_options(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        EncodeOptions(**options)


@pytest.mark.parametrize(
    "options", [{"layers": 1}, {"layers": 65}, {"w0": 0.0}, {"global_ratio": 1.5}]
)
def test_impossible_networks(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        plan("image", params=10_000, arrangement="local-global", **options)


@pytest.mark.parametrize(
    "options",
    [
        *({"family": "hash-grid"}, {"merge": "mean"}),
        {"merge": "add", "arrangement": "single"},
        {"merge": "add", "arrangement": "per-partition"},
        {"merge": "add", "local_width": 5},
        {"merge": "add", "local_width": 5, "global_width": 0},
    ],
)
def test_impossible_choices(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        plan("image", **options)


def test_a_merge_brings_a_global_network() -> None:
    found = plan("image", params=10_000, merge="add")
    assert found.arrangement == "local-global"
    assert found.family.configuration["merge"] == "add"


@pytest.mark.parametrize(
    "wrong", [{"seed": -1}, {"seed": 2**31}, {"global_ratio": 0.0}, {"layers": 0}]
)
def test_numbers_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        EncodeOptions(**wrong)
