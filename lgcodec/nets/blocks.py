"""Blocks of partitions at the same time, where nothing joins them but the order of results."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

import torch

__all__ = ["side_by_side"]

MOST: Final = 4  # blocks at once: each has its own memory
AHEAD: Final = 2  # results, times blocks at once, that may wait to be taken
Block = TypeVar("Block")
Result = TypeVar("Result")


def side_by_side(
    work: Callable[[Block], Result], blocks: Sequence[Block], most: int = MOST
) -> Iterator[Result]:
    """What `work` gives for every block, in their order, on torch's threads but `most` at most.

    Each of several blocks is computed on one thread. Threads that the caller starts meanwhile, and
    that have not used torch before, have one for torch.
    """
    threads = torch.get_num_threads()
    count = min(threads, len(blocks), most)
    if count < 2:
        yield from map(work, blocks)
        return
    begun: deque[Future[Result]] = deque()
    try:
        with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            try:
                for block in blocks:
                    if len(begun) == AHEAD * count:
                        yield begun.popleft().result()
                    begun.append(pool.submit(work, block))
                while begun:
                    yield begun.popleft().result()
            finally:  # on Ctrl-C what has not begun is taken back
                for future in begun:
                    future.cancel()
    finally:  # once all have begun and ended: it is set for threads to come too
        torch.set_num_threads(threads)
