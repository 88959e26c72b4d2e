"""The synthetic camera: a virtual Azure Kinect before a room with walking, waving people.

Every capture is a pure function of scene, seed, frame rate and index, so that the camera reads at random and
gives the same bytes each time.
"""

from collections.abc import Callable
from functools import cached_property
from urllib.parse import parse_qsl

import msgspec
import numpy as np

from bodychan.cameras.base import Camera
from bodychan.cameras.synthetic.device import (
    IMU_HZ,
    SERIAL_NUMBER,
    device_calibration,
    hold,
    hold_in_hand,
    imu_samples,
)
from bodychan.cameras.synthetic.eye import Eye, encode_jpeg, paint_people, paint_room, smooth_rays
from bodychan.cameras.synthetic.figure import Figure, make_figure
from bodychan.cameras.synthetic.kinematics import Pose
from bodychan.cameras.synthetic.room import Sight
from bodychan.cameras.synthetic.scenes import SCENES
from bodychan.cameras.synthetic.sensor import lit_area, measure_depth, measure_infrared
from bodychan.cameras.synthetic.truth import true_bodies
from bodychan.cameras.synthetic.views import VIEWS, moved, without_walls
from bodychan.errors import CameraError, did_you_mean
from bodychan.model.arrays import F64, U8, Bool
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture, ColorImage, ImuSample
from bodychan.optics.modes import FRAME_RATES

START_USEC = 1_000_000
_HEIGHT_MM = 1150.0
_MAX_SECONDS = 86_400.0
_MAX_SEED = 2**63 - 1
_DEPTH_NOISE, _INFRARED_NOISE, _COLOR_NOISE, _IMU_NOISE = range(4)


class _Options(msgspec.Struct, forbid_unknown_fields=True):
    """What may stand after the `?` of the URL."""

    seed: int = 0
    seconds: float = 10.0
    fps: int = 30
    view: int = 0
    late: float = 0.0


class _LazyColorImage(ColorImage):
    """A colour image whose bytes are rendered when they are first asked for; most readers never do."""

    __slots__ = ("_bytes", "_render")
    _bytes: bytes
    _render: Callable[[], bytes]

    def __init__(self, width: int, height: int, render: Callable[[], bytes]) -> None:
        fixed = {"format": "MJPG", "width": width, "height": height, "decode": _decode, "_render": render}
        for name, value in fixed.items():
            object.__setattr__(self, name, value)

    @property
    def data(self) -> bytes:
        """The JPEG."""
        if not hasattr(self, "_bytes"):
            object.__setattr__(self, "_bytes", self._render())
        return self._bytes


