"""What the Kinect Azure TOPs share: an image, chosen by parameters."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bodychan.cameras.base import Camera
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.operators.kinect.tables import OTHER_CAMERA, SelectTable, TopTable, image_camera
from bodychan.operators.operator import Operator
from bodychan.optics.calibration import Calibration

if TYPE_CHECKING:
    from bodychan.operators.kinect.images import Image


class CameraHolder(Protocol):
    """What an image is made of: the TOP that holds the camera."""

    @property
    def camera(self) -> Camera | None:
        """The camera that is open; None while there is none."""

    @property
    def bodies(self) -> Bodies | None:
        """The newest bodies; None while there are none."""

    def shown(self, *, with_bodies: bool) -> Capture | None:
        """Return the newest capture, or that of the newest bodies."""


class ImageTOP(Operator):
    """An operator that gives one image of a camera."""

    par: TopTable | SelectTable

    @property
    @abstractmethod
    def _holder(self) -> CameraHolder | None:
        """The TOP that holds the camera; None while there is none."""

    def numpyArray(self) -> "Image":
        """Return the image that the parameters choose at the project's frame, its first row at the top.

        Formats are those of `images.render`. Without a camera it is black, 1 pixel wide and high; where the
        capture lacks what the image takes it is black in its own size.
        """
        from bodychan.operators.kinect.images import render

        self.cook()
        source = self._holder
        if source is None or source.camera is None or not self.par.active:
            return np.zeros((1, 1), np.uint8)
        name = self._image_name
        capture = source.shown(with_bodies=self.par.bodyimage)
        bodies = source.bodies
        # The player index belongs to its own capture: it goes with the bodies in either case.
        if name.startswith("playerindex"):
            capture = source.shown(with_bodies=True)
        image = render(name, capture, bodies, source.camera.calibration)
        return image[:, ::-1].copy() if self.par.mirrorimage else image

    @property
    def _image_name(self) -> str:
        return OTHER_CAMERA[self.par.image] if self.par.remapimage else self.par.image

    def _warm_up(self, calibration: Calibration) -> None:
        """Prepare the image that the parameters choose, so that its first frame takes no longer."""
        from bodychan.operators.kinect.images import warm_up

        warm_up(self._image_name, calibration)

    @property
    def width(self) -> int:
        """Width of the image in pixels."""
        self.cook()
        return self._size()[0]

    @property
    def height(self) -> int:
        """Height of the image in pixels."""
        self.cook()
        return self._size()[1]

    def _size(self) -> tuple[int, int]:
        """Return the width and height of the image that `numpyArray` gives, without making it."""
        holder = self._holder
        if holder is None or holder.camera is None or not self.par.active:
            return 1, 1
        lens = holder.camera.calibration.lenses[image_camera(self._image_name)]
        return lens.width, lens.height

    def info(self) -> dict[str, float]:
        """Return the Info channels of this operator; see `Operator.info`."""
        size = self._size()
        aspect = dict(zip(("resx", "resy", "aspectx", "aspecty"), (*size, *size), strict=True))
        return aspect | super().info()
