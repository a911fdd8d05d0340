"""Targets in bytes, and the plans that suit them."""

from itertools import count, pairwise
from math import log2, sin
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fit.builders import RATE
from lgcodec.errors import UsageError
from lgcodec.fit.budget import BITS
from lgcodec.fit.options import EncodeOptions
from lgcodec.fit.plan import Plan
from lgcodec.fit.planner import PROMISE, WORTH, Planner, planner_for
from lgcodec.fit.points import POINTS, QUALITY, TIED_BITS, point_at, rate_for, tied_bits
from lgcodec.fit.refine import can_refine, most_weights
from lgcodec.fit.search import Search
from lgcodec.fit.target import Target, refusal, target_of
from lgcodec.signal import AXES, Kind, Signal

GRIDS: dict[Kind, tuple[int, ...]] = {
    "audio": (48_000,),
    "image": (256, 384),
    "video": (48, 176, 320),
    "volume": (40, 64, 48),
}
LOSSLESS = {"audio": 60_000, "image": 200_000, "video": 4_000_000, "volume": 100_000}
RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
kinds = pytest.mark.parametrize("kind", GRIDS)


def blank(kind: Kind) -> Signal:
    samples = np.broadcast_to(np.uint8(0), (*GRIDS[kind], 1))
    return Signal(kind, samples, RATE.get(kind))


def target(kind: Kind, **options: Any) -> Target | None:
    return target_of(blank(kind), EncodeOptions(**options))


def planner(kind: Kind, size: int | None = None, **options: Any) -> Planner:
    return Planner(blank(kind), EncodeOptions(**options), LOSSLESS[kind], size=size)


