"""The picture of what the tracker did with one capture: nine panels, in the order of the stages."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.patches import Circle

from bodychan.evaluation import debug_marks as marks
from bodychan.evaluation.debug_marks import Marked
from bodychan.evaluation.debug_stages import Stages
from bodychan.evaluation.measures import MAJOR
from bodychan.model.arrays import F64, U8, U16
from bodychan.model.bodies import NOBODY
from bodychan.model.skeleton import Confidence
from bodychan.tracking.builtin.body_index import capsules
from bodychan.tracking.builtin.observe.crop import SIZE, cut
from bodychan.tracking.builtin.observe.looks import trunk_sigma_mm

_EVERY = 3
"""Pixels skipped, each way, where the points of the depth image are drawn one by one."""
_AROUND_MM, _AROUND_PIXELS = 400.0, 45.0
"""Shown round the people."""
_MARGINS = {"left": 0.02, "right": 0.985, "top": 0.925, "bottom": 0.04, "wspace": 0.14, "hspace": 0.17}
_ACROSS = 4
"""Crops beside each other, in two rows at most."""
_FATES = "why it was looked at, how likely somebody is there, the trunk's error to expect, what came of it"
_MEANING = "hollow: not seen · white: the truth, and the mean distance to it"


def draw(stages: Stages, recording: str) -> Figure:
    """Draw the stages, from where people are searched to the joints from two sides."""
    trace = stages.trace
    figure = Figure(figsize=(24, 17.5), facecolor=marks.BACK)
    FigureCanvasAgg(figure)
    ids = ", ".join(str(i) for i in trace.bodies.ids) or "none"
    title = f"{recording}   capture {trace.capture.index}   bodies: {ids}"
    figure.suptitle(title, x=0.02, y=0.985, ha="left", color="white", fontsize=18)
    grid = figure.add_gridspec(3, 4, height_ratios=[0.72, 1, 1], **_MARGINS)
    finds = marks.marked(trace)
    _draw_squares(figure.add_subplot(grid[0, 0]), stages, finds)
    _draw_infrared(figure.add_subplot(grid[0, 1]), stages)
    _draw_crops(figure, grid[0, 2:], stages, finds)
    lower = grid[1:, :].subgridspec(2, 3, wspace=0.14, hspace=0.2)
    plots = [figure.add_subplot(lower[row, column]) for row in range(2) for column in range(3)]
    _draw_looks(plots[0], stages, finds)
    _draw_fitted(plots[1], stages)
    _draw_capsules(plots[3], stages)
    _draw_owner(plots[4], stages)
    box = _box(stages)
    for axes in (plots[0], plots[1], plots[3], plots[4]):
        axes.set(xlim=box[:2], ylim=box[:1:-1])
    _draw_space(plots[2], stages, (2, 1), "6  From the side")
    _draw_space(plots[5], stages, (0, 2), "9  From above")
    return figure


def _box(stages: Stages) -> tuple[float, float, float, float]:
    """Give a square of the depth image with the people: left, right, top, bottom; all of it without any."""
    lens = stages.calibration.lenses["depth"]
    people = [*stages.trace.bodies.positions, *_true_points(stages)]
    pixels, valid = lens.project(np.reshape(people, (-1, 3)))
    corners = np.array([[-0.5, -0.5], [lens.width - 0.5, lens.height - 0.5]])
    if valid.any():
        shown = np.clip(pixels[valid], *corners)
        corners = np.clip([shown.min(axis=0) - _AROUND_PIXELS, shown.max(axis=0) + _AROUND_PIXELS], *corners)
    (x, y), half = corners.mean(axis=0), float(np.ptp(corners, axis=0).max()) / 2
    return x - half, x + half, y - half, y + half


def _draw_squares(axes: Axes, stages: Stages, finds: Sequence[Marked]) -> None:
    marks.titled(axes, "1  Where was looked", "one letter each · dashed: no body · cross: a head or shape")
    if not marks.depth_image(axes, stages.trace.capture):
        return
    lens = stages.calibration.lenses["depth"]
    for n, mark in enumerate(finds):
        corners = marks.corners(mark.find.look.square, stages.trace, stages.calibration)
        marks.outline(axes, corners, mark.colour, "-" if mark.id is not None else "--")
        inside = np.clip(corners[n % 4], 15, np.array([lens.width, lens.height]) - 15)
        marks.tag(axes, mark.letter, inside, mark.colour)
        if mark.find.proposal is not None:
            place = stages.trace.upright.to_camera(mark.find.proposal.place[None])
            axes.plot(*lens.project(place)[0].T, "x", color=mark.colour, markersize=9)


def _draw_infrared(axes: Axes, stages: Stages) -> None:
    marks.titled(axes, "2  Infrared image", "as the square root of the counts")
    infrared = stages.trace.capture.ir
    if infrared is None:
        axes.set(xticks=[], yticks=[])
        marks.said(axes, "no infrared image:\nthe tracker does with depth alone")
        return
    axes.imshow(np.sqrt(infrared.astype(np.float64)), cmap="gray")
    marks.bare(axes, infrared.shape)


def _draw_crops(figure: Figure, place: SubplotSpec, stages: Stages, finds: Sequence[Marked]) -> None:
    shown = finds[: 2 * _ACROSS]
    more = f", {len(shown)} of {len(finds)}" if len(finds) > len(shown) else ""
    whole = figure.add_subplot(place, frame_on=False, xticks=[], yticks=[])
    marks.titled(whole, f"3  What the network saw, and its joints{more}", _FATES)
    if not shown:
        marks.said(whole, "nothing was looked at")
    rows = 1 + (len(shown) > _ACROSS)
    # The last row is the room for the lowest labels.
    cells = place.subgridspec(
        rows + 1, _ACROSS, height_ratios=[*[1.0] * rows, 0.12], hspace=0.45, wspace=0.05
    )
    for n, mark in enumerate(shown):
        _draw_crop(figure.add_subplot(cells[divmod(n, _ACROSS)]), stages, mark)


def _draw_crop(axes: Axes, stages: Stages, mark: Marked) -> None:
    find, depth = mark.find, stages.trace.capture.depth
    assert depth is not None
    crop = cut(depth, None, stages.trace.upright.fine, find.look.square)
    axes.imshow(np.ma.masked_where(crop[1] == 0, crop[0]), cmap="bone_r", vmin=-0.8, vmax=1.2)
    square = find.look.square
    tangents = find.look.joints[:, :2] / find.look.joints[:, 2:]
    places = ((tangents - (square.x, square.y)) / square.side + 0.5) * SIZE - 0.5
    marks.lines(axes, places, marks.JOINT_LINES, mark.colour)
    marks.points(axes, places, find.look.seen > 0.5, mark.colour, size=2.5)
    marks.bare(axes, (SIZE, SIZE))
    why = "followed" if find.proposal is None else find.proposal.origin
    fate = find.fate.value if mark.id is None else f"id {mark.id}"
    label = f"{mark.letter}  {fate}\n{why}, {find.look.presence:.2f}, {trunk_sigma_mm(find.look):.0f} mm"
    axes.text(0, -0.03, label, transform=axes.transAxes, color=mark.colour, fontsize=11, va="top")


def _draw_looks(axes: Axes, stages: Stages, finds: Sequence[Marked]) -> None:
    marks.titled(axes, "4  The network's joints", "circles: the error to expect · hollow: thought hidden")
    if not marks.depth_image(axes, stages.trace.capture):
        return
    lens = stages.calibration.lenses["depth"]
    for mark in reversed(finds):
        look = mark.find.look
        if mark.id is None:
            continue
        points = stages.trace.upright.to_camera(look.joints)
        pixels, valid = lens.project(points)
        marks.points(axes, pixels, look.seen > 0.5, mark.colour, valid)
        for pixel, radius in zip(pixels[valid], (look.sigma * lens.fx / points[:, 2])[valid], strict=True):
            axes.add_patch(Circle(pixel, radius, fill=False, edgecolor=mark.colour, alpha=0.5))


def _draw_fitted(axes: Axes, stages: Stages) -> None:
    marks.titled(axes, "5  The articulated body", _MEANING)
    if not marks.depth_image(axes, stages.trace.capture):
        return
    lens, bodies = stages.calibration.lenses["depth"], stages.trace.bodies
    for points in _true_points(stages):
        pixels, valid = lens.project(points)
        marks.lines(axes, pixels, marks.JOINT_LINES, marks.TRUTH, valid, ":")
    for row, (points, confidence) in enumerate(zip(bodies.positions, bodies.confidence, strict=True)):
        pixels, valid = lens.project(points)
        marks.lines(axes, pixels, marks.JOINT_LINES, marks.colour(row), valid)
        marks.points(axes, pixels, confidence >= Confidence.MEDIUM, marks.colour(row), valid)
        _tag(axes, stages, row)


def _tag(axes: Axes, stages: Stages, row: int) -> None:
    """Write how far the major joints of a body are from the nearest truth; else its id."""
    joints = stages.trace.bodies.positions[row][list(MAJOR)]
    pixels, valid = stages.calibration.lenses["depth"].project(stages.trace.bodies.positions[row])
    if valid.any():
        gaps = [np.linalg.norm(joints - true[list(MAJOR)], axis=1).mean() for true in _true_points(stages)]
        text = f"{min(gaps):.0f} mm" if gaps else f"id {stages.trace.bodies.ids[row]}"
        top = pixels[valid][np.argmin(pixels[valid, 1])]
        marks.tag(axes, text, top, marks.colour(row), (0, 26))


def _true_points(stages: Stages) -> Sequence[F64]:
    return [] if stages.truth is None else list(stages.truth.joints)


def _draw_capsules(axes: Axes, stages: Stages) -> None:
    marks.titled(axes, "7  Capsules around the bones", "what of the depth lies in them is the body's")
    if not marks.depth_image(axes, stages.trace.capture):
        return
    lens = stages.calibration.lenses["depth"]
    for row, body in enumerate(zip(*capsules(stages.trace.bodies.positions), strict=True)):
        for start, end, radius in zip(*body, strict=True):
            ends = np.stack([start, end])
            pixels, valid = lens.project(ends)
            if valid.all():
                marks.capsule(axes, pixels, radius * lens.fx / ends[:, 2], marks.colour(row))


def _draw_owner(axes: Axes, stages: Stages) -> None:
    marks.titled(axes, "8  Body index map", "whose pixel each is")
    if not marks.depth_image(axes, stages.trace.capture) or stages.owner is None:
        return
    paint = np.zeros((*stages.owner.shape, 4))
    for row, number in enumerate(stages.trace.bodies.ids):
        mine = stages.owner == row
        paint[mine] = (*to_rgb(marks.colour(row)), 0.55)
        if mine.any():
            v, u = np.nonzero(mine)
            marks.tag(axes, f"id {number}", np.array([u.mean(), v.min()]), marks.colour(row), (0, 10))
    axes.imshow(paint, interpolation="nearest")


def _draw_space(axes: Axes, stages: Stages, plane: tuple[int, int], title: str) -> None:
    """Draw the depth image's points, by whose they are, and the skeletons in two of the three axes, m."""
    names = ("x, to the right (m)", "y, down (m)", "z, away from the camera (m)")
    marks.titled(axes, title, "dots: the depth image · white: the truth, if known")
    axes.set_xlabel(names[plane[0]], color="#c8ccd4", fontsize=11)
    axes.set_ylabel(names[plane[1]], color="#c8ccd4", fontsize=11)
    depth = stages.trace.capture.depth
    if depth is None or stages.owner is None or not depth.any():
        axes.set(xticks=[], yticks=[])
        marks.said(axes, "no depth image" if depth is None else "nothing was measured")
        return
    _draw_cloud(axes, depth, stages.owner, stages, plane)
    for points in _true_points(stages):
        marks.lines(axes, points[:, plane] / 1000, marks.JOINT_LINES, marks.TRUTH, style=":")
    bodies = stages.trace.bodies
    for row, points in enumerate(bodies.positions):
        marks.lines(axes, points[:, plane] / 1000, marks.JOINT_LINES, marks.colour(row))
        full = bodies.confidence[row] >= Confidence.MEDIUM
        marks.points(axes, points[:, plane] / 1000, full, marks.colour(row))
    axes.set_aspect("equal", adjustable="datalim")
    if plane[1] == 1:
        axes.invert_yaxis()
    axes.grid(color="#343a46", linewidth=0.6)


def _draw_cloud(axes: Axes, depth: U16, owner: U8, stages: Stages, plane: tuple[int, int]) -> None:
    chosen = (slice(_EVERY // 2, None, _EVERY),) * 2
    z = depth[chosen].astype(np.float64)[..., None]
    points = np.concatenate([stages.calibration.lenses["depth"].ray_table[chosen] * z, z], axis=-1)
    shown = z[..., 0] > 0
    people = [*stages.trace.bodies.positions, *_true_points(stages)]
    if people:
        joints = np.concatenate(people)
        low, high = joints.min(axis=0) - _AROUND_MM, joints.max(axis=0) + _AROUND_MM
        shown &= ((points > low) & (points < high)).all(axis=-1)
    for row, tint in ((NOBODY, "#565d69"), *enumerate(map(marks.colour, range(len(stages.trace.bodies))))):
        axes.plot(*(points[shown & (owner[chosen] == row)][:, plane].T / 1000), ",", color=tint, alpha=0.8)
