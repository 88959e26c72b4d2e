"""The picture of what the tracker did with one capture: eleven panels, in the order of the stages."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from bodychan.evaluation import debug_marks as marks
from bodychan.evaluation.debug_marks import Look
from bodychan.evaluation.debug_stages import Stages
from bodychan.model.arrays import F64, U8, U16
from bodychan.model.bodies import NOBODY
from bodychan.model.skeleton import Confidence, Joint
from bodychan.tracking.blazepose.crop import cut
from bodychan.tracking.blazepose.landmarks import INPUT_SIZE
from bodychan.tracking.builtin.body_index import capsules
from bodychan.tracking.builtin.fit.fit import core_joints
from bodychan.tracking.builtin.fit.proportions import CORE
from bodychan.tracking.builtin.observe.candidate import Dropped

_EVERY = 3
"""Pixels skipped, each way, where the points of the depth image are drawn one by one."""
_AROUND_MM, _AROUND_PIXELS = 400.0, 45.0
"""Shown round the people."""
_MARGINS = {"left": 0.02, "right": 0.985, "top": 0.925, "bottom": 0.04, "wspace": 0.14, "hspace": 0.17}
_ACROSS = 4
"""Cutouts beside each other, in two rows at most."""
_FATES = "why the region was looked at, how sure the network is of a person (0 to 1), what came of it"
_CAMERAS = {"color": "colour image", "depth": "infrared image"}


def draw(stages: Stages, recording: str) -> Figure:
    """Draw the stages, from where people are searched to the joints from two sides."""
    trace = stages.trace
    figure = Figure(figsize=(24, 17.5), facecolor=marks.BACK)
    FigureCanvasAgg(figure)
    ids = ", ".join(str(i) for i in trace.bodies.ids) or "none"
    title = f"{recording}   capture {trace.capture.index}   bodies: {ids}"
    figure.suptitle(title, x=0.02, y=0.985, ha="left", color="white", fontsize=18)
    grid = figure.add_gridspec(3, 4, height_ratios=[0.72, 1, 1], **_MARGINS)
    looks = marks.looks_of(trace)
    _draw_search(figure.add_subplot(grid[0, 0]), stages)
    _draw_regions(figure.add_subplot(grid[0, 1]), stages, looks)
    _draw_cutouts(figure, grid[0, 2:], stages, looks)
    plots = [figure.add_subplot(grid[row, column]) for row in (1, 2) for column in range(4)]
    _draw_lifted(plots[0], stages, looks)
    _draw_steadied(plots[1], stages)
    _draw_before(plots[2], stages)
    _draw_after(plots[3], stages)
    _draw_capsules(plots[4], stages)
    _draw_owner(plots[5], stages)
    box = _box(stages)
    for axes in plots[:6]:
        axes.set(xlim=box[:2], ylim=box[:1:-1])
    _draw_space(plots[6], stages, (2, 1), "10  From the side")
    _draw_space(plots[7], stages, (0, 2), "11  From above")
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


def _draw_search(axes: Axes, stages: Stages) -> None:
    search, seen, capture = stages.trace.search, stages.seen, stages.trace.capture
    axes.imshow(seen.image)
    for square in search.squares:
        marks.outline(axes, square, marks.SEARCHED, alpha=0.6)
    for region in search.lost:
        marks.outline(axes, region, "white", "--")
    for proposal in search.proposals:
        if proposal.place is not None:
            marks.outline(axes, proposal.region, marks.NO_BODY, ":")
    found = search.found
    for n, (score, keypoints) in enumerate(zip(found.scores, found.keypoints, strict=True)):
        axes.plot(*keypoints[:2].T, "o-", color=marks.COLOURS[1], markersize=5, linewidth=1.6)
        beside = np.linalg.norm(found.keypoints[:n, 1] - keypoints[1], axis=1) < 0.1 * seen.image.shape[1]
        marks.tag(axes, f"{score:.2f}", keypoints[1], marks.COLOURS[1], (0, 10 + 18 * int(beside.sum())))
    image = "depth relief" if seen.camera == "depth" and capture.ir is None else _CAMERAS[seen.camera]
    squares = "1 square" if len(search.squares) == 1 else f"{len(search.squares)} squares"
    marks.titled(
        axes,
        f"1  Search in the {image}: {squares}, {len(found)} found",
        "yellow: searched · blue: detected · dashed: lost here · dotted: depth shape",
    )
    marks.bare(axes, seen.image.shape)


def _draw_regions(axes: Axes, stages: Stages, looks: Sequence[Look]) -> None:
    seen = stages.seen
    axes.imshow(seen.image, alpha=0.6)
    for n, look in enumerate(looks):
        region = look.find.landmarks.region
        marks.outline(axes, region, look.colour, "-" if look.id is not None else "--")
        marks.tag(axes, look.letter, marks.corner(region, n, seen.image.shape), look.colour)
    marks.titled(axes, "2  Regions that were looked at", "one letter each · dashed: dropped")
    marks.bare(axes, seen.image.shape)


def _draw_cutouts(figure: Figure, place: SubplotSpec, stages: Stages, looks: Sequence[Look]) -> None:
    shown = looks[: 2 * _ACROSS]
    more = f", {len(shown)} of {len(looks)}" if len(looks) > len(shown) else ""
    whole = figure.add_subplot(place, frame_on=False, xticks=[], yticks=[])
    marks.titled(whole, f"3  What the landmark network saw: landmarks and mask{more}", _FATES)
    if not shown:
        marks.said(whole, "nothing was looked at")
    rows = 1 + (len(shown) > _ACROSS)
    # The last row is the room for the lowest labels.
    cells = place.subgridspec(
        rows + 1, _ACROSS, height_ratios=[*[1.0] * rows, 0.12], hspace=0.45, wspace=0.05
    )
    for n, look in enumerate(shown):
        _draw_cutout(figure.add_subplot(cells[divmod(n, _ACROSS)]), stages, look)


def _draw_cutout(axes: Axes, stages: Stages, look: Look) -> None:
    found = look.find.landmarks
    image = np.clip(cut(stages.seen.image, found.region, INPUT_SIZE, 0.0, 1.0), 0, 1)
    mask = found.mask > 0
    image[mask] = 0.65 * image[mask] + 0.35 * np.array(to_rgb(look.colour), np.float32)
    axes.imshow(image)
    places = found.region.to_fractions(found.pixels) * INPUT_SIZE - 0.5
    marks.lines(axes, places, marks.LANDMARK_LINES, look.colour)
    marks.points(axes, places, found.visibility > 0.5, look.colour, size=2.5)
    marks.bare(axes, image.shape)
    fate = f"dropped: {look.find.reason.value}" if isinstance(look.find, Dropped) else f"id {look.id}"
    label = f"{look.letter}  {fate}\n{look.find.origin.value}, {found.score:.2f}"
    axes.text(0, -0.03, label, transform=axes.transAxes, color=look.colour, fontsize=11, va="top")


def _draw_lifted(axes: Axes, stages: Stages, looks: Sequence[Look]) -> None:
    marks.titled(
        axes,
        "4  Lifted by the depth",
        "filled: measured · hollow: measured, but thought hidden · ×: not measured",
    )
    if not marks.depth_image(axes, stages.trace.capture):
        return
    for look in reversed(looks):
        lifted = look.find.lifted
        if lifted is not None:
            pixels, valid = stages.calibration.lenses["depth"].project(lifted.points)
            marks.points(axes, pixels, lifted.seen, look.colour, valid & lifted.measured)
            axes.plot(*pixels[valid & ~lifted.measured].T, "x", color=look.colour, markersize=6)


def _draw_steadied(axes: Axes, stages: Stages) -> None:
    marks.titled(axes, "5  Completed and steadied", "hollow: guessed · red: moved by steadying")
    if not marks.depth_image(axes, stages.trace.capture):
        return
    lens = stages.calibration.lenses["depth"]
    for row, person in marks.people_by_row(stages.trace):
        pixels, valid = lens.project(person.steadied.points)
        before, was_valid = lens.project(person.completed.points)
        both = np.concatenate([pixels, before])
        tails = [(i, i + len(pixels)) for i in range(len(pixels))]
        marks.lines(axes, both, tails, "#ff3b30", np.concatenate([valid, was_valid]))
        marks.lines(axes, pixels, marks.LANDMARK_LINES, marks.colour(row), valid)
        marks.points(axes, pixels, person.steadied.seen, marks.colour(row), valid)


def _draw_before(axes: Axes, stages: Stages) -> None:
    marks.titled(axes, "6  Joints before the fit", _MEANING)
    if not marks.depth_image(axes, stages.trace.capture):
        return
    lens = stages.calibration.lenses["depth"]
    _draw_truth(axes, stages)
    for row, person in marks.people_by_row(stages.trace):
        joints, seen = core_joints(person.steadied)
        pixels, valid = lens.project(joints)
        marks.lines(axes, pixels, _CORE_LINES, marks.colour(row), valid)
        marks.points(axes, pixels, seen, marks.colour(row), valid)
        _tag(axes, stages, row, joints)


def _draw_after(axes: Axes, stages: Stages) -> None:
    marks.titled(axes, "7  Skeleton after the fit", _MEANING)
    if not marks.depth_image(axes, stages.trace.capture):
        return
    bodies = stages.trace.bodies
    _draw_truth(axes, stages)
    for row, (points, confidence) in enumerate(zip(bodies.positions, bodies.confidence, strict=True)):
        pixels, valid = stages.calibration.lenses["depth"].project(points)
        marks.lines(axes, pixels, marks.JOINT_LINES, marks.colour(row), valid)
        marks.points(axes, pixels, confidence >= Confidence.MEDIUM, marks.colour(row), valid)
        _tag(axes, stages, row, points[list(CORE)])


_MEANING = "hollow: not seen · white: the truth, and the limbs' mean distance to it"
_TRUNK = (
    ("SHOULDER_LEFT", "SHOULDER_RIGHT"),
    ("HIP_LEFT", "HIP_RIGHT"),
    ("SHOULDER_LEFT", "HIP_LEFT"),
    ("SHOULDER_RIGHT", "HIP_RIGHT"),
)
_CORE_LINES = [
    *((CORE.index(j.parent), CORE.index(j)) for j in CORE if j.parent in CORE),
    *(
        (CORE.index(Joint[f"{part}_LEFT"]), CORE.index(Joint[f"{part}_RIGHT"]))
        for part in ("SHOULDER", "HIP")
    ),
    *((CORE.index(Joint[f"SHOULDER_{s}"]), CORE.index(Joint[f"HIP_{s}"])) for s in ("LEFT", "RIGHT")),
]


def _draw_truth(axes: Axes, stages: Stages) -> None:
    for points in _true_points(stages):
        pixels, valid = stages.calibration.lenses["depth"].project(points)
        marks.lines(axes, pixels, marks.JOINT_LINES, marks.TRUTH, valid, ":")


def _tag(axes: Axes, stages: Stages, row: int, joints: F64) -> None:
    """Write how far the joints of `CORE` (12, 3) of a body are from the nearest truth; else its id."""
    pixels, valid = stages.calibration.lenses["depth"].project(stages.trace.bodies.positions[row])
    if valid.any():
        gaps = [np.linalg.norm(joints - true[list(CORE)], axis=1).mean() for true in _true_points(stages)]
        text = f"{min(gaps):.0f} mm" if gaps else f"id {stages.trace.bodies.ids[row]}"
        top = pixels[valid][np.argmin(pixels[valid, 1])]
        marks.tag(axes, text, top, marks.colour(row), (0, 26))


def _true_points(stages: Stages) -> Sequence[F64]:
    return [] if stages.truth is None else list(stages.truth.joints)


def _draw_capsules(axes: Axes, stages: Stages) -> None:
    marks.titled(axes, "8  Capsules around the bones", "what of the depth lies in them is the body's")
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
    marks.titled(axes, "9  Body index map", "whose pixel each is")
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
