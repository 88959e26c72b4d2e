"""Plots of how a tracker did: an overview of all sequences, and each of them over time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bodychan.evaluation.measures import MAJOR, Run, Visibility, distances
from bodychan.model.arrays import F64

if TYPE_CHECKING:
    from bodychan.evaluation.result import Result

_HIDDEN = (Visibility.SELF_HIDDEN, Visibility.HIDDEN)
_LIMIT_MM = 300.0
_SEEN, _UNSEEN, _BAD = "#1b6ca8", "#e08e1b", "#c0392b"
_PEOPLE = ("#1b6ca8", "#2a9d5c", "#8e44ad", "#7f5539", "#e08e1b", "#555555")


def overview(result: "Result", runs: Sequence[Run]) -> Figure:
    """Draw errors by distance, sequence, joint and confidence; lag against jitter; and bones."""
    figure = Figure(figsize=(16, 11), layout="constrained")
    FigureCanvasAgg(figure)
    within, per_sequence, per_joint, calibration, trade, bones = np.asarray(
        figure.subplots(2, 3, width_ratios=[1, 1.1, 1])
    ).T.ravel()[[0, 2, 1, 4, 5, 3]]
    _draw_within(within, runs)
    _draw_sequences(per_sequence, result)
    _draw_joints(per_joint, runs)
    _draw_confidence(calibration, runs)
    _draw_trade(trade, result)
    _draw_bones(bones, result)
    return figure


def _draw_within(axes: Axes, runs: Sequence[Run]) -> None:
    for label, visible, colour in (
        ("visible", (Visibility.VISIBLE,), _SEEN),
        ("hidden", _HIDDEN, _UNSEEN),
    ):
        mm = distances(runs, visible=visible)
        there = np.sort(mm[np.isfinite(mm)])
        for total, style, what in ((len(there), "-", "of people found"), (len(mm), ":", "of all")):
            if total:
                share = np.arange(1, len(there) + 1) / total * 100
                axes.plot(there, share, style, color=colour, label=f"{label}, {what}")
    axes.set(xlim=(0, _LIMIT_MM), ylim=(0, 100), xlabel="mm", title="% of major joints within a distance")
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)


def _draw_sequences(axes: Axes, result: "Result") -> None:
    rows = result.sequences
    places = np.arange(len(rows))
    axes.barh(places, [100 * row.detection.recall for row in rows], color="#d7e3ee", label="recall")
    for mm, mark, colour in ((50, "|", _UNSEEN), (100, "o", _SEEN)):
        shares = [100 * row.visible.pck_all[mm] for row in rows]
        axes.plot(shares, places, mark, color=colour, label=f"PCK@{mm} mm, missed ones wrong")
    axes.set_yticks(places, [row.name for row in rows])
    axes.invert_yaxis()
    axes.set(xlim=(0, 101), title="visible major joints per sequence, %")
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.04), ncols=3, fontsize=8, frameon=False)
    axes.grid(alpha=0.3, axis="x")


def _draw_joints(axes: Axes, runs: Sequence[Run]) -> None:
    parts = [distances(runs, [joint]) for joint in MAJOR]
    _boxes(axes, [part[np.isfinite(part)] for part in parts], [joint.channel for joint in MAJOR])
    axes.set(title="visible joints: 5 to 95 %, quartiles, median", xlabel="mm")


def _draw_confidence(axes: Axes, runs: Sequence[Run]) -> None:
    parts: list[F64] = []
    for level in range(3):
        chosen = [
            run.errors[:, :, MAJOR][
                (run.of_people(run.tracked.confidence)[:, :, MAJOR] == level) & run.counted[:, :, None]
            ]
            for run in runs
        ]
        parts.append(np.concatenate([np.zeros(0), *chosen]))
    names = [f"{name}\n{len(part)}" for name, part in zip(("0", "1", "2"), parts, strict=True)]
    _boxes(axes, parts, names)
    axes.set(title="error by confidence, and how many joints", xlabel="mm")


def _boxes(axes: Axes, parts: Sequence[F64], names: Sequence[str]) -> None:
    for place, part in enumerate(parts):
        if len(part):
            low, q1, middle, q3, high = np.percentile(part, (5, 25, 50, 75, 95))
            axes.plot((low, high), (place, place), color=_SEEN, linewidth=1)
            axes.plot((q1, q3), (place, place), color=_SEEN, linewidth=7, solid_capstyle="butt", alpha=0.5)
            axes.plot(middle, place, "o", color=_SEEN)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3, axis="x")


def _draw_trade(axes: Axes, result: "Result") -> None:
    rows = result.trade
    axes.plot([row.lag_ms for row in rows], [row.jitter_mm for row in rows], "o-", color=_SEEN)
    for row in rows:
        text = f"{row.filter_ms:g} ms" if row.filter_ms else "tracker alone"
        axes.annotate(text, (row.lag_ms, row.jitter_mm), (6, 4), textcoords="offset points")
    axes.set(xlabel="lag, ms", ylabel="jitter when still, mm", title="one-pole filters behind the tracker")
    axes.set_ylim(bottom=0)
    axes.margins(x=0.15)
    axes.grid(alpha=0.3)


def _draw_bones(axes: Axes, result: "Result") -> None:
    names = [name for name in result.total.bones if name != "all"]
    places = np.arange(len(names))
    for measure, mark in (("median", "o"), ("mean", "|")):
        degrees = [getattr(result.total.bones[name], measure) for name in names]
        axes.plot(degrees, places, mark, color=_SEEN, markersize=9, label=f"direction, {measure} °")
    lengths = {name: row for name, row in result.total.lengths.items() if name in names}
    axes.plot(
        [row.sd_mm for row in lengths.values()],
        [names.index(name) for name in lengths],
        "s",
        color=_UNSEEN,
        label="length, sd over time, mm",
    )
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_title("bones")
    axes.legend()
    axes.grid(alpha=0.3, axis="x")


def timelines(runs: Sequence[Run]) -> Figure:
    """Draw each person's mean error over time; red where a person is missed, crosses where ids are wrong."""
    figure = Figure(figsize=(13, 1.25 * len(runs) + 0.8), layout="constrained")
    FigureCanvasAgg(figure)
    plots = np.atleast_1d(np.asarray(figure.subplots(len(runs), 1, squeeze=False))[:, 0])
    for axes, run in zip(plots, runs, strict=True):
        _draw_run(axes, run)
    plots[0].set_title(
        "mean error of visible major joints, mm. Red: a person is missed; dashed: another id; "
        "black crosses: bodies that match nobody",
        fontsize=10,
    )
    plots[-1].set_xlabel("seconds")
    return figure


