import click
import pytest
from click.testing import CliRunner

from bodychan import KinectAzureTOP, Project
from bodychan.cameras.settings import DeviceSettings
from bodychan.cli.devices import camera_options, parameters_of, settings_of
from bodychan.operators.kinect.settings import control_settings, device_settings

found: list[object] = []


@click.command()
@click.argument("source")
@camera_options("--fps", without_color=True)
@click.pass_context
def settings(context: click.Context, source: str) -> None:
    found.append(settings_of(context, source))


@click.command()
@click.argument("source")
@camera_options("--camera-fps", without_color=False)
@click.pass_context
def parameters(context: click.Context, source: str) -> None:
    found.append(parameters_of(context, [source]))


def asked(command: click.Command, *arguments: str) -> object:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return found.pop()


def test_without_options_a_camera_keeps_its_usual_modes() -> None:
    assert asked(settings, "k4a:0") is None
    assert asked(settings, "take.mkv") is None
    assert asked(parameters, "k4a:0") == {}


def test_options_become_the_settings_of_a_device() -> None:
    options = [
        "--mode",
        "wfov_2x2binned",
        "--resolution",
        "1080p",
        "--fps",
        "15",
        "--sync",
        "subordinate",
        "--sync-delay",
        "160",
    ]
    assert asked(settings, "orbbec:0", *options) == DeviceSettings(
        "WFOV_2X2BINNED", "1080P", fps=15, wired_sync="SUBORDINATE", subordinate_delay_usec=160
    )
    controls = ("--exposure", "8330", "--gain", "90", "--whitebalance", "auto", "--color-format", "bgra")
    assert asked(settings, "k4a:0", *controls) == DeviceSettings(
        color_format="BGRA", color_controls={"exposure": 8330, "gain": 90, "whitebalance": None}
    )
    assert asked(settings, "k4a:0", "--resolution", "off") == DeviceSettings(color_resolution="OFF")


def test_options_become_the_same_settings_through_parameters() -> None:
    options = ["--mode", "WFOV_UNBINNED", "--resolution", "720P", "--sync", "MASTER", "--depth-delay", "-80"]
    options += ["--color-format", "NV12", "--exposure", "8330", "--whitebalance", "auto"]
    given = asked(parameters, "k4a:0", *options, "--camera-fps", "15")
    assert isinstance(given, dict)
    with Project() as project:
        top = project.create(KinectAzureTOP, "camera", sensor="synthetic:empty")
        for name, value in given.items():
            setattr(top.par, name.removeprefix("top."), value)
        assert device_settings(top.par) == DeviceSettings(
            "WFOV_UNBINNED", "720P", "NV12", 15, "MASTER", depth_delay_usec=-80
        )
        controls = control_settings(top.par)
        assert (controls["exposure"], controls["whitebalance"]) == (8330, None)


def test_another_cameras_modes_are_asked_for_by_their_size() -> None:
    options = ["--mode", "848x480", "--resolution", "640X480"]
    assert asked(settings, "realsense:0", *options) == DeviceSettings("848X480", "640X480")
    given = asked(parameters, "realsense:0", *options)
    assert given == {"top.depthsize": "848X480", "top.colorsize": "640X480"}
    with Project() as project:
        top = project.create(KinectAzureTOP, "camera", sensor="synthetic:empty")
        assert device_settings(top.par) == DeviceSettings()
        top.par.depthsize, top.par.colorsize = "848x480", "640X480"
        assert device_settings(top.par) == DeviceSettings("848X480", "640X480")


@pytest.mark.parametrize("source", ["take.mkv", "take.bag", "take.db3", "synthetic:walk"])
def test_what_brings_its_modes_takes_none(source: str) -> None:
    result = CliRunner().invoke(settings, [source, "--mode", "NFOV_UNBINNED"])
    assert result.exit_code == 2
    assert f"{source} is no live camera" in result.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--mode", "NFOV"), "'NFOV' is not one of"),
        (("--fps", "60"), "'60' is not one of"),
        (("--exposure", "long"), "long is neither a whole number nor auto"),
    ],
)
def test_a_value_that_is_none_is_told(options: tuple[str, str], message: str) -> None:
    result = CliRunner().invoke(settings, ["k4a:0", *options])
    assert result.exit_code == 2
    assert message in result.output
