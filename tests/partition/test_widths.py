"""Algorithm 1 of the paper, on counts written down here from the paper's layer structure."""

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lgcodec.errors import UsageError
from lgcodec.partition import automatic_widths, largest_width

Count = Callable[[int, int], tuple[int, int]]


def counter(dims: int, channels: int, partitions: int) -> Count:
    """Weights of five layers: appendix B.1 of the paper."""

    def count(h: int, g: int) -> tuple[int, int]:
        local = (dims + 1) * h + 3 * (h + 1) * h + (h + 1) * channels
        global_ = (dims + 1) * g + 3 * (g + 1) * g + (h + g + 1) * h if g else 0
        return partitions * local, global_

    return count


@pytest.mark.parametrize(
    ("axes_channels_partitions", "budget", "ratio", "paper"),
    [
        ((2, 1, 256), 199_000, 0.116, (14, 84)),  # Cameraman
        ((2, 3, 256), 199_000, 0.077, (14, 68)),  # DIV2K
        ((1, 1, 32), 198_000, 0.105, (42, 72)),  # audio
        ((3, 3, 320), 3_190_000, 0.035, (55, 180)),  # video
        ((2, 1, 4), 198_700, 0.226, (112, 86)),  # section 4.5, 2 x 2
        ((2, 1, 16), 197_500, 0.121, (59, 72)),
        ((2, 1, 64), 198_400, 0.121, (29, 82)),
    ],
)
def test_the_configurations_of_the_paper(
    axes_channels_partitions: tuple[int, int, int],
    budget: int,
    ratio: float,
    paper: tuple[int, int],
) -> None:
    """Within 1 % of the budget, and close to the widths of Table 6."""
    count = counter(*axes_channels_partitions)
    local, global_ = automatic_widths(count, budget, ratio)
    assert abs(sum(count(local, global_)) - budget) <= 0.01 * budget
    assert abs(local - paper[0]) <= 1
    assert abs(global_ - paper[1]) <= 0.1 * paper[1]


@given(
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 4096),
    st.integers(100, 10**7),
    st.floats(0.02, 0.5),
)
def test_never_more_than_the_budget_and_a_hundredth(
    dims: int, channels: int, partitions: int, budget: int, ratio: float
) -> None:
    count = counter(dims, channels, partitions)
    try:
        widths = automatic_widths(count, budget, ratio)
    except UsageError:
        assert sum(count(1, 1)) > budget
    else:
        assert min(widths) >= 1
        assert sum(count(*widths)) <= 1.01 * budget


@given(st.integers(1, 256), st.floats(0.05, 0.15))
def test_within_a_hundredth_where_partitions_are_few(partitions: int, ratio: float) -> None:
    """The share of the paper, and enough weights for every partition."""
    count = counter(2, 3, partitions)
    budget = 1000 * partitions + 20_000
    total = sum(count(*automatic_widths(count, budget, ratio)))
    assert abs(total - budget) <= 0.01 * budget


def test_a_smaller_share_gives_a_narrower_global_network() -> None:
    count = counter(2, 1, 256)
    widths = [automatic_widths(count, 199_000, ratio) for ratio in (0.05, 0.15, 0.35)]
    shares = [count(*pair)[1] / sum(count(*pair)) for pair in widths]
    assert shares == sorted(shares)
    assert shares[0] < 0.1
    assert shares[2] > 0.25


@pytest.mark.parametrize("ratio", [0.0, 1.0, -0.1, 1.5])
def test_impossible_shares(ratio: float) -> None:
    with pytest.raises(UsageError, match="global ratio is"):
        automatic_widths(counter(2, 1, 4), 10_000, ratio)


def test_too_few_parameters() -> None:
    with pytest.raises(UsageError, match="100 parameters are too few, the smallest network has"):
        automatic_widths(counter(2, 3, 256), 100, 0.1)
    with pytest.raises(UsageError, match="100 parameters are too few, the smallest network has"):
        largest_width(counter(2, 3, 256), 100)


@given(st.integers(1, 400), st.integers(1, 10**7))
def test_largest_width(partitions: int, budget: int) -> None:
    count = counter(2, 3, partitions)
    assume(sum(count(1, 0)) <= budget)
    width = largest_width(count, budget)
    assert sum(count(width, 0)) <= budget < sum(count(width + 1, 0))
