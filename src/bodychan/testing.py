"""Contract checkers: whether a camera, tracker or output of your own keeps to what bodychan expects of it.

Each raises AssertionError with a sentence that names the rule that is broken.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from bodychan.cameras.base import Camera
from bodychan.channels.channels import Channels
from bodychan.errors import CameraError, OutputError
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.outputs.base import Output
from bodychan.tracking.base import Tracker

_REACH_MM = 2500.0
"""No joint of a person is farther from the pelvis, however they stretch."""
_SAME_MM = 500.0
"""Farther apart two pelvises are not one person's."""
_FARTHEST_MM = 65_535.0 + _REACH_MM
"""Depth images do not go farther."""

__all__ = ["check_bodies", "check_camera", "check_hard_input", "check_output", "check_tracker"]


def check_camera(open_one: Callable[[], Camera], captures: int = 20) -> None:
    """Check a kind of camera: a recording or scene, or a live device that delivers while it is checked.

    Args:
        open_one: opens the same camera anew at each call; it should have several captures.
        captures: how many to look at.
    """
    with open_one() as camera:
        first = [c for c, _ in zip(camera, range(captures), strict=False)]
        assert first, "a camera gives at least one capture"
        _check_order(camera, first)
        for capture in first:
            _check_images(camera, capture)
        if camera.live:
            _check_live(camera, first[-1])
        else:
            _check_refused(camera.latest, "latest() of a camera that is not live")
        if camera.seekable:
            _check_seeking(camera, first[-1])
        else:
            _check_refused(lambda: camera.seek(0), "seek() of a camera that cannot seek")
            _check_refused(lambda: len(camera), "len() of a camera that cannot seek")
    camera.close()
    _check_refused(camera.read, "reading a closed camera")
    if not camera.live:
        with open_one() as other:
            for expected, capture in zip(first, other, strict=False):
                _check_same(expected, capture)


def _check_refused(call: Callable[[], object], what: str) -> None:
    try:
        call()
    except CameraError:
        return
    raise AssertionError(f"{what} raises CameraError")


def _check_live(camera: Camera, last: Capture) -> None:
    assert not camera.seekable, "a live camera cannot seek"
    assert camera.duration_usec is None, "a live camera has no end"
    for newer in (camera.latest(), camera.latest()):
        if newer is not None:
            assert newer.index > last.index, "latest() gives no capture twice"
            last = newer


def _check_seeking(camera: Camera, last: Capture) -> None:
    camera.seek(last.device_usec)
    again = camera.read()
    assert again is not None, "after seek to a capture's time there is a capture"
    assert again.device_usec == last.device_usec, "seek goes to the first capture at or after the time"
    _check_same(last, again)
    camera.seek(0)
    assert len(camera) == sum(1 for _ in camera), "len() is the number of captures"


def _check_order(camera: Camera, captures: list[Capture]) -> None:
    assert captures[0].index >= 1, "captures are counted from 1"
    assert captures[0].device_usec >= camera.start_usec, "no capture lies before start_usec"
    for before, after in pairwise(captures):
        assert after.index > before.index, f"indices go up: {before.index} then {after.index}"
        assert after.device_usec > before.device_usec, f"device time goes up at capture {after.index}"
    accel = [sample.accel_usec for capture in captures for sample in capture.imu]
    assert accel == sorted(accel), "IMU samples come oldest first and none twice"


def _check_images(camera: Camera, capture: Capture) -> None:
    lens = camera.calibration.lenses["depth"]
    for name, image, usec in (
        ("depth", capture.depth, capture.depth_usec),
        ("ir", capture.ir, capture.ir_usec),
    ):
        assert (image is None) == (usec is None), (
            f"{name} and {name}_usec of capture {capture.index} go together"
        )
        if image is not None:
            assert image.dtype == np.uint16, f"{name} is uint16, not {image.dtype}"
            size = (lens.height, lens.width)
            assert image.shape == size, f"{name} is {image.shape}, the calibration says {size}"
    color = capture.color
    assert (capture.color_image is None) == (capture.color_usec is None), "color and color_usec go together"
    if color is not None:
        lens = camera.calibration.lenses["color"]
        assert color.dtype == np.uint8, f"color is uint8, not {color.dtype}"
        assert color.shape == (lens.height, lens.width, 3), (
            f"color is {color.shape}, not the calibration's size"
        )
        assert capture.color is color, "color is decoded once"


def _check_same(one: Capture, other: Capture) -> None:
    where = f"capture {one.index} is the same each time it is read"
    assert (one.index, one.device_usec) == (other.index, other.device_usec), where
    for a, b in ((one.depth, other.depth), (one.ir, other.ir)):
        assert (a is None) == (b is None), where
        assert a is None or b is None or np.array_equal(a, b), where
    a_color = one.color_image.data if one.color_image else b""
    assert a_color == (other.color_image.data if other.color_image else b""), where


def check_tracker(open_one: Callable[[], Tracker], captures: list[Capture]) -> None:
    """Check a tracker on captures of one camera: shapes, ids, confidence, and that it is deterministic.

    Args:
        open_one: makes the same tracker anew at each call.
        captures: in order.
    """
    runs: list[list[Bodies]] = []
    for _ in range(2):
        with open_one() as tracker:
            runs.append([tracker.track(capture) for capture in captures])
        tracker.close()
    for capture, one, other in zip(captures, *runs, strict=True):
        check_bodies(capture, one)
        for field in ("ids", "positions", "orientations", "confidence"):
            a, b = getattr(one, field), getattr(other, field)
            assert a.tobytes() == b.tobytes(), f"{field} of capture {capture.index} differ in a second run"
    with open_one() as tracker:
        nothing = tracker.track(Capture(index=1, depth=None))
        assert len(nothing) == 0, "a capture without images has no bodies"


