"""One stream on its way to a larger one: its geometry, its partitions, and the fit of the new."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import TypeVar, final

import numpy as np

from lgcodec._encoded import Encoded, Index
from lgcodec.coding import codec_of
from lgcodec.errors import UsageError
from lgcodec.fit.latent_plan import latent_settings
from lgcodec.fit.latents import fit_latents
from lgcodec.fit.loop import fit
from lgcodec.fit.options import EncodeOptions
from lgcodec.fit.presets import make_settings
from lgcodec.fit.quantise import bits_of
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.settings import FitProgress, FitSettings, Fitted
from lgcodec.format.container import GroupData, Stream, StreamData
from lgcodec.format.geometry import Geometry, shared
from lgcodec.nets import Latent, family_of, pick_device
from lgcodec.signal import Signal, peak_of

__all__ = ["Growth", "Progress"]

Coded = TypeVar("Coded")
Progress = Callable[[float, float, float], None]  # share done, dB, seconds left


@final
class Growth:
    """A stream and the signal that it is to become.

    geometry                that of the result
    options                 how to fit
    kept, refitted, added   partitions so far, see `_extend.StreamExtension`
    groups                  that the result has, and that it would have without Ctrl-C
    measured                dB of the worst fit
    interrupted             whether Ctrl-C came: what is not fitted then stays as it was, or absent
    """

    def __init__(
        self,
        stream: Stream,
        signal: Signal,
        at: Mapping[str, int],
        options: EncodeOptions,
        *,
        freeze_global: bool,
    ) -> None:
        self.stream, self.signal, self.options = stream, signal, options
        self._at = [at.get(name, 0) for name in stream.geometry.axis_names]
        self.geometry = _larger(stream.geometry, signal, self._at)
        self.family, self.codec = family_of(stream.conf, stream.geometry), codec_of(stream.conf)
        if isinstance(self.family, Latent):
            _check_groups(stream.geometry, self.geometry)
        self._frozen = freeze_global or not stream.conf.global_
        self._device = pick_device(options.device)
        self.kept = self.refitted = self.added = self.iterations = 0
        self.groups, self.measured, self.interrupted = (0, 0), inf, False
        self._encoded = Encoded(stream, self.geometry, self.family, self.codec)

    @property
    def old_part(self) -> tuple[slice, ...]:
        """Where in the signal the old window lies."""
        pairs = zip(self._at, self.stream.geometry.axes, strict=True)
        return tuple(slice(at, at + axis.win_len) for at, axis in pairs)

    def grown(self, progress: Progress | None = None) -> StreamData:
        """Fit what is new, and all the rest unless it is frozen.

        KeyboardInterrupt if Ctrl-C comes before anything is fitted, and at a second one.
        """
        self.kept = self.refitted = self.added = self.iterations = 0
        wanted = self._wanted()
        groups = []
        for place, (ordinal, tiles) in enumerate(wanted.items()):
            report = _Report(progress, place, len(wanted))
            try:
                group = self._group(ordinal, tiles, report)
            except KeyboardInterrupt:  # before this group had anything to keep
                if self.interrupted or not self.added + self.refitted:
                    raise
                self.interrupted = True
                group = self._group(ordinal, tiles, report)
            groups += [group] if group else []
        self.groups = len(groups), len(wanted)
        return StreamData(self.geometry, self.stream.conf, groups)

    def _wanted(self) -> dict[int, dict[int, Index]]:
        """Tile indices by id of the partitions that are to be, of every group that has any."""
        wanted = {
            ordinal: {i: self.geometry.partition_index(ordinal, i) for i in ids}
            for ordinal, ids in self.geometry.touching(self.geometry.window).items()
        }
        stored = {
            ordinal: {i: tile for i, tile in tiles.items() if self._is_stored(tile)}
            for ordinal, tiles in wanted.items()
        }
        return {ordinal: tiles for ordinal, tiles in stored.items() if tiles}

    def _is_stored(self, tile: Index) -> bool:
        """Whether `tile` is encoded or worth it: background of a volume is not."""
        if tile in self._encoded.places or self.signal.kind != "volume":
            return True
        pairs = [(axis, axis.tile(i)) for axis, i in zip(self.geometry.axes, tile, strict=True)]
        spans = [shared(part, axis.window) for axis, part in pairs]
        place = tuple(
            slice(span.start - axis.win_lo, span.stop - axis.win_lo)
            for span, (axis, _) in zip(spans, pairs, strict=True)
        )
        return bool((self.signal.samples[place] != np.array(self.stream.conf.fill)).any())

    def _group(
        self, ordinal: int, tiles: Mapping[int, Index], report: "_Report"
    ) -> GroupData | None:
        """Chunks of one group with the ids and tile indices `tiles`; None if there are none."""
        places = self._encoded.places
        old = {i: places[tile] for i, tile in tiles.items() if tile in places}
        home = next((group for group, _ in old.values()), None)  # its ordinal in the old file
        keeps = self.interrupted or self._stays(tiles, old) or self._frozen
        kept = {i for i in old if keeps and (self.interrupted or self._encoded.is_whole(tiles[i]))}
        trained = {i: tiles[i] for i in tiles if i not in kept and not self.interrupted}
        if keeps and home is not None:
            stored = {i: old[i][1] for i in kept}
            group: GroupData | None = self._added(ordinal, stored, trained, report, home)
        else:
            group = self._anew(ordinal, tiles, report, home) if trained else None
        self.kept += len(kept)
        self.refitted += sum(i in old for i in trained)
        self.added += sum(i not in old for i in trained)
        return group

    def _added(
        self,
        ordinal: int,
        kept: Mapping[int, int],
        trained: Mapping[int, Index],
        report: "_Report",
        home: int,
    ) -> GroupData:
        """A group that keeps its global chunk, and of `home` the chunks of `kept`, by their ids."""
        chunks = {}
        if kept:
            stored = self.stream.read_locals(home, list(kept.values()))
            chunks = {i: stored[place] for i, place in kept.items()}
        if trained:
            fitted = self._fit(ordinal, trained, report, home, frozen=True)
            head = self._encoded.heads[home]
            added = self._coded(lambda: self.codec.encode_local(head, fitted.local))
            chunks |= dict(zip(trained, added, strict=True))
        return self.codec.group(ordinal, self.stream.read_global(home), chunks)

    def _stays(self, tiles: Mapping[int, Index], old: Collection[int]) -> bool:
        """Whether a group of latents gains no sample: nothing would be learned from fitting it.

        UsageError if it does where its global chunk, which holds its coarse grid, is frozen.
        """
        if not isinstance(self.family, Latent) or not old:
            return False
        stays = all(i in old and self._encoded.is_whole(tile) for i, tile in tiles.items())
        if self._frozen and not stays:
            raise UsageError(
                "the last group of latents gains samples, for which its global chunk has no coarse "
                "grid: do not freeze it, or show whole groups"
            )
        return stays

    def _anew(
        self, ordinal: int, tiles: Mapping[int, Index], report: "_Report", home: int | None
    ) -> GroupData:
        """A group all of whose weights are fitted."""
        fitted = self._fit(ordinal, tiles, report, home, frozen=False)
        steps = fitted.steps_for(self.codec.coder)
        head, chunks = self._coded(lambda: self.codec.encode(fitted.global_, fitted.local, steps))
        return self.codec.group(ordinal, head, dict(zip(tiles, chunks, strict=True)))

    def _coded(self, code: Callable[[], Coded]) -> Coded:
        """What `code` gives: after Ctrl-C again, as it takes little beside the fit before."""
        try:
            return code()
        except KeyboardInterrupt:
            if self.interrupted:
                raise
            self.interrupted = True
            return code()

    def _fit(
        self,
        ordinal: int,
        tiles: Mapping[int, Index],
        report: "_Report",
        home: int | None,
        *,
        frozen: bool,
    ) -> Fitted:
        """Weights of the partitions `tiles`; see `Encoded.start` for the rest."""
        low, high = self.stream.conf.values
        sampler = Sampler(
            self.signal.samples,
            self.geometry,
            ordinal,
            values=(low, high),
            ranges=self.family.ranges,
            tile_range=self.family.tile_range,
            device=self._device,
            seed=self.options.seed,
            ids=tiles,
        )
        peak = 2 * peak_of(self.signal.samples) / (high - low)
        if isinstance(self.family, Latent):
            fitted = self._fit_latents(self.family, sampler, peak, report)
        else:
            fitted = fit(
                self.family,
                sampler,
                self._settings(len(tiles)),
                peak=peak,
                device=self._device,
                report=report,
                start=self._encoded.start(list(tiles.values()), home, frozen=frozen),
            )
        self.iterations += fitted.iterations
        self.measured = min(self.measured, fitted.psnr)
        self.interrupted |= fitted.interrupted
        return fitted

    def _fit_latents(
        self, family: Latent, sampler: Sampler, peak: float, report: "_Report"
    ) -> Fitted:
        """By the steps of the first group of the file."""
        head = next(iter(self._encoded.heads.values()))
        step, settings = int(head.weights["steps"][0]), latent_settings(self.options, None, None)
        return fit_latents(family, sampler, settings, peak=peak, report=report, usual=step)

    def _settings(self, partitions: int) -> FitSettings:
        """A schedule with the file's own precision."""
        settings = make_settings(self.geometry, self.family, self.options, partitions)
        if not self.codec.quantiser.has_step:
            return replace(settings, bits=None)
        extra = max(bits_of(self.family, 0).values())
        stored = self.stream.conf.quantiser.configuration["bits"]
        return replace(settings, bits=max(2, stored - extra))


