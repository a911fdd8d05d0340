"""What the library warns of, as lines on stderr."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import click

__all__ = ["told"]

Told = TypeVar("Told", bound=Warning)


@contextmanager
def told(kind: type[Told], *, quiet: bool) -> Iterator[list[Told]]:
    """Collect the warnings of a kind, complete when the context ends, and tell them on stderr."""
    noted: list[Told] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", kind)
        yield noted
    for item in caught:
        if not isinstance(item.message, kind):
            warnings.warn_explicit(item.message, item.category, item.filename, item.lineno)
            continue
        noted.append(item.message)
        if not quiet:
            click.echo(f"lgi: warning: {item.message}", err=True)
