"""The Kinect Azure Select TOP: another image of a camera that a Kinect Azure TOP holds."""

from bodychan.errors import OperatorError
from bodychan.operators.kinect import tables
from bodychan.operators.kinect.image_top import ImageTOP
from bodychan.operators.kinect.top import KinectAzureTOP


class KinectAzureSelectTOP(ImageTOP):
    """Gives a further image of the camera of the Kinect Azure TOP that `top` names."""

    table = tables.SelectTable
    par: tables.SelectTable

    _found: KinectAzureTOP | None = None
    _warm: KinectAzureTOP | None = None

    def _cook(self) -> None:
        self._found = None
        if not self.par.active:
            return
        top = self.project.reference(self, "top", KinectAzureTOP)
        top.cook()
        if not top.par.active:
            raise OperatorError(f"{top.path} is not active: switch its parameter 'active' on")
        if top.camera is not None and top is not self._warm:
            self._warm_up(top.camera.calibration)
            self._warm = top
        self._found = top

    @property
    def _holder(self) -> KinectAzureTOP | None:
        return self._found