def check_hard_input(open_one: Callable[[], Tracker], captures: list[Capture]) -> None:
    """Check that a tracker gets over what goes wrong in front of a camera.

    Images are missing or nonsense and the clock stands still or goes back: there is no error, what is given
    are bodies (`check_bodies`), and everybody who was tracked without all that is tracked again afterwards,
    where they were, and nobody else is.

    Args:
        open_one: makes the same tracker anew at each call.
        captures: in order, with somebody in them.
    """
    with open_one() as tracker:
        before = [tracker.track(capture) for capture in captures][-1]
    assert len(before), "the captures that this check is made with end with somebody in them"
    with open_one() as tracker:
        for capture in (bad for good in captures for bad in _spoilt(good)):
            check_bodies(capture, tracker.track(capture))
        after = [tracker.track(capture) for capture in captures][-1]
    assert len(after) == len(before), (
        f"after bad captures everybody is tracked again: there were {len(before)}, there are {len(after)}"
    )
    pelvises = [bodies.positions[:, 0] for bodies in (before, after)]
    away = np.linalg.norm(pelvises[0][:, None] - pelvises[1], axis=-1).min(axis=1)
    assert (away < _SAME_MM).all(), f"after bad captures somebody is {away.max():.0f} mm from where they are"


def _spoilt(capture: Capture) -> Iterator[Capture]:
    """Return a capture without each of its images, and with nonsense for depth, all at one time."""
    yield capture
    yield replace(capture, depth=None, depth_usec=None)
    yield replace(capture, ir=None, ir_usec=None)
    yield replace(capture, color_image=None, color_usec=None)
    if capture.depth is not None:
        for value in (0, 1, 300, 65535):
            yield replace(capture, depth=np.full_like(capture.depth, value))
        noise = np.random.default_rng(0).integers(0, 65536, capture.depth.shape, dtype=np.uint16)
        yield replace(capture, depth=noise)
    if capture.ir is not None:
        for value in (0, 65535):
            yield replace(capture, ir=np.full_like(capture.ir, value))


def check_bodies(capture: Capture, bodies: Bodies) -> None:
    """Check what a tracker gave for a capture: whose it is, ids, confidence, and that bodies are bodies."""
    assert bodies.frame == capture.index, "Bodies.frame is the capture's index"
    assert bodies.device_usec == capture.device_usec, "Bodies.device_usec is the capture's"
    assert len(set(bodies.ids.tolist())) == len(bodies), f"two bodies of capture {capture.index} have one id"
    assert (bodies.ids >= 1).all(), "ids count from 1"
    assert np.isin(bodies.confidence, (0, 1, 2)).all(), "confidence is 0, 1 or 2"
    norms = np.linalg.norm(bodies.orientations, axis=-1)
    assert np.allclose(norms, 1, atol=1e-6), "orientations are unit quaternions"
    pelvis = bodies.positions[:, :1]
    reach = np.linalg.norm(bodies.positions - pelvis, axis=-1)
    assert (reach < _REACH_MM).all(), f"no joint is {reach.max():.0f} mm from the pelvis"
    z = pelvis[..., 2]
    assert ((z > 0) & (z < _FARTHEST_MM)).all(), f"a pelvis at z = {z.ravel()} mm is where no camera sees"


def check_output(open_one: Callable[[], Output], received: Callable[[], list[Channels]]) -> None:
    """Check an output: what is written arrives, in order, with names and values, slices of samples, too.

    Args:
        open_one: opens the output.
        received: gives what has arrived once the output is closed: one `Channels` for every sample, or, of
            an output that is `newest_only`, for the newest of each write. Values may have been rounded to
            float32.
    """
    names = ("frame", "timestamp", "p1/id", "p1/pelvis:tx")
    samples = np.array([[i + 1.0, 1_000_000.0 + 33_333 * i, 7.0, 0.25 * i - 1] for i in range(7)]).T
    slices = [samples[:, :1], samples[:, 1:4], samples[:, 4:5], samples[:, 5:]]
    output = open_one()
    with output:
        for start, part in zip((0, 1, 4, 5), slices, strict=True):
            output.write(Channels(names, part.copy(), 30.0, start, isTimeSlice=True))
    output.close()
    _check_refuses(output, Channels(names, samples[:, :1].copy(), 30.0))
    expected = [part[:, [-1]] for part in slices] if output.newest_only else np.split(samples, 7, axis=1)
    arrived = received()
    kind = "newest samples" if output.newest_only else "samples"
    assert len(arrived) == len(expected), f"{len(expected)} {kind} were written, {len(arrived)} arrived"
    for sample, channels in zip(expected, arrived, strict=True):
        assert set(channels.names) == set(names), f"the names are {channels.names}"
        for name, want in zip(names, sample[:, 0].tolist(), strict=True):
            got = float(channels[name])
            assert np.isclose(got, want, rtol=1e-7), f"{name} is {got}, written was {want}"


def _check_refuses(output: Output, channels: Channels) -> None:
    try:
        output.write(channels)
    except OutputError:
        return
    raise AssertionError("writing to a closed output raises OutputError: what is written would be lost")
