"""The Merge CHOP: the channels of several operators in one, at one sample rate."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.channels.kinds import Kinds
from bodychan.channels.patterns import legal_names
from bodychan.channels.resample import TOLERANCE_SECONDS, resample
from bodychan.errors import BodychanError, OperatorError
from bodychan.model.arrays import F64
from bodychan.operators.chop import CHOP
from bodychan.operators.tables import MergeTable
from bodychan.operators.trail import MAX_SLICE_SECONDS


@dataclass
class _Past:
    """What a source gave so far, a slice or two long: times (M,) in seconds and values (C, M)."""

    names: tuple[str, ...]
    kinds: Kinds
    times: F64
    values: F64

    def take(self, channels: Channels) -> None:
        """Add a slice; its samples replace those that are known of the same times."""
        times = (channels.start + np.arange(channels.numSamples)) / channels.rate
        keep = self.times < times[0] - TOLERANCE_SECONDS
        keep &= self.times > times[-1] - 3 * MAX_SLICE_SECONDS
        self.times = np.concatenate([self.times[keep], times])
        self.values = np.concatenate([self.values[:, keep], channels.samples], axis=1)


class MergeCHOP(CHOP):
    """The channels of the operators that `chops` names, in that order, at the rate that `srselect` chooses.

    Sources at other rates are resampled as `interp` says. A name that two sources have gets a number in the
    second. A source with an error gives zeros here too, with a warning.
    """

    table = MergeTable
    par: MergeTable

    _sources: tuple[CHOP, ...] = ()
    _failure: BodychanError | None = None
    _pasts: dict[str, _Past] | None = None
    _jumps = 0
    _joined: tuple[tuple[Kinds, ...], Kinds] = ((), Kinds())

    @property
    def sources(self) -> tuple[CHOP, ...]:
        """The operators that are merged, in order; none while they cannot be."""
        self.cook()
        return self._sources

    def _rate(self) -> float:
        self._failure = None
        try:
            self._sources = self._find()
            self._require_no_circle()
            for source in self._sources:
                source.cook()
        except BodychanError as error:
            self._sources, self._failure = (), error
        rates = [source.rate for source in self._sources]
        if not rates:
            return self.project.fps
        return {"max": max(rates), "min": min(rates)}.get(self.par.srselect, rates[0])

    def _find(self) -> tuple[CHOP, ...]:
        found: dict[str, CHOP] = {}
        for term, operator in self.project.listed(self.par.chops):
            if operator is self and operator.name != term.rpartition("/")[2]:
                continue
            if not isinstance(operator, CHOP):
                raise OperatorError(f"{self.path}: {operator.path} has no channels to merge")
            found[operator.path] = operator
        if not found:
            raise OperatorError(f"{self.path}: set its parameter 'chops' to the names of the CHOPs to merge")
        return tuple(found.values())

    def _require_no_circle(self) -> None:
        """Follow the merges that this one depends on, before any of them is cooked."""
        todo: list[tuple[CHOP, str]] = [(source, source.path) for source in self._sources]
        seen: set[CHOP] = set()
        while todo:
            source, way = todo.pop()
            if source is self:
                raise OperatorError(
                    f"references go round in a circle: {self.path} depends on itself by {way}; cut one"
                )
            if isinstance(source, MergeCHOP) and source not in seen:
                seen.add(source)
                # Any other fault of that merge is its own error, and a warning here.
                with suppress(OperatorError):
                    todo += [(further, f"{way}, {further.path}") for further in source._find()]

    def _names(self) -> tuple[str, ...]:
        if self._failure is not None:
            raise self._failure
        return legal_names(tuple(name for source in self._sources for name in source.channels.names))

    def _kinds(self, _names: tuple[str, ...]) -> Kinds:
        parts = tuple(source.channels.kinds for source in self._sources)
        if self._joined[0] != parts:
            self._joined = parts, Kinds.joined(parts)
        return self._joined[1]

    def _values(self, names: tuple[str, ...], times: F64) -> F64:
        rates = {source.path: source.rate for source in self._sources}
        if self.par.srselect == "err" and len(set(rates.values())) > 1:
            told = ", ".join(f"{path} {rate:g} Hz" for path, rate in rates.items())
            raise OperatorError(f"{self.path}: sample rates differ ({told}): set srselect to another choice")
        if self._pasts is None or self._jumps != self.project.jumps:
            self._pasts, self._jumps = {}, self.project.jumps
        parts = [np.zeros((0, len(times)))]
        for source in self._sources:
            if source.errors():
                self._warnings.append(f"{source.path} has an error: {source.errors()}")
            past = self._past(self._pasts, source)
            linear = self.par.interp == "linear"
            parts.append(resample(past.kinds, past.times, past.values, times, linear=linear))
        return np.concatenate(parts).reshape(len(names), len(times))

    def _past(self, pasts: dict[str, _Past], source: CHOP) -> _Past:
        channels = source.channels
        past = pasts.get(source.path)
        if past is None or past.names != channels.names or past.kinds != channels.kinds:
            past = _Past(channels.names, channels.kinds, np.zeros(0), np.zeros((channels.numChans, 0)))
            pasts[source.path] = past
        past.take(channels)
        return past
