"""Who watches an encode: prints what was chosen, and draws a bar per stream on a terminal."""

from pathlib import Path
from types import TracebackType

import click

from lgcodec._encode import EncodeOptions
from lgcodec.fit.plan import Plan
from lgcodec_cli._progress import Bar
from lgcodec_cli._text import count, lengths_text, rate_text, share, signal_text

__all__ = ["Watcher"]


class Watcher:
    """A `Listener` of `encode_signals`; use it in a `with` statement.

    quiet    draws no bar; silent: prints nothing
    """

    def __init__(self, options: EncodeOptions, *, quiet: bool, silent: bool) -> None:
        self._options = options
        self._quiet, self._silent = quiet, silent
        self._bar = Bar("", quiet=True)
        self._rate = ""

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def chose(self, stream: int, plan: Plan) -> None:
        """Print the plan, and start a new bar."""
        self._bar.close()
        geometry = plan.geometry
        grid = tuple(axis.win_len for axis in geometry.axes)
        self._rate = ""
        guessed = plan.settings.size is None and not plan.weight_bits  # of latents without a target
        if plan.settings.psnr is None and not guessed:  # else nobody knows yet
            self._rate = rate_text(plan.expected_bytes, geometry.kind, grid, geometry.rate)
        if not self._silent:
            click.echo(f"{signal_text(geometry.kind, grid, geometry.rate)}")
            click.echo("\n".join(f"  {line}" for line in self._chosen(plan)))
            if begun := self._begun(stream, geometry.groups):
                more = f" and {len(begun) - 1} more" if len(begun) > 1 else ""
                click.echo(f"  resumes from {begun[0]}{more}")
        self._bar = Bar(f"fitting {geometry.kind}", quiet=self._quiet)
        self._bar.show(0.0)  # a large signal is looked at for a minute before there is more to tell

    def progress(self, stream: int, done: float, psnr: float, seconds_left: float) -> None:  # noqa: ARG002
        """Move the bar."""
        minutes, seconds = divmod(round(seconds_left), 60)
        rate = f" at {self._rate}" if self._rate else ""
        self._bar.show(done, f"{psnr:.2f} dB{rate}, {minutes}:{seconds:02} left")

    def _begun(self, stream: int, groups: int) -> list[Path]:
        """Checkpoints of fits that were begun before."""
        paths = (self._options.checkpoint_of(stream, group) for group in range(groups))
        return [path for path in paths if path and path.exists()]

    def _chosen(self, plan: Plan) -> list[str]:
        names = plan.geometry.axis_names
        tiles = lengths_text(names, plan.tiles)
        samples = lengths_text(names, [axis.tile_len for axis in plan.geometry.axes])
        params = plan.params_local + plan.params_global
        family, bits = plan.family, self._options.float_bits
        nominal = plan.settings.bits or 0
        sizes = ", ".join(f"{n.replace('_', ' ')} {v}" for n, v in family.sizes.items() if v)
        part = f", {share(plan.params_global, params)} of them global" if plan.params_global else ""
        coded = f"float{bits}" if bits else count(nominal, "bit")
        coded = f"about {plan.coded_bits:.1f} bits" if plan.for_target else coded
        size = f"about {count(plan.expected_bytes, 'byte')}, {self._rate}; " if self._rate else ""
        each = f", {coded} each" if plan.weight_bits else ""  # unknown of latents
        return [
            f"{plan.arrangement}: partitions {tiles}; each {samples} samples",
            f"{family.name}, {sizes}: {params:,} parameters{part}{each}",
            f"{size}lossless {count(plan.lossless_bytes, 'byte')}",
            f"decoding takes {family.multiplications():,} multiplications per sample",
        ]
