"""One picture of what was tracked: the depth image with the skeletons over it, and channels plotted."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bodychan.channels.channels import Channels
from bodychan.errors import OutputError
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.model.skeleton import Confidence, Joint
from bodychan.optics.calibration import Calibration
from bodychan.outputs import files
from bodychan.outputs.files import write_whole

_SIDE_COLOURS = {"left": "#ff9f1c", "right": "#2ec4ff", "centre": "#ffffff"}


def draw(
    capture: Capture,
    bodies: Bodies,
    calibration: Calibration,
    rows: Sequence[Channels],
    plotted: Sequence[str],
) -> Figure:
    """Draw a capture's depth image with its bodies, and beside it channels over time.

    Args:
        capture: the capture that the bodies were tracked in.
        bodies: drawn with the person's left in orange and right in blue; predicted joints are hollow.
        calibration: the camera's.
        rows: the channels of a run of frames, in which a line marks the capture.
        plotted: names of the channels to plot, one plot each.
    """
    figure = Figure(figsize=(13, 6.2), layout="constrained", facecolor="#16181d")
    FigureCanvasAgg(figure)
    left, right = np.asarray(figure.subfigures(1, 2, width_ratios=[1.15, 1]))
    for part in (left, right):
        part.set_facecolor("#16181d")
    _draw_depth(left.subplots(), capture, bodies, calibration)
    _draw_channels(
        np.atleast_1d(right.subplots(len(plotted), 1, sharex=True)).tolist(), capture, rows, plotted
    )
    return figure


def save(figure: Figure, path: Path, *, overwrite: bool = False) -> None:
    """Write a figure as PNG.

    Raises:
        OutputError: see `require_free`, or it cannot be written.
    """
    require_free(path, overwrite=overwrite)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=100)
    write_whole(path, image.getvalue(), overwrite=overwrite)


def require_free(path: Path, *, overwrite: bool) -> None:
    """Check, before anything is drawn, that a picture may be written.

    Raises:
        OutputError: its name does not end in .png, or it may not be written.
    """
    if path.suffix.lower() != ".png":
        raise OutputError(f"{path}: pictures are .png files: name it {path.stem}.png")
    files.require_free(path, overwrite=overwrite)


def _draw_depth(axes: Axes, capture: Capture, bodies: Bodies, calibration: Calibration) -> None:
    if capture.depth is not None:
        shown = np.ma.masked_equal(capture.depth, 0)
        # Beyond the far wall the scale goes on, so that the wall is not black like what has no depth.
        near, far = np.percentile(shown.compressed(), (2, 98)) if shown.count() else (0, 1)
        axes.imshow(shown, cmap="bone_r", vmin=near, vmax=far * 1.4, interpolation="nearest")
    axes.set_facecolor("black")
    for body, points, confidence in zip(bodies.ids, bodies.positions, bodies.confidence, strict=True):
        pixels, valid = calibration.project(points, "depth", "depth")
        for joint in Joint:
            parent = joint.parent
            colour = _SIDE_COLOURS[joint.side]
            if parent is not None and valid[joint] and valid[parent]:
                axes.plot(*pixels[[joint, parent]].T, color=colour, linewidth=2.2, solid_capstyle="round")
            if valid[joint]:
                seen = confidence[joint] >= Confidence.MEDIUM
                axes.plot(*pixels[joint], "o", color=colour, markersize=4, mfc=colour if seen else "none")
        axes.annotate(
            f"id {body}",
            pixels[Joint.HEAD],
            (0, 36),
            textcoords="offset points",
            color="white",
            ha="center",
            bbox={"facecolor": "black", "alpha": 0.5, "linewidth": 0, "pad": 2},
        )
    lens = calibration.lenses["depth"]
    axes.set(xlim=(-0.5, lens.width - 0.5), ylim=(lens.height - 0.5, -0.5), xticks=[], yticks=[])
    axes.set_title(
        f"depth, frame {capture.index}   (orange: the person's left, blue: right)", color="white", fontsize=11
    )


def _draw_channels(
    plots: Sequence[Axes], capture: Capture, rows: Sequence[Channels], plotted: Sequence[str]
) -> None:
    first = float(rows[0]["timestamp"])
    times = [(float(row["timestamp"]) - first) / 1e6 for row in rows]
    for axes, name in zip(plots, plotted, strict=True):
        axes.plot(times, [float(row[name]) for row in rows], color="#ff9f1c", linewidth=1.6)
        axes.axvline((capture.device_usec - first) / 1e6, color="#ffffff", linewidth=0.8, alpha=0.5)
        axes.set_title(name, color="white", fontsize=11, loc="left")
        axes.set_facecolor("#1f232b")
        axes.tick_params(colors="#c8ccd4")
        axes.grid(color="#343a46", linewidth=0.6)
        for spine in axes.spines.values():
            spine.set_color("#343a46")
    plots[-1].set_xlabel("seconds", color="#c8ccd4")