class SyntheticCamera(Camera):
    """A camera that looks at one of the `scenes.SCENES`: `synthetic:SCENE[?seed=N&seconds=S&fps=30|15|5]`.

    `truth` gives the people of a capture as they really are. Several cameras look at the same scene with
    `view=1` to `view=4`, see `views`; `pose` is where each is. One that starts `late=S` seconds into the
    scene has a clock that is so much behind those of the others.

    Raises:
        CameraError: there is no such scene, or an option is unknown or out of range.
    """

    def __init__(self, url: str) -> None:
        scene, options = _parse(url)
        self.name = url
        self.fps = options.fps
        self.calibration = device_calibration()
        self.start_usec = START_USEC
        self.warnings = []
        self._scene = SCENES[scene] if options.view == 0 else without_walls(SCENES[scene])
        self._seed = options.seed
        self._view = options.view
        self._late = options.late
        self._frames = max(1, round(options.seconds * options.fps))
        self._next = 1
        self._known_people: tuple[int, list[tuple[Figure, Pose]]] = 0, []
        self._figures = tuple(make_figure(options.seed, n) for n in range(len(self._scene.people)))
        held = (hold_in_hand if self._scene.moving else hold)(_HEIGHT_MM)
        self._placement = moved(held, options.view)
        self.duration_usec = self._usec(self._frames + 1) - START_USEC
        self.tags = {"K4A_DEVICE_SERIAL_NUMBER": SERIAL_NUMBER, "K4A_DEPTH_MODE": self.calibration.depth_mode}
        if self._scene.color:
            self.tags["K4A_COLOR_MODE"] = f"MJPG_{self.calibration.color_resolution}"

    @property
    def pose(self) -> F64:
        """The depth camera's pose at the start, (4, 4), mm: points of its SDK frame to points of the room."""
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = self._placement(self._seconds(1))
        return matrix

    def truth(self, capture: Capture) -> Bodies:
        """Give the people of one of this camera's captures as they really are.

        Ids number the people of the scene from 1. Confidence is MEDIUM where the joint's own surface is
        seen, LOW where something hides it, NONE outside the view. People of whom no joint is seen are left
        out.
        """
        index = capture.index
        placement = self._placement(self._seconds(index))
        return true_bodies(
            index, capture.device_usec, self._people(index), placement, self._depth_eye, self._lit
        )

    def _read(self) -> Capture | None:
        if self._next > self._frames:
            return None
        capture = self._capture(self._next)
        self._next += 1
        return capture

    def _seek(self, device_usec: int) -> None:
        guess = int((device_usec - START_USEC) * self.fps / 1e6)
        self._next = max(1, guess)
        while self._usec(self._next) < device_usec:
            self._next += 1

    def _count(self) -> int:
        return self._frames

    def _usec(self, index: int) -> int:
        return START_USEC + round((index - 1) * 1e6 / self.fps)

    def _seconds(self, index: int) -> float:
        return self._late + (index - 1) / self.fps

    def _rng(self, index: int, purpose: int) -> np.random.Generator:
        view = (self._view,) if self._view else ()
        return np.random.Generator(np.random.SFC64([self._seed, index, purpose, *view]))

    def _people(self, index: int) -> list[tuple[Figure, Pose]]:
        # Depth, colour and truth of a capture ask for the same; colour perhaps on another thread.
        known, people = self._known_people
        if known != index:
            seconds = self._seconds(index)
            motions = zip(self._figures, self._scene.people, strict=True)
            people = [(figure, motion.pose(figure, seconds)) for figure, motion in motions]
            self._known_people = index, people
        return people

    def _capture(self, index: int) -> Capture:
        usec = self._usec(index)
        sight = self._depth_sight(index)
        strength = self._depth_eye.strength(sight, self._depth_eye.albedos(self._figures))
        rng = self._rng(index, _DEPTH_NOISE)
        depth = measure_depth(sight.depth, strength, sight.cosine, self._lit, rng)
        infrared = color = None
        if self._scene.infrared:
            infrared = measure_infrared(strength, self._lit, self._rng(index, _INFRARED_NOISE))
        if self._scene.color:
            lens = self.calibration.lenses["color"]
            color = _LazyColorImage(lens.width, lens.height, lambda: self._jpeg(index))
        return Capture(
            index=index,
            depth=depth,
            ir=infrared,
            color_image=color,
            depth_usec=usec,
            ir_usec=None if infrared is None else usec,
            color_usec=None if color is None else usec,
            imu=self._imu(index),
        )

    def _imu(self, index: int) -> tuple[ImuSample, ...]:
        first, last = (1 + int(np.floor((i - 1) / self.fps * IMU_HZ)) for i in (index - 1, index))
        rng = self._rng(index, _IMU_NOISE)
        return imu_samples(self.calibration, self._placement, first, last, START_USEC, rng)

    def _depth_sight(self, index: int) -> Sight:
        placement = self._placement(self._seconds(index))
        room = self._depth_eye.room(*placement) if self._scene.moving else self._depth_room
        return self._depth_eye.people(room, *placement, self._people(index))

    def _jpeg(self, index: int) -> bytes:
        placement = self._color_placement(index)
        room, picture = self._color_room
        if self._scene.moving:
            room = self._color_eye.room(*placement)
            picture = paint_room(room, self._scene.boxes)
        sight = self._color_eye.people(room, *placement, self._people(index))
        picture = picture.copy()
        paint_people(picture, sight, self._color_eye.faces, self._figures, placement[0])
        return encode_jpeg(picture, self._rng(index, _COLOR_NOISE))

    def _color_placement(self, index: int) -> tuple[F64, F64]:
        """Give where the colour camera is: rotation to the room and place in it."""
        rotation, place = self._placement(self._seconds(index))
        to_depth = self.calibration.extrinsics("color", "depth")
        return rotation @ to_depth[:3, :3], place + rotation @ to_depth[:3, 3]

    @cached_property
    def _depth_eye(self) -> Eye:
        lens = self.calibration.lenses["depth"]
        return Eye(lens, np.nan_to_num(lens.ray_table), self._scene.boxes)

    @cached_property
    def _color_eye(self) -> Eye:
        lens = self.calibration.lenses["color"]
        return Eye(lens, smooth_rays(lens), self._scene.boxes)

    @cached_property
    def _lit(self) -> Bool:
        lens = self.calibration.lenses["depth"]
        return lit_area(lens) & np.isfinite(lens.ray_table[..., 0])

    @cached_property
    def _depth_room(self) -> Sight:
        """The room as a camera that stands still sees it at all times."""
        return self._depth_eye.room(*self._placement(0.0))

    @cached_property
    def _color_room(self) -> tuple[Sight, U8]:
        room = self._color_eye.room(*self._color_placement(1))
        return room, paint_room(room, self._scene.boxes)


def _decode(image: ColorImage) -> U8 | None:
    from bodychan.cameras.color import decode_color

    return decode_color(image)


def _parse(url: str) -> tuple[str, _Options]:
    scene, _, query = url.removeprefix("synthetic:").partition("?")
    if scene not in SCENES:
        raise CameraError(f"{url}: no scene '{scene}': {did_you_mean(scene, SCENES)}")
    try:
        fields = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
        options = msgspec.convert(fields, _Options, strict=False)
    except (ValueError, msgspec.ValidationError) as error:
        raise CameraError(
            f"{url}: {error}; options are seed=N, seconds=S, fps=30, 15 or 5, view=1 to 4 and late=S"
        ) from error
    if not 0 <= options.view <= VIEWS or not 0 <= options.late <= _MAX_SECONDS:
        raise CameraError(f"{url}: view must be 1 to {VIEWS}, or 0 for none of them, and late 0 or more")
    if (
        not 0 <= options.seed <= _MAX_SEED
        or not 0 < options.seconds <= _MAX_SECONDS
        or options.fps not in FRAME_RATES
    ):
        raise CameraError(
            f"{url}: seed must be 0 or more and below 2^63, seconds above 0 and at most {_MAX_SECONDS:.0f}, "
            "fps 30, 15 or 5"
        )
    return scene, options
