"""The picture of every stage of the tracker in one capture."""

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from bodychan.bodies import NOBODY
from bodychan.calibration import Calibration
from bodychan.evaluation.debug_frame import WARM_CAPTURES, Person, Stages
from bodychan.skeleton import Confidence, Joint
from bodychan.tracking.complete import LIMBS
from bodychan.tracking.landmarks import INPUT_SIZE, Landmark
from bodychan.tracking.region import Region
from bodychan.types import F64, Bool

_COLOURS = ("#ff9f1c", "#2ec4ff", "#7cff6b", "#ff5c8a", "#d9a7ff", "#ffe74c")
_NO_BODY, _TRUTH = "#9aa0aa", "#ffffff"
_BACK, _FRONT = "#16181d", "#1f232b"
_EVERY = 4
"""Pixels skipped, each way, where points are drawn one by one."""
_AROUND_MM, _AROUND_PIXELS = 500.0, 45.0
"""Shown round the people."""
_SAME_MM = 450.0
"""A person whose trunk is so near to a body's is drawn in that body's colour."""
_ENDS = (
    *(("WRIST", "INDEX"), ("WRIST", "THUMB"), ("ANKLE", "HEEL"), ("ANKLE", "TOE")),
    ("SHOULDER", "HIP"),
)
_TRUNK_AND_FACE = [
    *((Landmark[f"{a}_{side}"], Landmark[f"{b}_{side}"]) for a, b in _ENDS for side in ("LEFT", "RIGHT")),
    (Landmark.SHOULDER_LEFT, Landmark.SHOULDER_RIGHT),
    (Landmark.HIP_LEFT, Landmark.HIP_RIGHT),
    (Landmark.EAR_LEFT, Landmark.NOSE),
    (Landmark.NOSE, Landmark.EAR_RIGHT),
]
_LANDMARK_LINES = [*((bone.parent, bone.child) for bone in LIMBS), *_TRUNK_AND_FACE]
_JOINT_LINES = [(joint.parent, joint) for joint in Joint if joint.parent is not None]


def draw(stages: Stages, calibration: Calibration, recording: str) -> Figure:
    """Draw the stages, from what the networks see to the joints from two sides."""
    figure = Figure(figsize=(21, 17.5), layout="constrained", facecolor=_BACK)
    FigureCanvasAgg(figure)
    plots = np.asarray(figure.subplots(3, 3)).ravel().tolist()
    ids = ", ".join(str(i) for i in stages.bodies.ids) or "none"
    figure.suptitle(
        f"{recording}, capture {stages.capture.index}: bodies {ids}.   Stages 1 to 5 as if it were the first "
        f"capture, 6 to 9 after up to {WARM_CAPTURES} before it.   Grey: not of a body; white: the truth, "
        "where it is known",
        color="white",
    )
    colours = [_colour_of(person, stages) for person in stages.people]
    _draw_detections(plots[0], stages)
    _draw_landmarks(plots[1], stages, colours)
    _draw_cutouts(plots[2], stages.people, colours)
    _draw_lifted(plots[3], stages, calibration, colours)
    _draw_before(plots[4], stages, calibration, colours)
    _draw_after(plots[5], stages, calibration)
    _draw_owner(plots[6], stages)
    side, above = ("8 from the side: z to the right, y down", "9 from above: x to the right, z up")
    for axes, plane, title in ((plots[7], (2, 1), side), (plots[8], (0, 2), above)):
        _draw_cloud(axes, stages, calibration, plane)
        _draw_space(axes, stages, plane, f"{title}, mm (dots: before the fit)", colours)
    box = _box(stages, calibration)
    for axes in plots[3:6]:
        axes.set(xlim=box[::2], ylim=box[:0:-2])
    return figure


def _colour_of(person: Person, stages: Stages) -> str:
    """Give the colour of the body that a person is."""
    if person.completed is None or not len(stages.bodies):
        return _NO_BODY
    trunk = [f"{part}_{side}" for part in ("SHOULDER", "HIP") for side in ("LEFT", "RIGHT")]
    middle = person.completed.points[[Landmark[name] for name in trunk]].mean(axis=0)
    bodies = stages.bodies.positions[:, [Joint[name] for name in trunk]].mean(axis=1)
    gaps = np.linalg.norm(bodies - middle, axis=1)
    return _colour(int(np.argmin(gaps))) if gaps.min() < _SAME_MM else _NO_BODY


def _box(stages: Stages, calibration: Calibration) -> tuple[float, float, float, float]:
    """Give the part of the depth image with people: left, top, right, bottom; all of it without any."""
    lens = calibration.lenses["depth"]
    people = [*stages.bodies.positions, *_true_points(stages)]
    pixels, valid = calibration.project(np.reshape(people, (-1, 3)), "depth", "depth")
    if not valid.any():
        return -0.5, -0.5, lens.width - 0.5, lens.height - 0.5
    low = np.maximum(pixels[valid].min(axis=0) - _AROUND_PIXELS, -0.5)
    high = np.minimum(pixels[valid].max(axis=0) + _AROUND_PIXELS, (lens.width - 0.5, lens.height - 0.5))
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _titled(axes: Axes, title: str) -> None:
    axes.set_title(title, color="white", fontsize=10)
    axes.set_facecolor(_FRONT)
    axes.tick_params(colors="#c8ccd4")