def _draw_run(axes: Axes, run: Run) -> None:
    seconds = run.truth.seconds - run.truth.seconds[0]
    seen = (run.truth.visibility[:, :, MAJOR] == Visibility.VISIBLE) & np.isfinite(run.errors[:, :, MAJOR])
    total = np.where(seen, run.errors[:, :, MAJOR], 0).sum(axis=2)
    mean = np.where(seen.any(axis=2), total / np.maximum(seen.sum(axis=2), 1), np.nan)
    for person in range(mean.shape[1]):
        colour = _PEOPLE[person % len(_PEOPLE)]
        axes.plot(seconds, np.minimum(mean[:, person], _LIMIT_MM), color=colour, linewidth=1.2)
        missed = run.counted[:, person] & (run.matches[:, person] < 0)
        height = np.full(missed.sum(), -12.0 - 14 * person)
        axes.plot(seconds[missed], height, "s", color=_BAD, markersize=3)
        found = np.flatnonzero(run.matches[:, person] >= 0)
        for change in found[1:][np.diff(run.matches[found, person]) != 0]:
            axes.axvline(seconds[change], color=colour, linestyle="--", linewidth=1)
    right = (run.matches >= 0).sum(axis=1)
    wrong = run.tracked.present.sum(axis=1) > right
    axes.plot(seconds[wrong], np.full(wrong.sum(), _LIMIT_MM * 0.5), "kx", markersize=4)
    axes.set(ylim=(-20 - 14 * mean.shape[1], 160), xlim=(0, max(seconds[-1], 0.1)), yticks=(0, 50, 100, 150))
    axes.set_ylabel(run.name, rotation=0, ha="right", va="center", fontsize=9)
    axes.grid(alpha=0.3)
