"""What the Kinect Azure TOPs share: an image, chosen by parameters."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bodychan.cameras.base import Camera
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.operators.kinect import tables
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
        """Give the newest capture, or that of the newest bodies."""


class ImageTOP(Operator):
    """An operator that gives one image of a camera."""

    @property
    @abstractmethod
    def _source(self) -> CameraHolder | None:
        """The TOP that holds the camera; None while there is none."""

    def numpyArray(self) -> "Image":
        """Give the image that the parameters choose at the project's frame, its first row at the top.

        Formats are those of `images.render`. Without a camera it is black, 1 pixel wide and high; where the
        capture lacks what the image takes it is black in its own size.
        """
        from bodychan.operators.kinect.images import render

        self.cook()
        source = self._source
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
        name: str = self.par.image
        return tables.OTHER_CAMERA[name] if self.par.remapimage else name

    def _warm_up(self, calibration: Calibration) -> None:
        """Prepare the image that the parameters choose, so that its first frame takes no longer."""
        from bodychan.operators.kinect.images import warm_up

        warm_up(self._image_name, calibration)

    @property
    def width(self) -> int:
        """Width of the image in pixels."""
        return int(self.numpyArray().shape[1])

    @property
    def height(self) -> int:
        """Height of the image in pixels."""
        return int(self.numpyArray().shape[0])

    def info(self) -> dict[str, float]:
        """Give the Info channels of this operator; see `Operator.info`."""
        source = self._source
        size = (0, 0)
        if source is not None and source.camera is not None:
            lens = source.camera.calibration.lenses[tables.image_camera(self._image_name)]
            size = (lens.width, lens.height)
        aspect = dict(zip(("resx", "resy", "aspectx", "aspecty"), (*size, *size), strict=True))
        return aspect | super().info()
