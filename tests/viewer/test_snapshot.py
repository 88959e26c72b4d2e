import numpy as np
import pytest

from bodychan import Calibration, KinectAzureCHOP, KinectAzureTOP, Project
from bodychan.apps.wiring import wire
from bodychan.errors import ParameterError
from bodychan.model.skeleton import Joint
from bodychan.viewer.snapshot import VALUES, Preview
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures


@pytest.fixture
def shown(
    monkeypatch: pytest.MonkeyPatch, calibration: Calibration
) -> tuple[KinectAzureTOP, KinectAzureCHOP]:
    install(
        monkeypatch,
        lambda: ScriptedCamera(calibration, scripted_captures(9)),
        lambda: ScriptedTracker(lambda _: [1, 2]),
    )
    top, chop = wire(Project(), "take.mkv", {"maxplayers": 2, "worldspace": False})
    chop.project.step(4)
    top.cook()
    return top, chop


def preview_of(top: KinectAzureTOP, chop: KinectAzureCHOP) -> Preview:
    preview = Preview()
    preview.follow(top, chop)
    return preview


def test_skeletons_are_the_operators_channels_whatever_it_is_set_to_give(
    shown: tuple[KinectAzureTOP, KinectAzureCHOP],
) -> None:
    top, chop = shown
    chop.par.mirrorbodies = True
    chop.par.flipimagev = True
    chop.par.scope = "p1/id"
    skeletons, players = preview_of(top, chop).skeletons(top.bodies, top.capture)
    assert players == (1, 2)
    chop.reset("scope", "worldspace")
    for group in ("confidence", "colorspace", "depthspace"):
        setattr(chop.par, group, True)
    channels = chop.channels
    for place in (1, 2):
        for joint in Joint:
            expected = [channels[f"p{place}/{joint.channel}:{value}"] for value in VALUES]
            assert skeletons[place - 1, joint] == pytest.approx(expected, abs=1e-5)


def test_the_placement_brings_the_cameras_axes_to_those_of_the_channels(
    shown: tuple[KinectAzureTOP, KinectAzureCHOP],
) -> None:
    top, chop = shown
    for name, value in (
        ("levelworld", True),
        ("levelsource", "manual"),
        ("cameratilt", 20.0),
        ("cameraheight", 1.5),
    ):
        setattr(chop.par, name, value)
    preview = preview_of(top, chop)
    skeletons, _ = preview.skeletons(top.bodies, top.capture)
    assert top.bodies is not None
    in_camera = top.bodies.positions[0] * (-0.001, -0.001, 0.001)
    placement = preview.placement()
    assert in_camera @ placement[:, :3].T + placement[:, 3] == pytest.approx(skeletons[0, :, :3], abs=1e-5)


def test_up_is_what_gravity_says(shown: tuple[KinectAzureTOP, KinectAzureCHOP]) -> None:
    up = preview_of(*shown).up()
    assert np.linalg.norm(up) == pytest.approx(1.0)
    assert up[1] > 0.9
    assert Preview().up() == pytest.approx([0.0, 1.0, 0.0])


def test_parameters_that_do_not_go_together_are_refused(
    shown: tuple[KinectAzureTOP, KinectAzureCHOP],
) -> None:
    top, chop = shown
    chop.par.zone = True
    chop.par.zoneminx, chop.par.zonemaxx = 1.0, -1.0
    with pytest.raises(ParameterError, match="zone is empty"):
        preview_of(top, chop)


def test_without_a_camera_there_is_nobody() -> None:
    preview = Preview()
    skeletons, players = preview.skeletons(None, None)
    assert skeletons.shape == (0, 32, 8)
    assert players == ()
    assert preview.placement() == pytest.approx(np.eye(3, 4))