def _image(axes: Axes, shape: tuple[int, ...], title: str) -> None:
    _titled(axes, title)
    axes.set(xlim=(-0.5, shape[1] - 0.5), ylim=(shape[0] - 0.5, -0.5), xticks=[], yticks=[])


def _colour(index: int) -> str:
    return _COLOURS[index % len(_COLOURS)]


def _draw_detections(axes: Axes, stages: Stages) -> None:
    axes.imshow(stages.seen.image)
    for square in stages.squares:
        _outline(axes, square, "#ffffff", 0.25)
    found = stages.detections
    for n, (score, box, points) in enumerate(zip(found.scores, found.boxes, found.keypoints, strict=True)):
        left, top, right, bottom = box
        axes.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, color=_colour(n)))
        axes.plot(*points[:2].T, "o-", color=_colour(n), markersize=4, linewidth=1)
        axes.annotate(f"{score:.2f}", (left, top), (0, 3), textcoords="offset points", color=_colour(n))
    what = f"1 detector on {stages.seen.camera}: {len(found)} found in {len(stages.squares)} parts"
    _image(axes, stages.seen.image.shape, f"{what} (head; hips to circle)")


def _draw_landmarks(axes: Axes, stages: Stages, colours: Sequence[str]) -> None:
    axes.imshow(stages.seen.image)
    for colour, person in zip(colours, stages.people, strict=True):
        marks = person.landmarks
        _outline(axes, marks.region, colour, 0.9)
        _lines(axes, marks.pixels, _LANDMARK_LINES, colour)
        _points(axes, marks.pixels, marks.visibility > 0.5, colour)
        corner = np.clip(marks.region.to_image(np.zeros((1, 2)))[0], 12, None)
        axes.annotate(f"{marks.score:.2f}", corner, (2, -9), textcoords="offset points", color=colour)
    _image(axes, stages.seen.image.shape, "2 landmarks and their regions (hollow: thought hidden)")


def _outline(axes: Axes, region: Region, colour: str, alpha: float) -> None:
    corners = region.to_image(np.array([[0.0, 0.0], [1, 0], [1, 1], [0, 1]]))
    axes.add_patch(Polygon(corners, fill=False, color=colour, alpha=alpha))


