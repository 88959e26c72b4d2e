"""The pages of the Kinect Azure CHOP that TouchDesigner's operator does not have."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from bodychan import Bodies, Calibration, Capture, KinectAzureCHOP, KinectAzureTOP, Project
from bodychan.channels.layout import JOINT_GROUPS, Layout
from bodychan.errors import ParameterError
from bodychan.model.arrays import F64
from bodychan.model.rotations import quaternion_product, vector_to_quaternion
from bodychan.model.skeleton import Joint
from bodychan.tracking.base import Tracker
from rows import compact, evaluate
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures, standing

Make = Callable[..., KinectAzureCHOP]


def who(index: int) -> list[int]:
    """Body 1 is seen in captures 1 to 3, then 1 and 2, and from capture 6 on only 2."""
    return [1] if index <= 3 else [1, 2] if index <= 5 else [2]


class Moving(Tracker):
    """Two bodies that turn, walk and nod, so that nothing stays the same from capture to capture."""

    def track(self, capture: Capture) -> Bodies:
        bodies = standing(who(capture.index), capture.index, capture.device_usec)
        rng = np.random.default_rng(capture.index)
        turned = bodies.orientations + 0.2 * rng.standard_normal(bodies.orientations.shape)
        turned /= np.linalg.norm(turned, axis=-1, keepdims=True)
        return replace(
            bodies,
            positions=bodies.positions + 50 * rng.standard_normal(bodies.positions.shape),
            orientations=turned,
        )

    def close(self) -> None:
        pass


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> Make:
    """Make a CHOP in a project of its own at 30 fps."""

    def made(
        captures: Sequence[Capture] | None = None, tracker: Tracker | None = None, **values: object
    ) -> KinectAzureCHOP:
        install(
            monkeypatch,
            lambda: ScriptedCamera(calibration, captures or scripted_captures(12)),
            lambda: tracker or ScriptedTracker(lambda capture: who(capture.index)),
        )
        project = Project(fps=30)
        project.create(KinectAzureTOP, "kinectazure1", sensor="scripted")
        return project.create(KinectAzureCHOP, "bodies", top="kinectazure1", **values)

    return made


def rows(chop: KinectAzureCHOP, count: int) -> list[F64]:
    found = []
    for _ in range(count):
        chop.project.step()
        found.append(chop.channels.samples[:, 0])
        assert chop.errors() == ""
    return found


def test_with_the_defaults_every_row_is_byte_for_byte_touchdesigners(
    make: Make, calibration: Calibration
) -> None:
    groups = dict.fromkeys(JOINT_GROUPS, True)
    chop = make(tracker=Moving(), maxplayers=2, imuchans=True, **groups)
    layout = Layout(2, frozenset(JOINT_GROUPS), imu=True)
    for capture, row in zip(scripted_captures(12), rows(chop, 10), strict=False):
        slots = compact(Moving().track(capture), 2)
        expected = evaluate(layout, slots, calibration, capture.imu[-1])
        assert chop.channels.names == layout.names
        assert row.tobytes() == expected.tobytes()


def read(chop: KinectAzureCHOP, *names: str) -> list[float]:
    return [float(chop[name]) for name in names]


def ids(chop: KinectAzureCHOP, count: int = 7) -> list[tuple[float, ...]]:
    return [
        tuple(row[[chop.channels.names.index(f"p{p}/id") for p in (1, 2)]].tolist())
        for row in rows(chop, count)
    ]


def test_sticky_bodies_keep_their_places(make: Make) -> None:
    chop = make(maxplayers=2, slotpolicy="sticky")
    assert ids(chop) == [(1, 0)] * 3 + [(1, 2)] * 2 + [(0, 2)] * 2


def test_fixed_ids_have_their_places(make: Make) -> None:
    chop = make(maxplayers=2, slotpolicy="fixedid", slotids="2, 1")
    assert ids(chop) == [(0, 1)] * 3 + [(2, 1)] * 2 + [(2, 0)] * 2


def test_a_lost_body_is_held_and_its_status_says_so(make: Make) -> None:
    chop = make(maxplayers=2, slotpolicy="sticky", holdtime=0.05, statuschans=True)
    rows(chop, 5)
    assert chop.channels.names[2:6] == ("p1/id", "p1/tracked", "p1/age", "p1/pelvis:tx")
    assert read(chop, "p1/tracked", "p2/tracked") == [1, 1]
    assert chop["p1/age"] == pytest.approx(4 / 30, abs=1e-5)
    rows(chop, 1)
    assert read(chop, "p1/id", "p1/tracked") == [1, 0]
    assert chop["p1/pelvis:tx"] == -0.5
    rows(chop, 1)
    assert read(chop, "p1/id", "p1/tracked", "p1/age", "p1/pelvis:tx") == [0, 0, 0, 0]


def test_cooking_a_frame_again_gives_the_same_row_and_a_new_parameter_the_row_it_would_have_given(
    make: Make,
) -> None:
    chop = make(maxplayers=2, slotpolicy="sticky", holdtime=0.05)
    rows(chop, 6)
    first = chop.channels.samples.tobytes()
    for _ in range(3):
        chop.cook(force=True)
        assert chop.channels.samples.tobytes() == first
    chop.par.holdtime = 0
    assert chop["p1/id"] == 0
    chop.par.holdtime = 0.05
    assert chop.channels.samples.tobytes() == first


def test_limits_and_zone_leave_bodies_out(make: Make) -> None:
    # Bodies stand 2.5 m away, number 1 at x = -0.5 m and number 2 at x = -1 m of channel space.
    chop = make(maxplayers=2, zone=True, zoneminx=-0.7)
    assert ids(chop, 6) == [(1, 0)] * 5 + [(0, 0)]
    assert ids(make(maxplayers=2, farlimit=2.0), 4) == [(0, 0)] * 4


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"slotpolicy": "fixedid", "slotids": "4 nine"}, "'slotids': '4 nine' is not a list of body ids"),
        ({"slotpolicy": "fixedid", "slotids": "4 9 4"}, "names a body twice"),
        ({"zone": True, "zoneminy": 3.0}, "the zone is empty: its least y, 3 m, is above its greatest, 2 m"),
    ],
)
def test_settings_that_cannot_be_met_are_errors_and_zeros(
    make: Make, values: dict[str, object], message: str
) -> None:
    chop = make(**values)
    chop.project.step()
    assert not chop.channels.samples.any()
    assert message in chop.errors()


def test_callbacks_tell_once_who_came_and_who_left(make: Make) -> None:
    chop = make(maxplayers=2)
    told: list[tuple[str, int, int, float]] = []
    chop.on_body_entered(lambda body, place: told.append(("in", body, place, float(chop["frame"]))))

    @chop.on_body_left
    def gone(body: int, place: int) -> None:
        told.append(("out", body, place, float(chop["frame"])))

    for _ in range(8):
        chop.project.step()
        chop.cook()
        chop.cook(force=True)
    assert told == [("in", 1, 1, 1), ("in", 2, 2, 4), ("out", 1, 1, 6)]
    chop.par.active = False
    chop.cook()
    assert told[3:] == [("out", 2, 1, 0)]


def test_callbacks_are_called_in_a_step_though_nothing_reads_the_operator(make: Make) -> None:
    chop = make(maxplayers=2)
    told: list[tuple[int, int]] = []
    chop.project.step(2)
    assert chop.totalCooks == 0
    chop.on_body_entered(lambda body, place: told.append((body, place)))
    chop.project.step()
    assert told == [(1, 1)]


def test_a_callback_may_ask_for_the_operators_errors_and_cook_it_again(make: Make) -> None:
    chop = make()
    told: list[str] = []

    @chop.on_body_left
    def gone(body: int, place: int) -> None:
        chop.cook(force=True)
        told.append(chop.errors())

    rows(chop, 2)
    chop.par.top = "nowhere"
    chop.cook()
    assert len(told) == 1
    assert "no operator 'nowhere'" in told[0]


def test_a_held_body_leaves_when_its_time_is_over(make: Make) -> None:
    chop = make(maxplayers=2, slotpolicy="sticky", holdtime=0.05)
    left: list[float] = []
    chop.on_body_left(lambda _body, _place: left.append(float(chop["frame"])))
    rows(chop, 9)
    assert left == [7]


def test_another_camera_starts_anew(make: Make) -> None:
    chop = make(maxplayers=2, slotpolicy="sticky", statuschans=True)
    rows(chop, 6)
    assert chop["p2/id"] == 2
    chop.project.op("kinectazure1").par.sensor = "another"
    rows(chop, 1)
    assert read(chop, "p1/id", "p1/age", "p2/id") == [2, 0, 0]


def accelerated(accel: tuple[float, float, float]) -> list[Capture]:
    captures = scripted_captures(4)
    return [
        replace(c, imu=tuple(replace(s, accel=np.array(accel, np.float32)) for s in c.imu)) for c in captures
    ]


def test_the_imu_levels_the_world_and_the_height_puts_the_floor_at_zero(
    make: Make, calibration: Calibration
) -> None:
    # Gravity as a camera feels it that looks down by 20°.
    tilt = np.radians(20)
    felt = calibration.poses["accel"][:3, :3] @ (0, -9.8 * np.cos(tilt), -9.8 * np.sin(tilt))
    settings = {"levelworld": True, "cameraheight": 1.5, "absbonerotations": True, "depthspace": True}
    by_imu = rows(make(accelerated(tuple(felt)), **settings), 1)[0]
    by_hand = rows(make(levelsource="manual", cameratilt=20, **settings), 1)[0]
    assert by_imu == pytest.approx(by_hand, abs=1e-4)
    chop = make(**settings | {"levelworld": False})
    rows(chop, 1)
    y, z, v = chop["p1/pelvis:ty"], chop["p1/pelvis:tz"], chop["p1/pelvis:depthv"]
    level = dict(zip(chop.channels.names, by_hand.tolist(), strict=True))
    assert level["p1/pelvis:ty"] == pytest.approx(1.5 + y * np.cos(tilt) - z * np.sin(tilt))
    assert level["p1/pelvis:depthv"] == v


def test_a_camera_without_gravity_is_a_warning_and_is_not_levelled(make: Make) -> None:
    chop = make([replace(c, imu=()) for c in scripted_captures(3)], levelworld=True)
    rows(chop, 1)
    assert "scripted gives no gravity to level the world by: set levelsource to manual" in chop.warnings()
    assert chop["p1/pelvis:tz"] == 2.5


def test_the_mirror_swaps_left_and_right(make: Make) -> None:
    plain, shown = make(), make(mirrorbodies=True)
    rows(plain, 1), rows(shown, 1)
    assert shown["p1/hand_l:tx"] == -plain["p1/hand_r:tx"]


def test_somebody_who_sways_at_the_edge_of_a_zone_comes_once(make: Make) -> None:
    class Swaying(Tracker):
        def track(self, capture: Capture) -> Bodies:
            body = standing([1], capture.index, capture.device_usec)
            aside = 100.0 * np.sin(2 * np.pi * capture.index / 8)
            return replace(body, positions=body.positions + np.array([aside, 0.0, 0.0]))

        def close(self) -> None:
            pass

    # Body 1 stands at x = -0.5 m of channel space: on the edge.
    chop = make(scripted_captures(40), Swaying(), zone=True, zoneminx=-0.5)
    told: list[str] = []
    chop.on_body_entered(lambda _body, _place: told.append("in"))
    chop.on_body_left(lambda _body, _place: told.append("out"))
    rows(chop, 40)
    assert told == ["in"]


def test_a_zone_lies_where_the_channels_show_the_bodies(make: Make) -> None:
    # In the mirror body 1 stands at x = +0.5 m.
    chop = make(maxplayers=2, mirrorbodies=True, zone=True, zoneminx=0.0, zonemaxx=0.7)
    assert ids(chop, 1) == [(1, 0)]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_zero_and_a_warning(make: Make, bad: float) -> None:
    chop = make(accelerated((0.0, bad, -9.5)), imuchans=True, levelworld=True)
    rows(chop, 2)
    assert np.isfinite(chop.channels.samples).all()
    assert chop["imu:accely"] == 0
    assert len(chop.warnings().splitlines()) == chop.info()["warnings"] == 2


class Immense(Tracker):
    """A body whose head is where no number can be squared."""

    def track(self, capture: Capture) -> Bodies:
        body = standing([1], capture.index, capture.device_usec)
        positions = body.positions.copy()
        positions[0, Joint.HEAD] = 1e200
        return replace(body, positions=positions)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("name", ["none", "oneeuro", "holt"])
def test_numbers_without_measure_are_zero_and_counted_as_a_warning(make: Make, name: str) -> None:
    chop = make(tracker=Immense(), filter=name, bonelengths=True, depthspace=True, slotpolicy="nearest")
    for row in rows(chop, 3):
        assert np.isfinite(row).all()
    assert chop["p1/head:length"] == 0
    assert "not a finite number, set to 0: p1/head:length and " in chop.warnings()
    assert chop["p1/pelvis:tz"] == pytest.approx(2.5)


def test_a_recordings_missing_temperature_is_zero_without_a_warning(make: Make) -> None:
    chop = make(imuchans=True)
    rows(chop, 1)
    assert chop["imu:temperature"] == 0
    assert chop.warnings() == ""


@pytest.mark.parametrize("name", ["oneeuro", "holt"])
def test_a_filter_smooths_the_channels_and_info_tells_its_lag(make: Make, name: str) -> None:
    plain = make(tracker=Moving(), absbonerotations=True)
    filtered = make(tracker=Moving(), absbonerotations=True, filter=name)
    before, after = np.array(rows(plain, 3)), np.array(rows(filtered, 3))
    assert before[0] == pytest.approx(after[0], abs=1e-6)
    # These bodies do not hang together; a filter makes them, so only their roots can be compared.
    positions = [i for i, n in enumerate(plain.channels.names) if "/pelvis:t" in n]
    assert np.diff(after[:, positions], axis=0).std() < 0.8 * np.diff(before[:, positions], axis=0).std()
    assert "filter_lag" not in plain.info()
    # Holt's prediction may be ahead of so fast a motion.
    assert (1 if name == "oneeuro" else -17) < filtered.info()["filter_lag"] < 100
    filtered.par.active = False
    filtered.cook()
    assert filtered.info()["filter_lag"] == 0


def test_a_filtered_frame_that_is_cooked_again_is_the_same(make: Make) -> None:
    chop = make(tracker=Moving(), filter="oneeuro", unrollbones=True, absbonerotations=True)
    rows(chop, 3)
    first = chop.channels.samples.tobytes()
    chop.cook(force=True)
    assert chop.channels.samples.tobytes() == first


@pytest.mark.parametrize(
    "values", [{"mincutoff": 0}, {"smoothing": 1}, {"maxdeviation": -0.1}, {"filter": "kalman"}]
)
def test_filter_parameters_have_limits(make: Make, values: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        make(**values)


class Spinning(Tracker):
    """A body that turns about the camera's axis by 50° each capture."""

    def track(self, capture: Capture) -> Bodies:
        body = standing([1], capture.index, capture.device_usec)
        turn = vector_to_quaternion(np.array([0.0, 0.0, np.radians(50.0 * capture.index)]))
        return replace(body, orientations=quaternion_product(turn, body.orientations))

    def close(self) -> None:
        pass


def test_unrolled_rotations_do_not_jump(make: Make) -> None:
    chop = make(tracker=Spinning(), absbonerotations=True, unrollbones=True)
    at = chop.layout.names.index("p1/pelvis:absrz")
    assert np.diff([row[at] for row in rows(chop, 12)]) == pytest.approx(np.full(11, 50.0), abs=0.1)
