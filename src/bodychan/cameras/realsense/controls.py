"""The colour controls of a RealSense, by the names that all cameras have them by."""

from typing import Any

from bodychan.cameras.settings import ControlRange
from bodychan.errors import DeviceUnavailable, Unavailable

# Of each control the library's option, and the option that makes it automatic.
_OPTIONS = {
    "exposure": ("exposure", "enable_auto_exposure"),
    "whitebalance": ("white_balance", "enable_auto_white_balance"),
    "brightness": ("brightness", None),
    "contrast": ("contrast", None),
    "saturation": ("saturation", None),
    "sharpness": ("sharpness", None),
    "gain": ("gain", None),
    "backlight": ("backlight_compensation", None),
    "powerfreq": ("power_line_frequency", None),
}
# The unit of the colour camera's exposure, in µs.
_EXPOSURE_USEC = 100


class Controls:
    """The controls of one colour sensor, None where there is none."""

    def __init__(self, rs: Any, sensor: Any) -> None:
        self._rs, self._sensor = rs, sensor

    def range(self, control: str) -> ControlRange:
        """Say what a control can be set to.

        Raises:
            DeviceUnavailable: REFUSED; the device has no such control.
        """
        able = self._ask(control, "get_option_range", self._option(control))
        unit = _EXPOSURE_USEC if control == "exposure" else 1
        lowest, highest, step, default = (
            round(value) * unit for value in (able.min, able.max, able.step, able.default)
        )
        automatic = self._automatic(control) is not None
        return ControlRange(automatic, lowest, highest, max(unit, step), default, automatic)

    def get(self, control: str) -> int | None:
        """Read a control; None when the device sets it by itself.

        Raises:
            DeviceUnavailable: REFUSED.
        """
        automatic = self._automatic(control)
        if automatic is not None and self._ask(control, "get_option", automatic):
            return None
        value: float = self._ask(control, "get_option", self._option(control))
        return round(value) * (_EXPOSURE_USEC if control == "exposure" else 1)

    def set(self, control: str, value: int | None) -> None:
        """Set a control; None lets the device set it by itself.

        Raises:
            DeviceUnavailable: REFUSED.
        """
        automatic = self._automatic(control)
        if automatic is not None:
            self._ask(control, "set_option", automatic, float(value is None))
        if value is not None:
            unit = _EXPOSURE_USEC if control == "exposure" else 1
            self._ask(control, "set_option", self._option(control), float(value // unit))

    def _option(self, control: str) -> Any:
        option = getattr(self._rs.option, _OPTIONS[control][0])
        if self._sensor is None or not self._sensor.supports(option):
            raise DeviceUnavailable(Unavailable.REFUSED, f"the device has no {control}: leave it out")
        return option

    def _automatic(self, control: str) -> Any:
        name = _OPTIONS[control][1]
        if name is None or self._sensor is None:
            return None
        option = getattr(self._rs.option, name)
        return option if self._sensor.supports(option) else None

    def _ask(self, control: str, function: str, *arguments: Any) -> Any:
        try:
            return getattr(self._sensor, function)(*arguments)
        except RuntimeError as error:
            raise DeviceUnavailable(
                Unavailable.REFUSED, f"the device does not give or take {control} ({error}): leave it out"
            ) from error