def test_targets() -> None:
    pixels = 256 * 384
    assert target("image") is None
    assert target("image", size=12_345) == Target(size=12_345)
    assert target("image", bpp=0.5) == Target(size=pixels // 16)
    assert target("audio", kbps=16.0) == Target(size=int(16_000 / 8 * 48_000 / 8_000))
    assert target("video", kbps=100.0) == Target(size=int(100_000 / 8 * 48 / 25))
    assert target("image", psnr=34.0) == Target(psnr=34.0)


@kinds
def test_quality_is_a_rate(kind: Kind) -> None:
    """From one end to the other, and always more for more."""
    found = [target(kind, quality=q) for q in (0, 20, 50, 51, 99, 100)]
    sizes = [t.size for t in found if t and t.size]
    assert sizes == sorted(set(sizes))
    samples = blank(kind).size
    assert sizes[0] == int(QUALITY[kind][0] * samples / 8)
    assert sizes[-1] == pytest.approx(QUALITY[kind][1] * samples / 8, abs=1)


@pytest.mark.parametrize("kind", ["image", "volume"])
def test_what_has_no_duration_has_no_rate_per_second(kind: Kind) -> None:
    with pytest.raises(UsageError, match="say bpp"):
        target(kind, kbps=10.0)


@pytest.mark.parametrize(
    "options",
    [
        {"size": 10, "bpp": 1.0},
        {"psnr": 30.0, "quality": 3.0},
        {"kbps": 1.0, "params": 100},
        {"bpp": 1.0, "local_width": 4},
        {"size": 10, "float_bits": 16},
    ],
)
def test_targets_exclude_each_other_and_what_they_choose(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="exclude each other"):
        EncodeOptions(**options)


@pytest.mark.parametrize("options", [{"quality": -1}, {"quality": 101}, {"size": 0}, {"bpp": -1}])
def test_impossible_values(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        EncodeOptions(**options)


# --- the table


@kinds
def test_the_table_rises(kind: Kind) -> None:
    points = POINTS[kind]
    for low, high in pairwise(points):
        assert low.rate < high.rate
        assert low.psnr < high.psnr


@pytest.mark.parametrize("path", sorted(RESULTS.glob("operating_points-*.txt")))
def test_the_table_is_what_was_measured(path: Path) -> None:
    lines = [line.split()[1:] for line in path.read_text().splitlines() if line.startswith("best ")]
    measured = [tuple(map(float, words)) for words in lines]
    points = POINTS[path.stem.split("-")[1]]  # type: ignore[index]
    assert [(p.rate, p.bits, p.weights, p.psnr) for p in points] == measured


@kinds
@given(rate=st.floats(1e-3, 100))
def test_points_between_those_of_the_table(kind: Kind, rate: float) -> None:
    points, found = POINTS[kind], point_at(kind, rate)
    for name in ("bits", "weights", "psnr"):
        values = [getattr(point, name) for point in points]
        assert min(values) - 1e-6 <= getattr(found, name) <= max(values) + 1e-6
    assert all(point_at(kind, point.rate).bits == point.bits for point in points)


@kinds
@given(rate=st.floats(1e-3, 100))
def test_bits_where_partitions_are_given(kind: Kind, rate: float) -> None:
    """Between those of the neighbours in the table, which end it; the usual ones without one."""
    found = tied_bits(kind, rate, 6.5)
    if kind not in TIED_BITS:
        assert found == 6.5
        return
    table = TIED_BITS[kind]
    assert all(tied_bits(kind, known, 6.5) == bits for known, bits in table)
    below = [bits for known, bits in table if known <= rate][-1:] or [table[0][1]]
    above = [bits for known, bits in table if known >= rate][:1] or [table[-1][1]]
    assert min(below + above) <= found <= max(below + above)


@kinds
def test_more_quality_needs_more_rate(kind: Kind) -> None:
    assert rate_for(kind, 0.0, 0.7) == 0.7
    assert rate_for(kind, 3.0, 0.7) > 0.7 > rate_for(kind, -3.0, 0.7)


# --- plans


@kinds
@given(share=st.floats(0.02, 0.9))
def test_a_plan_expects_the_bytes_it_is_for(kind: Kind, share: float) -> None:
    """Widths are whole numbers, so not exactly; steps do the rest."""
    size = int(share * LOSSLESS[kind])
    plan = planner(kind, size).first()
    assert 0.6 * size < plan.expected_bytes <= 1.02 * size


@kinds
@pytest.mark.parametrize("options", [{}, {"arrangement": "single"}, {"partitions": 4}])
def test_bits_say_how_many_weights_a_size_buys(kind: Kind, options: dict[str, Any]) -> None:
    """In about the same bytes; networks of the default precision to begin with."""
    if "partitions" in options:
        options = {"partitions": (4,) * len(AXES[kind])}
    size = LOSSLESS[kind] // 3
    few, many = (planner(kind, size, bits=bits, **options).first() for bits in (4, 7))
    assert (few.weight_bits, many.weight_bits) == (4, 7)
    assert 1.4 < few.params_local / many.params_local < 2.2
    assert 0.7 < few.expected_bytes / many.expected_bytes < 1.4
    assert few.settings.bits == many.settings.bits == BITS
    for plan in (few, many):  # what whole widths leave goes to the bits
        assert plan.weight_bits <= plan.coded_bits * 1.01 < plan.weight_bits * 1.5


@given(rate=st.floats(0.2, 4.0))
def test_networks_of_given_partitions_can_be_refined(rate: float) -> None:
    """Rather with more bits a weight than without second-order steps, up to 8 of them."""
    tile, partitions = 64 * 64, 24
    size = int(rate * tile * partitions / 8)
    plan = planner("image", size, partition_size=(64, 64), preset="best").first()
    weights = plan.params_local // partitions
    assert plan.content.partitions == partitions
    assert plan.weight_bits <= BITS
    refined = can_refine(plan.family, plan.settings, partitions, tile)
    assert refined == (weights <= most_weights(partitions))
    if 8 * size < 0.95 * BITS * partitions * most_weights(partitions):
        assert refined
        assert 0.6 * size < plan.expected_bytes <= 1.02 * size


def test_a_single_network_of_many_weights_is_fitted_in_its_own_way() -> None:
    """Not a small one, not to a time without bits, and of pictures only."""
    wanted: dict[str, Any] = {"arrangement": "single", "samples": 500, "rates": (0.5, 0.1)}
    found = planner("image", 9_000, **wanted).first().settings
    assert (found.single, found.samples, found.rate) == (True, 500, 0.5)
    assert not planner("image", 9_000, partition_size=(64, 64)).first().settings.single
    assert not planner("image", 800, arrangement="single").first().settings.single
    assert not planner("image", arrangement="single", params=9_000).first().settings.single
    assert not planner("audio", 9_000, arrangement="single").first().settings.single


@kinds
@pytest.mark.parametrize(
    "options", [{}, {"arrangement": "single"}, {"arrangement": "local-global"}]
)
def test_nothing_smaller_than_the_smallest_can_be_planned(
    kind: Kind, options: dict[str, Any]
) -> None:
    smallest = planner(kind, **options).smallest()
    assert planner(kind, smallest, **options).first().expected_bytes <= smallest
    with pytest.raises(UsageError, match="too few"):
        planner(kind, int(smallest / PROMISE) - 2, **options).first()


@kinds
def test_plans_on_the_way_to_a_quality_grow(kind: Kind) -> None:
    """And end at a lossless file, with the nearest that there is."""
    search = planner(kind, psnr=60.0)
    plan: Plan | None = search.first()
    sizes = []
    with pytest.raises(UsageError, match=r"nearest possible is 20\.0 dB"):
        while plan is not None:
            assert plan.settings.psnr is None
            sizes.append(plan.settings.size or 0)
            plan = search.after(plan, 20.0)
    assert sizes == sorted(set(sizes))
    assert 0.97 * LOSSLESS[kind] < sizes[-1] <= LOSSLESS[kind]


@kinds
def test_without_a_quality_there_is_one_plan(kind: Kind) -> None:
    for search in (planner(kind), planner(kind, 9_000)):
        assert search.is_enough(0.0)
        assert search.after(search.first(), 10.0) is None


@given(
    wanted=st.floats(20, 45),
    slope=st.floats(2, 9),
    at_1000=st.floats(10, 30),
    wobble=st.floats(0, 0.2),
    guess=st.floats(1 / 30, 30),
)
def test_the_fewest_bytes_for_a_quality(
    wanted: float, slope: float, at_1000: float, wobble: float, guess: float
) -> None:
    """Of a codec that gives `slope` dB for each doubling, give or take `wobble`."""
    most = 1_000_000
    least = 1000 * 2 ** ((wanted - at_1000) / slope)
    search = Search("image", wanted, 400_000, 1000, most)
    size, enough = int(min(max(guess * least, 1000), most)), []
    for attempt in count():
        assert attempt < 20
        psnr = at_1000 + slope * log2(size / 1000) + wobble * sin(size)
        if search.is_enough(psnr):
            enough.append(size)
        found = search.next(size, psnr)
        if found is None:
            break
        assert 1000 <= found <= most
        size = found
    assert search.has_found == bool(enough)
    if least * 2 ** (wobble / slope) < most:
        assert enough
    if enough:
        assert min(enough) == enough[-1]
        assert enough[-1] <= max(1000, 1.3 * least * 2 ** (2 * wobble / slope))


@kinds
def test_a_quality_that_is_low_takes_few_bytes(kind: Kind) -> None:
    low, high = (planner(kind, psnr=dB).first().settings.size or 0 for dB in (15.0, 35.0))
    assert 0 < low < high


def test_partitions_are_kept_where_they_are_given() -> None:
    plan = planner("image", 9_000, partitions=(4, 6)).first()
    assert plan.tiles == (4, 6)
    assert plan.expected_bytes == pytest.approx(9_000, rel=0.25)


@kinds
def test_a_refusal_names_the_nearest_in_every_unit(kind: Kind) -> None:
    signal = blank(kind)
    text = refusal(signal, EncodeOptions(quality=0.0), 10, signal.size)
    assert f"{signal.size} bytes, 8 bpp" in text
    assert ("kbit/s" in text) == ("t" in AXES[kind])
    assert ("quality" in text) == (QUALITY[kind][1] >= 8)  # 100 is the most that can be asked for
    middle = refusal(signal, EncodeOptions(quality=0.0), 10, round(signal.size / 8))
    assert ", quality " in middle
    if signal.rate is not None:
        seconds = signal.grid[0] / signal.rate
        assert f"{float(8 * signal.size / seconds / 1000):.4g} kbit/s" in text


@pytest.mark.parametrize(
    ("kind", "size", "options", "family"),
    [
        ("image", None, {}, "latent"),
        ("audio", 9000, {}, "latent"),
        ("volume", 9000, {}, "siren"),
        ("video", None, {}, "latent"),
        ("video", None, {"local_width": 12}, "siren"),
        ("video", None, {"psnr": 31.0}, "latent"),
        ("video", round(1.1 * WORTH * 48 * 176 * 320 / 8), {}, "latent"),
        ("video", round(0.9 * WORTH * 48 * 176 * 320 / 8), {}, "siren"),
        ("video", 90_000, {"local_width": 12}, "siren"),
        ("video", 90_000, {"family": "siren"}, "siren"),
        ("video", 900, {"family": "latent"}, "latent"),
    ],
)
def test_the_family_that_is_better_at_the_target(
    kind: Kind, size: int | None, options: dict[str, Any], family: str
) -> None:
    found = planner_for(blank(kind), EncodeOptions(**options), LOSSLESS[kind], size=size)
    assert found.first().family.name == family


def test_a_small_video_of_too_few_bytes_for_latents() -> None:
    """Whose rate is high enough."""
    film = Signal("video", np.zeros((16, 128, 128, 3), np.uint8), RATE["video"])
    size = 720
    assert 8 * size > WORTH * film.size
    assert planner_for(film, EncodeOptions(), 10_000, size=size).first().family.name == "siren"
    more = planner_for(film, EncodeOptions(), 10_000, size=2 * size)
    assert more.first().family.name == "latent"
