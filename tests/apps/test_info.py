import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from bodychan import Calibration
from bodychan.apps.info import FAULT, describe
from bodychan.cli.facts import info
from bodychan.errors import CameraError
from scripted import ScriptedCamera, scripted_captures
from standins import StandIn


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        ("empty", "in infrared and depth"),
        ("nocolor", "in infrared and depth"),
        ("depthonly", "in depth alone"),
    ],
)
def test_it_says_in_which_images_people_are_looked_for(scene: str, expected: str) -> None:
    assert describe(f"synthetic:{scene}?seconds=0.1")["tracking"] == expected


def test_it_says_that_without_depth_nobody_can_be_tracked(
    calibration: Calibration, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = ScriptedCamera(calibration, scripted_captures(3))
    monkeypatch.setattr("bodychan.apps.info.open_camera", lambda _source: camera)
    assert describe("take.mkv")["tracking"] == "not possible: there is no depth"


@pytest.fixture
def azure(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    standin = StandIn(Path(tmp_path_factory.getbasetemp()))
    monkeypatch.setenv("BODYCHAN_K4A", str(standin.path))
    return standin


def test_of_a_live_camera_it_says_all_that_a_report_needs(
    azure: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bodychan.apps.info._LOOKED_AT", 10)
    stop = threading.Event()

    def deliver() -> None:
        while not stop.wait(0.01):
            if azure.running() and azure.delivered():
                azure.push(frames=1, samples=7)

    thread = threading.Thread(target=deliver)
    thread.start()
    facts = describe("k4a:0")
    stop.set()
    thread.join()
    assert FAULT not in facts
    assert facts["library"] == str(azure.path)
    assert facts["modes asked for"] == "NFOV_UNBINNED, 720P MJPG, 30 fps"
    assert facts["K4A_DEVICE_SERIAL_NUMBER"] == "000000000001"
    assert facts["K4A_COLOR_FIRMWARE_VERSION"] == "1.6.110"
    assert (facts["audio firmware"], facts["depth sensor firmware"]) == ("1.6.14", "6109.7.0")
    assert (facts["firmware build"], facts["firmware signature"]) == ("release", "Microsoft's")
    assert facts["modes"].endswith("3072P: the library's")
    assert facts["depth lens"].startswith("640x576, ")
    assert facts["delivers"].startswith("30.0 captures, 30.0 depth, 30.0 ir, 30.0 color, ")
    assert facts["delivers"].endswith("; 0 of 10 frame periods brought no capture")


def test_of_a_live_camera_that_does_not_open_it_says_what_there_is_and_why(azure: StandIn) -> None:
    azure.plug(0, False)
    facts = describe("k4a:0")
    assert facts["library"] == str(azure.path)
    assert "no Azure Kinect is connected" in facts[FAULT]
    with pytest.raises(CameraError, match="no Azure Kinect is connected"):
        CliRunner().invoke(info, ["k4a:0"], catch_exceptions=False)
    azure.plug(0)
    azure.stall()  # nothing comes, and closing takes its time
    assert "no capture came for 2 s" in describe("k4a:0")[FAULT]
    azure.stall(stalled=False)
