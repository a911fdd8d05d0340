"""A progress bar on stderr, drawn on a terminal only."""

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

__all__ = ["Bar"]


class Bar:
    """One bar; use it in a `with` statement. Silent where `quiet`, or where nobody watches."""

    def __init__(self, title: str, *, quiet: bool = False) -> None:
        self._title = title
        self._quiet = quiet or not sys.stderr.isatty()
        self._progress: Progress | None = None
        self._task = TaskID(0)

    def __enter__(self) -> "Bar":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def show(self, done: float, note: str = "") -> None:
        """Draw the bar at `done`, 0 to 1, with `note` behind it."""
        if self._quiet:
            return
        if self._progress is None:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[note]}"),
            )
            self._progress = Progress(
                *columns,
                console=Console(stderr=True),
                redirect_stdout=False,  # a report that is piped must not end up on the terminal
                transient=True,
            )
            self._task = self._progress.add_task(self._title, total=1.0, note=note)
            self._progress.start()
        self._progress.update(self._task, completed=done, note=note)

    def close(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
