"""Blocks of partitions at the same time, where nothing but a sum joins them."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import torch

__all__ = ["side_by_side"]

MOST: Final = 4  # blocks at once: each has its own memory
Result = TypeVar("Result")


def side_by_side(work: Callable[[slice], Result], blocks: Sequence[slice]) -> Iterator[Result]:
    """What `work` gives for every block, in their order, on torch's threads but MOST at most.

    Each of several blocks is computed on one thread. Threads that the caller starts meanwhile, and
    that have not used torch before, have one for torch.
    """
    threads = torch.get_num_threads()
    count = min(threads, len(blocks), MOST)
    if count < 2:
        yield from map(work, blocks)
        return
    try:
        with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield from pool.map(work, blocks)  # which takes back what has not begun, on Ctrl-C
    finally:  # once all have begun and ended: it is set for threads to come too
        torch.set_num_threads(threads)
