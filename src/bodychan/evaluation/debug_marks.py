"""How things are drawn in the picture of the tracker's stages: colours, lines, points, outlines, labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from bodychan.model.arrays import F64, Bool
from bodychan.model.capture import Capture
from bodychan.model.skeleton import Joint
from bodychan.optics.calibration import Calibration
from bodychan.tracking.builtin.observe.crop import Square
from bodychan.tracking.builtin.observe.looks import Find
from bodychan.tracking.builtin.trace import Trace

COLOURS = ("#ff9f1c", "#2ec4ff", "#7cff6b", "#ff5c8a", "#d9a7ff", "#ffe74c")
NO_BODY, TRUTH = "#9aa0aa", "#ffffff"
BACK, _FRONT, _SOFT = "#16181d", "#1f232b", "#c8ccd4"

JOINT_LINES: Sequence[tuple[int, int]] = [(j.parent, j) for j in Joint if j.parent is not None]


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """A find as it is drawn: `letter` names its square, `id` is None for one that gave no body."""

    letter: str
    find: Find
    id: int | None
    colour: str


def marked(trace: Trace) -> list[Marked]:
    """Give the finds, the bodies' first, in the order of their ids."""
    rows = {int(i): row for row, i in enumerate(trace.bodies.ids)}
    ids = [_id_of(find, trace) for find in trace.finds]
    order = sorted(range(len(ids)), key=lambda n: (ids[n] is None, ids[n] or 0, n))
    out = []
    for n, index in enumerate(order):
        number = ids[index]
        tint = NO_BODY if number is None else colour(rows[number])
        out.append(Marked(chr(ord("A") + n % 26), trace.finds[index], number, tint))
    return out


def _id_of(find: Find, trace: Trace) -> int | None:
    """Give the id of the body that a find became."""
    return next((i for i, body in trace.people.items() if body.look is find.look), None)


def colour(row: int) -> str:
    """Give the colour of the body in a row of the bodies."""
    return COLOURS[row % len(COLOURS)]


def titled(axes: Axes, title: str, below: str = "") -> None:
    """Write a panel's title, and under it what its marks mean."""
    axes.set_title(title, color="white", fontsize=14, loc="left", pad=21 if below else 6)
    axes.annotate(
        below, (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points", color=_SOFT, fontsize=10
    )
    axes.set_facecolor(_FRONT)
    axes.tick_params(colors=_SOFT)
    for spine in axes.spines.values():
        spine.set_color("#343a46")


def bare(axes: Axes, shape: tuple[int, ...]) -> None:
    """Show an image's pixels and no ticks."""
    axes.set(xlim=(-0.5, shape[1] - 0.5), ylim=(shape[0] - 0.5, -0.5), xticks=[], yticks=[])
    axes.set(aspect="equal", anchor="NW")


def depth_image(axes: Axes, capture: Capture) -> bool:
    """Show a capture's depth, nearer is lighter; give whether there is any."""
    depth = capture.depth
    if depth is None:
        axes.set(xticks=[], yticks=[], aspect="equal", anchor="NW")
        said(axes, "no depth image:\nthe tracker looks at nothing")
        return False
    shown = np.ma.masked_equal(depth, 0)
    if not shown.count():
        bare(axes, depth.shape)
        said(axes, "nothing was measured")
        return False
    near, far = np.percentile(shown.compressed(), (2, 98))
    # People in a middle grey, on which both black and light colours can be read.
    axes.imshow(shown, cmap="gray_r", vmin=near - (far - near), vmax=far * 1.2, interpolation="nearest")
    bare(axes, depth.shape)
    return True


def said(axes: Axes, text: str) -> None:
    """Write what there is to say about an empty panel into its middle."""
    axes.text(
        0.5, 0.5, text, transform=axes.transAxes, color=_SOFT, fontsize=13, ha="center", va="center", zorder=5
    )


def tag(axes: Axes, text: str, place: F64, colour: str, offset: tuple[float, float] = (0, 0)) -> None:
    """Write a short label on a dark ground."""
    axes.annotate(
        text,
        (float(place[0]), float(place[1])),
        offset,
        textcoords="offset points",
        color=colour,
        fontsize=11,
        fontweight="bold",
        ha="center",
        va="center",
        annotation_clip=True,
        bbox={"facecolor": BACK, "alpha": 0.75, "linewidth": 0, "pad": 2},
        zorder=6,
    )


def corners(square: Square, trace: Trace, calibration: Calibration) -> F64:
    """Give a square's corners (4, 2) in the pixels of the depth image."""
    half = square.side / 2
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    tangents = np.array([square.x, square.y]) + half * signs
    points = np.concatenate([tangents, np.ones((4, 1))], axis=1)
    return calibration.lenses["depth"].project(trace.upright.to_camera(points))[0]


def outline(axes: Axes, corners: F64, colour: str, style: str = "-") -> None:
    """Draw a square's outline."""
    axes.add_patch(Polygon(corners, fill=False, color=colour, linestyle=style, linewidth=1.4))


def lines(
    axes: Axes,
    places: F64,
    pairs: Iterable[tuple[int, int]],
    colour: str,
    valid: Bool | None = None,
    style: str = "-",
) -> None:
    """Draw the lines between pairs of places (N, 2), where both are valid."""
    for pair in pairs:
        if valid is None or valid[list(pair)].all():
            axes.plot(*places[list(pair)].T, style, color=colour, linewidth=1.6, solid_capstyle="round")


def points(
    axes: Axes, places: F64, full: Bool, colour: str, valid: Bool | None = None, size: float = 4.0
) -> None:
    """Draw places (N, 2): filled where `full`, else hollow."""
    there = np.ones(len(places), bool) if valid is None else valid
    axes.plot(*places[there & full].T, "o", color=colour, markersize=size)
    axes.plot(*places[there & ~full].T, "o", color=colour, markersize=size, markerfacecolor=BACK)


def capsule(axes: Axes, ends: F64, radii: F64, colour: str) -> None:
    """Draw a capsule's outline: `ends` (2, 2) pixels, `radii` (2,) pixels at each."""
    from scipy.spatial import ConvexHull

    angles = np.linspace(0, 2 * np.pi, 25)[:-1]
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rims = (ends[:, None] + radii[:, None, None] * circle).reshape(-1, 2)
    hull = rims[ConvexHull(rims).vertices]
    axes.add_patch(Polygon(hull, facecolor=colour, alpha=0.1, edgecolor="none"))
    axes.add_patch(Polygon(hull, fill=False, edgecolor=colour, alpha=0.7, linewidth=0.9))
