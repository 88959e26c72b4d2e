"""Snapshots as binary messages; what is costly is made once and shared by all pages."""

from collections.abc import Callable, Hashable

import numpy as np

from bodychan.model.arrays import F64, I16
from bodychan.operators.kinect.images import render
from bodychan.operators.kinect.tables import IMAGES, image_camera
from bodychan.optics.calibration import Calibration
from bodychan.viewer import cloud, pictures
from bodychan.viewer.commands import Watch
from bodychan.viewer.frames import Frame, pack
from bodychan.viewer.snapshot import Snapshot

IMAGE_NAMES = tuple(name for name, _ in IMAGES)

_KEPT = 8
"""How many costly parts are kept: those of one capture, for pages that show different things."""

_FLOOR_EVERY_SECONDS = 1.0


class Encoder:
    """Encodes snapshots. It is used from one thread at a time."""

    def __init__(self) -> None:
        self._parts: dict[Hashable, tuple[object, bytes]] = {}
        self._calibration: Calibration | None = None
        self._rays: I16 = np.zeros((0, 2), np.int16)
        self._floor: tuple[float, float | None] = (-_FLOOR_EVERY_SECONDS, None)

    def heavy(self, snapshot: Snapshot, watch: Watch) -> Hashable:
        """Return what the costly parts depend on: the same again need not be sent again."""
        if watch.cloud == "off" and not watch.image:
            return None
        tracked = snapshot.tracked if watch.image else None
        return id(snapshot.capture), id(tracked), snapshot.mirrored, watch.cloud, watch.image

    def encode(
        self, snapshot: Snapshot, watch: Watch, *, heavy: bool, rays_of: Calibration | None
    ) -> tuple[bytes, Calibration | None]:
        """Write what a page shows of a snapshot.

        Args:
            snapshot: the moment.
            watch: what the page shows.
            heavy: with points and image.
            rays_of: whose rays the page has.

        Returns:
            The message, and whose rays the page has then.
        """
        parts: dict[str, bytes] = {}
        grid, floor = (0, 0), None
        if watch.skeletons or watch.image:
            parts["joints"] = snapshot.skeletons.astype("<f4").tobytes()
        if watch.channels and snapshot.channels is not None:
            parts["channels"] = snapshot.channels.samples[:, -1].astype("<f8").tobytes()
        if heavy and watch.cloud != "off" and self._has_depth(snapshot) and snapshot.calibration is not None:
            self._learn(snapshot.calibration)
            grid, floor = self._points(snapshot, watch, parts)
            if rays_of is not snapshot.calibration:
                parts["rays"] = self._rays.astype("<i2").tobytes()
                rays_of = snapshot.calibration
        image, aspect = "", 0.0
        if heavy and watch.image in IMAGE_NAMES and snapshot.calibration is not None:
            image = watch.image
            parts["image"], aspect = self._image(snapshot, watch.image)
        frame = Frame(
            serial=snapshot.serial,
            seconds=round(snapshot.seconds, 6),
            capture=snapshot.capture.index if snapshot.capture else 0,
            captured_ms=round(snapshot.captured * 1000.0, 1),
            players=snapshot.players,
            revision=snapshot.revision,
            grid=grid,
            placement=tuple(round(float(value), 6) for value in snapshot.placement.ravel()),
            up=_three(snapshot.up),
            floor=floor,
            image=image,
            aspect=aspect,
        )
        return pack(frame, parts), rays_of

    def _has_depth(self, snapshot: Snapshot) -> bool:
        return snapshot.capture is not None and snapshot.capture.depth is not None

    def _learn(self, calibration: Calibration) -> None:
        if calibration is not self._calibration:
            self._calibration = calibration
            self._rays = cloud.rays(calibration)
            self._floor = (-_FLOOR_EVERY_SECONDS, None)

    def _points(
        self, snapshot: Snapshot, watch: Watch, parts: dict[str, bytes]
    ) -> tuple[tuple[int, int], float | None]:
        assert snapshot.capture is not None
        assert snapshot.capture.depth is not None
        depth = cloud.thinned(snapshot.capture.depth)
        parts["depth"] = self._once(("depth",), snapshot.capture, lambda: cloud.deflated(depth))
        if watch.cloud == "color" and snapshot.capture.color_image is not None:
            parts["colors"] = self._once(("colors",), snapshot.capture, lambda: self._colors(snapshot))
        at, floor = self._floor
        if abs(snapshot.captured - at) >= _FLOOR_EVERY_SECONDS:
            floor = cloud.floor_height(depth, self._rays, snapshot.up)
            self._floor = (snapshot.captured, floor)
        return (depth.shape[1], depth.shape[0]), floor

    def _colors(self, snapshot: Snapshot) -> bytes:
        assert snapshot.calibration is not None
        image = render("colorremap", snapshot.capture, None, snapshot.calibration)
        step = cloud.stride(*image.shape[:2])
        return pictures.jpeg("color", image[::step, ::step])

    def _image(self, snapshot: Snapshot, name: str) -> tuple[bytes, float]:
        calibration = snapshot.calibration
        assert calibration is not None
        lens = calibration.lenses[image_camera(name)]
        bodies = snapshot.bodies if name.startswith("playerindex") else None

        # Joints are drawn over it: it has to be the image that they were found in.
        capture = snapshot.tracked or snapshot.capture

        def make() -> bytes:
            image = render(name, capture, bodies, calibration)
            return pictures.jpeg(name, image[:, ::-1] if snapshot.mirrored else image)

        key = (name, bodies.frame if bodies else 0, snapshot.mirrored)
        return self._once(key, capture, make), lens.height / lens.width

    def _once(self, key: Hashable, capture: object, make: Callable[[], bytes]) -> bytes:
        """Return a costly part of a capture, made when it is first asked for."""
        known = self._parts.pop(key, None)
        data = known[1] if known is not None and known[0] is capture else make()
        self._parts[key] = (capture, data)
        while len(self._parts) > _KEPT:
            del self._parts[next(iter(self._parts))]
        return data


def _three(vector: F64) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 5) for value in vector)
    return x, y, z
