"""The measures of a tracker as tables for a terminal."""

from collections.abc import Iterable, Sequence

import numpy as np
from rich.console import Group
from rich.table import Table

from bodychan.evaluation.result import Measures, Result
from bodychan.evaluation.speed import Speed, StageTimes


def tables(result: Result) -> Group:
    """Lay the measures out for a terminal."""
    shown = [_sequence_table(result), _joint_table(result.total), _bone_table(result.total)]
    shown += [_confidence_table(result.total), _whole_table(result)]
    if result.speeds:
        shown += [_speed_table(result.speeds), _stage_table(result.stages)]
    return Group(*shown)


def _table(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[object]], last: bool = False
) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for n, heading in enumerate(headings):
        table.add_column(heading, justify="right" if n else "left", no_wrap=n == 0)
    cells = [[_text(value) for value in row] for row in rows]
    for n, row in enumerate(cells):
        table.add_row(*row, end_section=last and n == len(cells) - 2)
    return table


def _text(value: object) -> str:
    """Format a value: floats with one decimal, NaN as a dash."""
    if isinstance(value, float):
        return "-" if np.isnan(value) else f"{value:.1f}"
    return str(value)


def _sequence_table(result: Result) -> Table:
    headings = (
        *("sequence", "people", "recall %", "prec. %", "median", "mean", "PCK 50", "100", "150", "hidden"),
        *("bones °", "len sd", "jitter", "lag ms", "sw/fr/gh", "ms"),
    )
    rows = [
        (
            row.name,
            row.detection.people,
            100 * row.detection.recall,
            100 * row.detection.precision,
            row.visible.median_mm,
            row.visible.mean_mm,
            *(100 * share for share in row.visible.pck_all.values()),
            row.hidden.median_mm,
            row.bones["all"].median,
            row.lengths["all"].sd_mm,
            row.jitter.sigma_mm,
            row.lag_ms,
            f"{row.identity.switches}/{row.identity.fragmentations}/{row.detection.ghosts}",
            row.timing.median_ms,
        )
        for row in (*result.sequences, result.total)
    ]
    return _table("visible major joints, mm; PCK counts missed people as wrong", headings, rows, last=True)


def _joint_table(total: Measures) -> Table:
    headings = ("joint", "seen", "median", "mean", "PCK 50", "100", "150", "all 50", "100", "150")
    rows: list[Sequence[object]] = []
    named = {**total.joints, "visible": total.visible, "hidden": total.hidden, "outside": total.outside}
    for name, row in named.items():
        shares = [100 * share for share in (*row.pck.values(), *row.pck_all.values())]
        rows.append((name, row.joints, row.median_mm, row.mean_mm, *shares))
    return _table("joints: errors in mm, PCK in % of those found and of all", headings, rows)


def _bone_table(total: Measures) -> Table:
    headings = (
        "bone or joint",
        "direction °",
        "mean",
        "length bias",
        "size",
        "sd mm",
        "worst",
        "turned °",
        "mean",
    )
    rows: list[Sequence[object]] = []
    nothing: tuple[object, ...] = ("",) * 4
    for name, angles in total.bones.items():
        length = total.lengths.get(name)
        cells = (
            nothing if length is None else (length.bias_mm, length.error_mm, length.sd_mm, length.worst_sd_mm)
        )
        rows.append((name, angles.median, angles.mean, *cells, "", ""))
    rows += [(name, "", "", *nothing, a.median, a.mean) for name, a in total.orientations.items()]
    return _table("bones, and orientations against the true ones or the rules on true joints", headings, rows)


def _whole_table(result: Result) -> Table:
    headings = (
        *("sequence", "rebuilt mm", "lengths vary %", "turns > 90°", "wrong way %", "crossed %"),
        *("seen: < 100 mm %", "hidden called seen %", "ghost s"),
    )
    rows = [
        (
            row.name,
            row.whole.rebuilt_mm,
            100 * row.whole.length_varies,
            f"{row.whole.wild_turns} of {row.whole.turns}",
            100 * row.whole.turned_round,
            100 * row.whole.crossed,
            100 * row.whole.sure_within_100,
            100 * row.whole.hidden_called_seen,
            row.whole.longest_ghost_s,
        )
        for row in (*result.sequences, result.total)
    ]
    return _table("bodies that hang together, and what they say of themselves", headings, rows, last=True)


def _confidence_table(total: Measures) -> Table:
    headings = ("confidence", "joints", "median mm", "mean mm", "really visible %")
    rows = [
        (str(level), row.joints, row.median_mm, row.mean_mm, 100 * row.visible)
        for level, row in total.confidence.items()
    ]
    return _table("confidence", headings, rows)


def _speed_table(speeds: Sequence[Speed]) -> Table:
    headings = ("convert", "people", "cores", "captures/s", "median ms", "95 % below", "start s", "peak MB")
    rows = [
        (s.name, s.people, s.cores, s.captures_per_s, s.median_ms, s.p95_ms, s.start_s, s.peak_memory_mb)
        for s in speeds
    ]
    return _table("speed of the whole conversion, reading and writing included", headings, rows)


def _stage_table(stages: Sequence[StageTimes]) -> Table:
    names = dict.fromkeys(name for row in stages for name in row.stages_ms)
    rows: list[Sequence[object]] = [("whole", *(row.whole_ms for row in stages))]
    rows += [(name, *(row.stages_ms.get(name, float("nan")) for row in stages)) for name in names]
    return _table(
        "ms per capture under the profiler, by module of the tracker, with the modules that it calls",
        ("module", *(f"{row.name}, {row.people}" for row in stages)),
        rows,
    )
