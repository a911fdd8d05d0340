"""A roof over memory: who allocates what a header merely claims gets a MemoryError."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["memory"]


@contextmanager
def memory(more: int) -> Iterator[None]:
    """Inside, this process gets at most `more` bytes of addresses beside those that it has.

    Linux alone knows such a limit; elsewhere there is none.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    most = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