def _draw_cutouts(axes: Axes, people: Sequence[Person], colours: Sequence[str]) -> None:
    across = max(1, int(np.ceil(np.sqrt(len(people)))))
    down = max(1, -(-len(people) // across))
    wall = np.zeros((down * INPUT_SIZE, across * INPUT_SIZE, 3), np.uint8)
    for n, (person, colour) in enumerate(zip(people, colours, strict=True)):
        y, x = n // across * INPUT_SIZE, n % across * INPUT_SIZE
        tinted = person.cutout.astype(np.float64)
        mask = person.landmarks.mask > 0
        tinted[mask] = 0.65 * tinted[mask] + 0.35 * 255 * np.array(to_rgb(colour))
        wall[y : y + INPUT_SIZE, x : x + INPUT_SIZE] = tinted
    axes.imshow(wall)
    _image(axes, wall.shape, "3 what the landmark network sees, and its mask")


def _draw_depth(axes: Axes, stages: Stages, title: str) -> None:
    depth = stages.capture.depth
    if depth is None:
        _titled(axes, f"{title}: no depth image")
        return
    shown = np.ma.masked_equal(depth, 0)
    near, far = np.percentile(shown.compressed(), (2, 98)) if shown.count() else (0, 1)
    # People in a middle grey, on which both black and light colours can be read.
    axes.imshow(shown, cmap="gray_r", vmin=near - (far - near), vmax=far * 1.2, interpolation="nearest")
    _image(axes, depth.shape, title)


def _draw_lifted(axes: Axes, stages: Stages, calibration: Calibration, colours: Sequence[str]) -> None:
    _draw_depth(
        axes, stages, "4 landmarks lifted by the depth, mm (x: nothing measured; hollow: not believed)"
    )
    for colour, person in zip(colours, stages.people, strict=True):
        if person.lifted is None:
            continue
        pixels, valid = calibration.project(person.lifted.points, "depth", "depth")
        measured = person.lifted.measured
        _points(axes, pixels, person.lifted.seen, colour, valid & measured)
        axes.plot(*pixels[valid & ~measured].T, "x", color=colour, markersize=5)
        for mark in Landmark:
            if measured[mark] and valid[mark] and mark >= Landmark.SHOULDER_LEFT and colour != _NO_BODY:
                text = f"{person.lifted.points[mark, 2]:.0f}"
                axes.annotate(
                    text, pixels[mark], (4, 2), textcoords="offset points", fontsize=7, clip_on=True
                )


def _draw_before(axes: Axes, stages: Stages, calibration: Calibration, colours: Sequence[str]) -> None:
    _draw_depth(axes, stages, "5 before the fit: landmarks completed (hollow: guessed)")
    for colour, person in zip(colours, stages.people, strict=True):
        if person.completed is not None:
            pixels, valid = calibration.project(person.completed.points, "depth", "depth")
            _lines(axes, pixels, _LANDMARK_LINES, colour, valid)
            _points(axes, pixels, person.completed.seen, colour, valid)


def _draw_after(axes: Axes, stages: Stages, calibration: Calibration) -> None:
    _draw_depth(axes, stages, "6 after the fit: 32 joints (hollow: predicted)")
    for n, (points, confidence) in enumerate(
        zip(stages.bodies.positions, stages.bodies.confidence, strict=True)
    ):
        pixels, valid = calibration.project(points, "depth", "depth")
        _lines(axes, pixels, _JOINT_LINES, _colour(n), valid)
        _points(axes, pixels, confidence >= Confidence.MEDIUM, _colour(n), valid)
        label = f"id {stages.bodies.ids[n]}"
        axes.annotate(label, pixels[Joint.HEAD], (0, 30), textcoords="offset points", color=_colour(n))
    for points in _true_points(stages):
        pixels, valid = calibration.project(points, "depth", "depth")
        _lines(axes, pixels, _JOINT_LINES, _TRUTH, valid, ":")


def _draw_owner(axes: Axes, stages: Stages) -> None:
    _draw_depth(axes, stages, "7 body index map")
    if stages.owner is not None:
        paint = np.zeros((*stages.owner.shape, 4))
        for n in range(len(stages.bodies)):
            paint[stages.owner == n] = (*to_rgb(_colour(n)), 0.55)
        axes.imshow(paint, interpolation="nearest")


def _draw_cloud(axes: Axes, stages: Stages, calibration: Calibration, plane: tuple[int, int]) -> None:
    """Draw the depth image's points round the people in two of the three axes, by whose they are."""
    people = [*stages.bodies.positions, *_true_points(stages)]
    if not people or stages.capture.depth is None or stages.owner is None:
        return
    chosen = (slice(_EVERY // 2, None, _EVERY),) * 2
    z = stages.capture.depth[chosen].astype(np.float64)[..., None]
    points = np.concatenate([calibration.lenses["depth"].ray_table[chosen] * z, z], axis=-1)
    joints = np.concatenate(people)
    inside = (points > joints.min(axis=0) - _AROUND_MM) & (points < joints.max(axis=0) + _AROUND_MM)
    near, owner = inside.all(axis=-1) & (z[..., 0] > 0), stages.owner[chosen]
    axes.plot(*points[near & (owner == NOBODY)][:, plane].T, ",", color="#7a8290")
    for n in range(len(stages.bodies)):
        axes.plot(*points[owner == n][:, plane].T, ",", color=_colour(n), alpha=0.8)


def _draw_space(
    axes: Axes, stages: Stages, plane: tuple[int, int], title: str, colours: Sequence[str]
) -> None:
    """Draw the joints in two of the three axes."""
    for colour, person in zip(colours, stages.people, strict=True):
        if person.completed is not None and colour != _NO_BODY:
            axes.plot(*person.completed.points[:, plane].T, ".", color=colour, markersize=4, alpha=0.7)
    for n, points in enumerate(stages.bodies.positions):
        _lines(axes, points[:, plane], _JOINT_LINES, _colour(n))
        _points(axes, points[:, plane], stages.bodies.confidence[n] >= Confidence.MEDIUM, _colour(n))
    for points in _true_points(stages):
        _lines(axes, points[:, plane], _JOINT_LINES, _TRUTH, style=":")
    _titled(axes, title)
    axes.set_aspect("equal", adjustable="datalim")
    if plane[1] == 1:
        axes.invert_yaxis()
    axes.grid(color="#343a46", linewidth=0.6)


def _true_points(stages: Stages) -> Sequence[F64]:
    return [] if stages.truth is None else list(stages.truth.joints)


def _lines(
    axes: Axes,
    places: F64,
    pairs: Iterable[tuple[int, int]],
    colour: str,
    valid: Bool | None = None,
    style: str = "-",
) -> None:
    for pair in pairs:
        if valid is None or valid[list(pair)].all():
            axes.plot(*places[list(pair)].T, style, color=colour, linewidth=1.4)


def _points(axes: Axes, places: F64, full: Bool, colour: str, valid: Bool | None = None) -> None:
    there = np.ones(len(places), bool) if valid is None else valid
    axes.plot(*places[there & full].T, "o", color=colour, markersize=3.5)
    axes.plot(*places[there & ~full].T, "o", color=colour, markersize=3.5, markerfacecolor="none")
