"""A picture of what was tracked in a set of depth images."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bodychan.evaluation.depth_sets import DepthSet
from bodychan.model.arrays import U16
from bodychan.model.bodies import Bodies
from bodychan.model.skeleton import Confidence, Joint

_MOST_SHOWN, _ACROSS = 12, 4
_COLOURS = ("#ff5050", "#50a0ff", "#50ff78", "#ffdc3c", "#ff78ff", "#ff9f1c")


def sheet(known: DepthSet, tracked: list[Bodies]) -> Figure:
    """Draw images of a set with the bodies: filled joints are seen, hollow ones are not."""
    shown = np.unique(np.linspace(0, len(tracked) - 1, min(len(tracked), _MOST_SHOWN)).astype(int))
    across = min(_ACROSS, len(shown))
    down = -(-len(shown) // across)
    height, width = known.depth.shape[1:]
    figure = Figure(figsize=(5.0 * across, 5.0 * down * height / width), facecolor="#16181d")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(down, across, left=0, right=1, top=1, bottom=0, wspace=0.01, hspace=0.01)
    for place, i in enumerate(shown):
        axes = figure.add_subplot(grid[place])
        _draw(axes, known, known.depth[i], tracked[i])
    return figure


def _draw(axes: Axes, known: DepthSet, depth: U16, bodies: Bodies) -> None:
    image = np.ma.masked_equal(depth, 0)
    near, far = np.percentile(image.compressed(), (2, 98)) if image.count() else (0, 1)
    axes.imshow(image, cmap="bone_r", vmin=near, vmax=far * 1.3, interpolation="nearest")
    axes.set(xlim=(-0.5, depth.shape[1] - 0.5), ylim=(depth.shape[0] - 0.5, -0.5), xticks=[], yticks=[])
    axes.set_facecolor("black")
    for row, (points, confidence) in enumerate(zip(bodies.positions, bodies.confidence, strict=True)):
        pixels, valid = known.calibration.lenses["depth"].project(points)
        colour = _COLOURS[row % len(_COLOURS)]
        for joint in Joint:
            parent = joint.parent
            if parent is None or not (valid[joint] and valid[parent]):
                continue
            seen = confidence[joint] >= Confidence.MEDIUM
            axes.plot(*pixels[[joint, parent]].T, color=colour, linewidth=2.4 if seen else 0.9)
            face = colour if seen else "none"
            edge = "#ffffff" if joint.side == "left" else colour
            axes.plot(*pixels[joint], "o", markersize=4, markerfacecolor=face, markeredgecolor=edge)
