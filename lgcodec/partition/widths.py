"""Hidden widths for a budget of parameters: the paper's Algorithm 1, made to keep its promise.

The algorithm picks a global width from the share that global weights may take, a local width from
the rest, then moves the global width until the total is within 1 % of the budget. The local width
moves the total by more than that when partitions are many, so its neighbours are tried as well,
and of the pairs within 1 % the one nearest to the wanted share wins.
"""

from collections.abc import Callable
from functools import partial

from lgcodec.errors import UsageError

__all__ = ["Count", "automatic_widths", "largest_width"]

Count = Callable[[int, int], tuple[int, int]]  # (local width, global width) -> weights of each
MAX_WIDTH = 4096
TOLERANCE = 0.01


def automatic_widths(count: Count, budget: int, ratio: float) -> tuple[int, int]:
    """Local and global width with `budget` weights in all, `ratio` of them global, nearly.

    Merge weights count as global, as in the paper's tables. UsageError if not even the smallest
    network fits the budget.
    """
    if not 0 < ratio < 1:
        raise UsageError(f"global ratio is {ratio}, allowed are numbers between 0 and 1")
    room = budget * (1 - ratio)
    guess = _largest(lambda h: count(h, 1)[0] <= room and _fits(count, budget, h, 1))
    pairs = []
    for local in range(max(1, guess - 1), guess + 3):
        below = _largest(partial(_fits, count, budget, local))
        pairs += [(local, g) for g in (below, below + 1) if g >= 1]
    pairs = [pair for pair in pairs if sum(count(*pair)) <= budget * (1 + TOLERANCE)]
    if not pairs:
        raise UsageError(
            f"{budget} parameters are too few, the smallest network has {sum(count(1, 1))}"
        )

    def misfit(pair: tuple[int, int]) -> tuple[float, float]:
        local, global_ = count(*pair)
        excess = abs(local + global_ - budget) / budget
        return (max(excess - TOLERANCE, 0), abs(global_ / (local + global_) - ratio))

    return min(pairs, key=misfit)


def largest_width(count: Count, budget: int) -> int:
    """The largest local width without a global sub-network that stays within `budget`."""
    width = _largest(lambda h: sum(count(h, 0)) <= budget)
    if width < 1:
        raise UsageError(
            f"{budget} parameters are too few, the smallest network has {sum(count(1, 0))}"
        )
    return width


def _fits(count: Count, budget: int, local: int, global_: int) -> bool:
    return sum(count(local, global_)) <= budget


def _largest(fits: Callable[[int], bool]) -> int:
    """The largest width that fits, by bisection; 0 if none does."""
    low, high = 0, MAX_WIDTH
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