@final
class _Report:
    """Passes the progress of one group on as that of all."""

    def __init__(self, progress: Progress | None, place: int, groups: int) -> None:
        self._progress, self._place, self._groups = progress, place, groups

    def __call__(self, progress: FitProgress) -> None:
        if self._progress:
            done = (self._place + progress.done) / self._groups
            left = progress.seconds * (self._groups * (1 - done)) / max(progress.done, 1e-9)
            self._progress(done, progress.psnr, left)


def _check_groups(old: Geometry, new: Geometry) -> None:
    """UsageError where latents would need a coarse grid for tiles that a group never had."""
    for name, before, after in zip(old.axis_names, old.axes, new.axes, strict=True):
        if before.tiles != after.tiles:
            raise UsageError(
                f"latents grow by whole groups, along an axis of several: along {name} there is "
                "one, whose global chunk has no coarse grid for more partitions; encode the larger "
                f"{old.kind} instead, or for later with --groups (along {old.axis_names[0]}) or "
                "--family siren"
            )


def _larger(old: Geometry, signal: Signal, at: Sequence[int]) -> Geometry:
    """The geometry of `signal`, in which the old window begins `at`; UsageError if it cannot be."""
    found = (signal.kind, signal.channels, signal.samples.dtype.name, signal.rate)
    held = (old.kind, old.channels, old.sample_type, old.rate)
    if found != held:
        texts = [f"{kind} of {n} x {dtype}, rate {rate}" for kind, n, dtype, rate in (found, held)]
        raise UsageError(f"the larger signal is {texts[0]}, the file holds {texts[1]}")
    starts = [axis.win_lo - offset for axis, offset in zip(old.axes, at, strict=True)]
    window = tuple(range(a, a + n) for a, n in zip(starts, signal.grid, strict=True))
    for name, axis, offset, size in zip(old.axis_names, old.axes, at, signal.grid, strict=True):
        if not 0 <= offset <= size - axis.win_len:
            raise UsageError(
                f"along {name} the file shows {axis.win_len} samples, at {offset} they do not lie "
                f"within the {size} of the larger signal"
            )
    return old.extended(window)
