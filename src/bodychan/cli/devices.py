"""Options of commands that open a live camera: the modes that Microsoft's recorder asks for as well."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bodychan.optics.modes import COLOR_RESOLUTIONS, DEPTH_MODES, FRAME_RATES, Mode, named, one_named
from bodychan.plugins import scheme_of

if TYPE_CHECKING:
    from bodychan.cameras.settings import DeviceSettings

_Command = TypeVar("_Command", bound=Callable[..., Any])

_ASKED = "bodychan.camera"
_NOT_LIVE = ("", "file", "synthetic")
_CONTROLS = ("exposure", "gain", "whitebalance")


class _Control(click.ParamType[int | str]):
    """A number, or auto."""

    name = "number or auto"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """Take a whole number or the word."""
        if value == "auto":
            return value
        if not value.isdecimal():
            self.fail(f"{value} is neither a whole number nor auto", param, ctx)
        return int(value)


class _ModeName(click.ParamType[str]):
    """The name of a mode, in capitals or not; of another maker's camera the size of its images."""

    name = "mode"

    def __init__(self, modes: Mapping[str, Mode], *more: str) -> None:
        self._modes, self._more = modes, more

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take a name of the table, one of the others, or a size."""
        name = value.upper()
        if name not in self._more and named(name, self._modes) is None:
            known = ", ".join((*self._modes, *self._more))
            self.fail(f"'{value}' is not one of {known}, and no size such as 848x480", param, ctx)
        return name

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002
        """Show the names."""
        return f"[{'|'.join((*self._modes, *self._more))}|WxH]"


def camera_options(rate: str, *, without_color: bool) -> Callable[[_Command], _Command]:
    """Add the options of a live camera; `settings_of` or `parameters_of` give what was asked for.

    Args:
        rate: the option of its frame rate.
        without_color: whether the colour camera may be off.
    """
    resolutions = _ModeName(COLOR_RESOLUTIONS, *(["OFF"] if without_color else []))
    options: tuple[tuple[tuple[str, str], dict[str, Any]], ...] = (
        (("--mode", "depth_mode"), {"type": _ModeName(DEPTH_MODES), "help": "Depth mode."}),
        (
            ("--resolution", "color_resolution"),
            {"type": resolutions, "help": "Colour resolution."},
        ),
        (
            ("--color-format", "color_format"),
            {"type": _choice(["MJPG", "NV12", "YUY2", "BGRA"]), "help": "Format of colour images."},
        ),
        (
            (rate, "camera_fps"),
            {"type": _choice([str(fps) for fps in FRAME_RATES]), "help": "Frame rate of the camera."},
        ),
        (
            ("--sync", "wired_sync"),
            {"type": _choice(["STANDALONE", "MASTER", "SUBORDINATE"]), "help": "Part in a chain of cameras."},
        ),
        (
            ("--sync-delay", "subordinate_delay_usec"),
            {"type": int, "metavar": "µs", "help": "From the master's image to a subordinate's."},
        ),
        (
            ("--depth-delay", "depth_delay_usec"),
            {"type": int, "metavar": "µs", "help": "From the colour image to the depth image."},
        ),
        (("--exposure", "exposure"), {"type": _Control(), "metavar": "µs|auto", "help": "Colour exposure."}),
        (("--gain", "gain"), {"type": int, "metavar": "N", "help": "Colour gain."}),
        (
            ("--whitebalance", "whitebalance"),
            {"type": _Control(), "metavar": "K|auto", "help": "Colour temperature."},
        ),
    )

    def add(command: _Command) -> _Command:
        for (name, target), more in reversed(options):
            option = click.option(name, target, callback=_keep, expose_value=False, **more)
            command = option(command)
        return command

    return add


def _choice(names: Sequence[str]) -> click.Choice[str]:
    return click.Choice(names, case_sensitive=False)


def _keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value is not None and parameter.name is not None:
        context.meta.setdefault(_ASKED, {})[parameter.name] = value


def _asked(context: click.Context, sources: Sequence[str]) -> dict[str, Any]:
    asked: dict[str, Any] = context.meta.get(_ASKED, {})
    for source in sources:
        if asked and scheme_of(source) in _NOT_LIVE:
            raise click.UsageError(f"{source} is no live camera: it brings its modes, so ask for none")
    return asked


def settings_of(context: click.Context, source: str) -> "DeviceSettings | None":
    """Give the settings that were asked for, None where none were."""
    asked = _asked(context, [source])
    if not asked:
        return None
    from bodychan.cameras.settings import DeviceSettings

    values = {name: value for name, value in asked.items() if name not in _CONTROLS}
    controls = {name: asked[name] for name in _CONTROLS if name in asked}
    if "camera_fps" in values:
        values["fps"] = int(values.pop("camera_fps"))
    return DeviceSettings(
        **values,
        color_controls={name: None if value == "auto" else value for name, value in controls.items()},
    )


def parameters_of(context: click.Context, sources: Sequence[str]) -> dict[str, str]:
    """Give what was asked for as parameters of the camera's TOP."""
    given: dict[str, str] = {}
    for name, value in _asked(context, sources).items():
        if name == "depth_mode":
            given |= _mode_of("depthmode", "depthsize", value, DEPTH_MODES)
        elif name == "color_resolution":
            given |= _mode_of("colorres", "colorsize", value, COLOR_RESOLUTIONS)
        elif name == "camera_fps":
            given["top.fps"] = f"fps{value}"
        elif name in _CONTROLS:
            given["top.enablecolors"] = "1"
            if name != "gain":
                given[f"top.manual{name}"] = "0" if value == "auto" else "1"
            if value != "auto":
                given[f"top.{name}"] = str(value)
        else:
            given[f"top.{_PARAMETERS[name]}"] = str(value).lower()
    return given


def _mode_of(menu: str, size: str, name: str, modes: Mapping[str, Mode]) -> dict[str, str]:
    mode = one_named(name, modes)
    return {f"top.{size}": name} if mode.foreign else {f"top.{menu}": mode.touchdesigner}


_PARAMETERS = {
    "color_format": "colorformat",
    "wired_sync": "syncmode",
    "subordinate_delay_usec": "subdelay",
    "depth_delay_usec": "depthdelay",
}
