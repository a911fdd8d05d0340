"""lgcodec.nets.blocks: blocks at the same time, results as if one after the other."""

from threading import Barrier, Event, Thread, get_ident
from time import sleep

import pytest
import torch

from lgcodec.nets.blocks import side_by_side

BLOCKS = [slice(at, at + 2) for at in range(0, 12, 2)]


def threads_to_come() -> int:
    """Those that torch uses in a thread that starts now."""
    found: list[int] = []
    thread = Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    return found[0]


def test_results_come_in_order(threads: int) -> None:
    assert list(side_by_side(lambda rows: rows.start, BLOCKS)) == [0, 2, 4, 6, 8, 10]
    assert threads_to_come() == threads


def test_as_many_at_once_as_there_are_threads(threads: int) -> None:
    """Each waits until as many have come as there are threads; fewer would wait for nothing."""
    meet = Barrier(threads)

    def work(rows: slice) -> tuple[int, int]:
        if rows.start < 2 * threads:
            meet.wait(30)
        return get_ident(), torch.get_num_threads()

    found = list(side_by_side(work, BLOCKS))
    assert len({who for who, _ in found}) == threads
    assert {own for _, own in found} == {1}


@pytest.mark.parametrize("threads", [2], indirect=True)
def test_what_has_not_begun_is_taken_back(threads: int) -> None:
    """Ctrl-C is raised in the thread that waits, here in place of the first result."""
    begun, go_on = [], Event()

    def work(rows: slice) -> int:
        begun.append(rows.start)
        if rows.start == 0:
            go_on.wait(30)
            raise KeyboardInterrupt
        go_on.set()
        sleep(0.001)
        return rows.start

    many = [slice(at, at + 1) for at in range(1000)]
    with pytest.raises(KeyboardInterrupt):
        list(side_by_side(work, many))
    assert len(begun) < len(many)
    assert threads_to_come() == threads


def test_no_blocks(threads: int) -> None:
    assert list(side_by_side(lambda rows: rows, [])) == []
    assert threads_to_come() == threads
