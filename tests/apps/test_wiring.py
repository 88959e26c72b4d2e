import pytest

from bodychan import Calibration, Project
from bodychan.apps.wiring import require_active, wire, working
from bodychan.errors import CameraError, OperatorError, ParameterError
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"maxplayer": 2}, "no parameter 'maxplayer': did you mean 'maxplayers'"),
        ({"maxplayers": "many"}, "'many' is not a whole number"),
        ({"active": 1}, r"both operators have a parameter 'active': write top\.active or chop\.active"),
        ({"camera.fps": 1}, r"no operator 'camera': write top\.fps or chop\.fps"),
    ],
)
def test_wrong_parameters_are_explained(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        wire(Project(), "x", parameters)


def test_a_prefix_says_whose_parameter_is_meant() -> None:
    top, chop = wire(Project(), "x", {"chop.active": False, "top.sensor": "y", "maxplayers": "2"})
    assert (top.par.active, chop.par.active, chop.par.maxplayers) == (True, False, 2)
    assert top.par.sensor == "y"


def test_what_could_only_give_zeros_is_refused(
    monkeypatch: pytest.MonkeyPatch, calibration: Calibration
) -> None:
    install(
        monkeypatch,
        lambda: ScriptedCamera(calibration, [*scripted_captures(3)]),
        lambda: ScriptedTracker(lambda _capture: [1]),
    )
    with Project() as project:
        top, chop = wire(project, "x", {"namingtable": "missing.toml"})
        require_active(top, chop)
        with pytest.raises(OperatorError, match=r"naming table missing\.toml"):
            working(chop)
        chop.par.active = False
        with pytest.raises(ParameterError, match=r"chop\.active is off"):
            require_active(top, chop)
    monkeypatch.setattr(ScriptedCamera, "measures_depth", False)
    with Project() as project, pytest.raises(CameraError, match="has no depth images"):
        require_active(*wire(project, "x", {}))
