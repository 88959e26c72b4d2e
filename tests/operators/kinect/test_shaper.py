from dataclasses import replace

import numpy as np

from bodychan import Bodies, Calibration
from bodychan.channels.filters import OneEuro
from bodychan.channels.pipeline import Shaping
from bodychan.channels.players import Rules
from bodychan.channels.space import Space
from bodychan.operators.kinect.shaper import Shaper
from scripted import ScriptedCamera, standing

SHAPING = Shaping(rules=Rules("sticky", hold=0.1), filter=OneEuro())


def walk(count: int) -> list[Bodies]:
    rng = np.random.default_rng(1)
    run = [standing([1], i + 1, i * 33_333) for i in range(count)]
    return [replace(b, positions=b.positions + 50 * rng.standard_normal(b.positions.shape)) for b in run]


def test_captures_that_are_asked_for_again_give_the_same_rows(calibration: Calibration) -> None:
    camera, shaper, run = ScriptedCamera(calibration, []), Shaper(), walk(10)
    shaper.follow(camera)

    def ask(some: list[Bodies]) -> list[bytes]:
        return [shaper.row(SHAPING, Space(), b, camera, None).values.tobytes() for b in some]

    first = ask(run)
    assert ask(run[6:]) == first[6:]
    assert ask(run[9:]) == first[9:]
    assert ask(run[3:]) == first[3:]
    assert len(set(first)) == 10


def test_a_slice_that_begins_with_the_last_capture_goes_on_from_it(calibration: Calibration) -> None:
    camera, run = ScriptedCamera(calibration, []), walk(10)
    one, sliced = Shaper(), Shaper()
    expected = [one.row(SHAPING, Space(), b, camera, None).values.tobytes() for b in run]
    for start in range(0, 9, 3):
        found = [sliced.row(SHAPING, Space(), b, camera, None) for b in run[start : start + 4]]
        assert [row.values.tobytes() for row in found] == expected[start : start + 4]


def test_another_camera_is_no_continuation(calibration: Calibration) -> None:
    shaper, run = Shaper(), walk(2)
    for b in run:
        camera = ScriptedCamera(calibration, [])
        shaper.follow(camera)
        row = shaper.row(Shaping(filter=OneEuro()), Space(), b, camera, None)
        plain = Shaper().row(Shaping(), Space(), b, camera, None)
        assert np.allclose(row.values, plain.values)
