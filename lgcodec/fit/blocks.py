"""Blocks of partitions at the same time, where nothing but a sum joins them."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import torch

__all__ = ["side_by_side"]

MOST: Final = 4  # blocks at once: each has its own memory
Result = TypeVar("Result")


def side_by_side(work: Callable[[slice], Result], blocks: Sequence[slice]) -> Iterator[Result]:
    """What `work` gives for every block, in their order, on as many threads as torch uses.

    Every block is computed on one thread, so that results do not depend on how many there are.
    """
    threads = torch.get_num_threads()
    count = min(threads, len(blocks), MOST)
    if count < 2:
        yield from map(work, blocks)
        return
    with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            yield from pool.map(work, blocks)  # which takes back what has not begun, on Ctrl-C
        finally:
            torch.set_num_threads(threads)  # those of threads to come are one for all
