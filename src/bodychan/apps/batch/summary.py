"""What a whole batch came to: a table of all takes, and plots over them."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO

import numpy as np
from rich.table import Table

from bodychan.apps.batch.manifest import Entry, Manifest
from bodychan.apps.batch.places import open_store
from bodychan.errors import BatchError, needs_extra

_MOST_SHOWN = 50
"""Takes in the table on the terminal, the worst first; the file has all of them."""

_PLOTTED = {
    "body_share": "share of captures with a body",
    "mean_confidence": "mean confidence of the joints",
    "id_switches": "id switches",
    "ghosts": "ghosts of under 0.3 s",
}


@dataclass(frozen=True)
class Summary:
    """A table for the terminal, the files that were written, and what was odd."""

    table: Table
    files: tuple[str, ...]
    warnings: tuple[str, ...]


def summarize(folder: str) -> Summary:
    """Sum up the results of a batch; `summary.csv` and `summary.png` beside them are replaced.

    Raises:
        BatchError: the folder has no manifest, or one that cannot be used.
        OutputError: the files cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    store = open_store(folder)
    manifest = Manifest(store)
    entries = [manifest.entries[name] for name in sorted(manifest.entries)]
    if not entries:
        raise BatchError(f"{folder} has no manifest of a batch: name the folder that was given with --out")
    store.write("summary.csv", _csv(entries).encode())
    store.write("summary.png", _png(entries))
    gone = set().union(*(entry.files for entry in entries)) - store.names()
    warnings = [f"{name} is in the manifest, and not in {folder}" for name in sorted(gone)[:_MOST_SHOWN]]
    settings = {(str(entry.settings.parameters), entry.settings.version) for entry in entries}
    if len(settings) > 1:
        warnings.append(f"{folder} holds results of {len(settings)} sets of parameters or versions")
    return Summary(_table(entries), (f"{store.url}/summary.csv", f"{store.url}/summary.png"), tuple(warnings))


def _row(entry: Entry) -> dict[str, object]:
    return {
        "take": entry.name,
        "status": entry.status,
        "frames": entry.frames,
        "bodies": entry.bodies,
        **{name: getattr(entry.quality, name) for name in _PLOTTED},
        "recorded_seconds": round(entry.recorded_seconds, 3),
        "seconds": entry.seconds,
        "error": entry.error,
    }


def _csv(entries: Sequence[Entry]) -> str:
    text = StringIO()
    rows = [_row(entry) for entry in entries]
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _table(entries: Sequence[Entry]) -> Table:
    done = [entry for entry in entries if entry.status == "done"]
    title = (
        f"{len(done)} takes done, {len(entries) - len(done)} failed; "
        f"{sum(entry.frames for entry in done)} captures, "
        f"{sum(entry.recorded_seconds for entry in done) / 60:.1f} min of recording"
    )
    columns = list(_row(entries[0]))
    more = f"the {_MOST_SHOWN} worst of {len(entries)} takes" if len(entries) > _MOST_SHOWN else None
    table = Table(title=title, title_justify="left", caption=more)
    for column in columns:
        table.add_column(column, justify="left" if column in ("take", "status", "error") else "right")
    for entry in sorted(entries, key=_badness)[:_MOST_SHOWN]:
        table.add_row(
            *(f"{value:g}" if isinstance(value, float) else str(value) for value in _row(entry).values())
        )
    if done:
        means = [f"{np.mean([getattr(entry.quality, name) for entry in done]):.3g}" for name in _PLOTTED]
        table.add_section()
        table.add_row("mean of those done", *[""] * 3, *means)
    return table


def _badness(entry: Entry) -> tuple[bool, int, float, str]:
    """Order takes: those that failed, then those with most ghosts and switches, then by share of bodies."""
    quality = entry.quality
    return entry.status == "done", -(quality.ghosts + quality.id_switches), quality.body_share, entry.name


def _png(entries: Sequence[Entry]) -> bytes:
    with needs_extra("plots", "a summary"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    done = [entry for entry in entries if entry.status == "done"]
    figure = Figure(figsize=(12, 7), layout="constrained")
    FigureCanvasAgg(figure)
    axes = np.asarray(figure.subplots(2, 3)).ravel()
    for axis, (name, title) in zip(axes, _PLOTTED.items(), strict=False):
        values = np.array([getattr(entry.quality, name) for entry in done], dtype=float)
        top = {"body_share": 1.0, "mean_confidence": 3.0}.get(name)
        bins = np.linspace(0, top, 21) if top else np.arange(-0.5, values.max(initial=0.0) + 1.5)
        axis.hist(values, bins=bins)
        axis.set_xlabel(title)
        axis.set_ylabel("takes")
    axes[4].scatter([e.recorded_seconds for e in done], [e.seconds for e in done], s=12)
    axes[4].set_xlabel("recorded, s")
    axes[4].set_ylabel("time of the job, s")
    axes[5].bar(["done", "failed"], [len(done), len(entries) - len(done)])
    axes[5].set_ylabel("takes")
    image = BytesIO()
    figure.savefig(image, format="png", dpi=100)
    return image.getvalue()
