import pytest

from bodychan import Calibration
from bodychan.apps.info import describe
from scripted import ScriptedCamera, scripted_captures


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
