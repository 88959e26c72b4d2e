import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bodychan import Calibration
from bodychan.errors import CalibrationError
from bodychan.optics.calibration import made_by_orbbec
from bodychan.optics.modes import COLOR_RESOLUTIONS, DEPTH_MODES
from libk4arecord import HINT, find_folder
from libk4atransformation import Projection

SIZES = {
    "1280x720": "720P",
    "1920x1080": "1080P",
    "2560x1440": "1440P",
    "2048x1536": "1536P",
    "3840x2160": "2160P",
    "4096x3072": "3072P",
}


def edited(calibration: Calibration, edit: Any) -> bytes:
    content = json.loads(calibration.raw.rstrip(b"\0"))
    edit(content["CalibrationInformation"])
    return json.dumps(content).encode()


@pytest.fixture(scope="module")
def vectors(shared: Path) -> list[dict[str, Any]]:
    """What Microsoft's libk4a 1.4.2 gave for two devices in all thirty mode combinations."""
    folder = shared / "data/k4a"
    files = {"pyk4a_001514394512": "calibration.json", "sdk_ut_calibration_data": "sdk_ut_calibration.json"}
    records: list[dict[str, Any]] = json.loads((folder / "reference_vectors.json").read_text())["records"]
    for record in records:
        record["parsed"] = Calibration.from_json(
            folder / files[record["calibration"]], record["depth_mode"], SIZES[record["color_resolution"]]
        )
    return records


def test_intrinsics_equal_libk4as(vectors: list[dict[str, Any]]) -> None:
    for record in vectors:
        for camera in ("depth", "color"):
            lens = record["parsed"].lenses[camera]
            p1, p2 = lens.tangential
            ours = [lens.cx, lens.cy, lens.fx, lens.fy, *lens.radial, *lens.distortion_centre, p2, p1]
            np.testing.assert_allclose(ours, record[camera]["v"], rtol=1e-6, atol=1e-9)
            assert (lens.width, lens.height) == (record[camera]["w"], record[camera]["h"])
            assert lens.metric_radius == pytest.approx(record[camera]["metric_radius"])


def test_extrinsics_equal_libk4as(vectors: list[dict[str, Any]]) -> None:
    sensors = ("depth", "color", "gyro", "accel")
    checked = 0
    for record in vectors:
        for key, expected in (record["extrinsics"] or {}).items():
            source, target = (sensors[int(number)] for number in key.split("->"))
            matrix = record["parsed"].extrinsics(source, target)
            np.testing.assert_allclose(matrix[:3, :3].ravel(), expected["R"], atol=1e-6)
            np.testing.assert_allclose(matrix[:3, 3], expected["t"], atol=1e-3)
            checked += 1
    assert checked == 2 * 16


def test_projection_equals_libk4as(vectors: list[dict[str, Any]]) -> None:
    for record in vectors:
        points = np.array([p["p3d"] for p in record["p3d_to_2d"]])
        for camera in ("depth", "color"):
            expected = np.array([p[camera] for p in record["p3d_to_2d"]])
            pixels, valid = record["parsed"].project(points, "depth", camera)
            assert np.array_equal(valid, expected[:, 2] == 1)
            np.testing.assert_allclose(pixels[valid], expected[valid, :2], atol=0.005)


def test_unprojection_equals_libk4as(vectors: list[dict[str, Any]]) -> None:
    differences = 0
    for record in vectors:
        for p in record["p2d_to_3d"]:
            points, valid = record["parsed"].unproject(np.array([p["p2d"]]), [p["depth"]], p["cam"], p["cam"])
            if valid[0] != bool(p["valid"]):
                differences += 1  # at the limit of float32, in which libk4a computes
            elif valid[0]:
                np.testing.assert_allclose(points[0], p["p3d"], atol=0.01)
    assert differences <= 3


def test_the_older_lens_model_is_libk4as_too(calibration: Calibration) -> None:
    folder = find_folder()
    if folder is None:
        pytest.skip(HINT)

    def make_older(content: Any) -> None:
        for camera in content["Cameras"]:
            camera["Intrinsics"]["ModelType"] = "CALIBRATION_LensDistortionModelRational6KT"
            camera["Intrinsics"]["ModelParameters"][12:] = [0.004, -0.003]

    raw = edited(calibration, make_older)
    oracle, ours = (
        Projection(folder, raw, "WFOV_UNBINNED", "1080P"),
        Calibration.from_json(raw, "WFOV_UNBINNED", "1080P"),
    )
    points = np.random.default_rng(3).uniform((-1500, -1500, 400), (1500, 1500, 4000), (200, 3))
    for camera in ("depth", "color"):
        pixels, valid = ours.project(points.astype(np.float32), camera, camera)
        for point, pixel, good in zip(points.astype(np.float32), pixels, valid, strict=True):
            expected, expected_good = oracle.project(point, camera == "color")
            assert good == expected_good
            if good:
                np.testing.assert_allclose(pixel, expected, atol=0.005)
                there, seen = oracle.unproject(expected, float(point[2]), camera == "color")
                if seen:
                    found, _ = ours.unproject(expected[None], point[2:], camera, camera)
                    np.testing.assert_allclose(found[0], there, atol=0.01)


def test_the_point_chain_of_the_sdks_own_test(shared: Path) -> None:
    """tests/Transformation/transformation.cpp of the sensor SDK; each step from the expected value before."""
    calibration = Calibration.from_json(
        shared / "data/k4a/sdk_ut_calibration.json", "WFOV_2X2BINNED", "2160P"
    )
    depth = np.array([[-2.45376134, -1.66107690, 1000.0]])
    color = np.array([[-37.6291695, 63.3947754, 1001.46521]])
    point, _ = calibration.unproject(np.array([[256.0, 256.0]]), np.array([1000.0]))
    np.testing.assert_allclose(point, depth, atol=1e-3)
    np.testing.assert_allclose(calibration.transform(depth, "depth", "color"), color, atol=1e-3)
    np.testing.assert_allclose(
        calibration.project(color, "color")[0], [[1835.689453, 1206.290039]], atol=1e-3
    )
    gyro = calibration.transform(depth, "depth", "gyro")
    np.testing.assert_allclose(gyro, [[-993.876404, -4.87153625, 110.429428]], atol=1e-3)
    accel = calibration.transform(depth, "depth", "accel")
    np.testing.assert_allclose(accel, [[-1045.06238, 4.92006636, 108.398674]], atol=1e-3)


@pytest.mark.parametrize("depth_mode", DEPTH_MODES)
@pytest.mark.parametrize("color_resolution", COLOR_RESOLUTIONS)
def test_every_pair_of_modes_projects_back_what_it_unprojects(
    calibration: Calibration, depth_mode: str, color_resolution: str
) -> None:
    c = Calibration.from_json(calibration.raw, depth_mode, color_resolution)
    for camera in ("depth", "color"):
        lens = c.lenses[camera]
        size = np.array([lens.width, lens.height])
        pixels = np.random.default_rng(1).uniform(0.3, 0.7, (50, 2)) * size
        points, valid = c.unproject(pixels, np.full(50, 1500.0), camera, "depth")
        assert valid.all()
        back, visible = c.project(points, "depth", camera)
        assert visible.all()
        np.testing.assert_allclose(back, pixels, atol=1e-6)


@given(
    st.sampled_from(["depth", "color", "gyro", "accel"]), st.sampled_from(["depth", "color", "gyro", "accel"])
)
def test_extrinsics_there_and_back_are_the_identity(calibration: Calibration, one: str, other: str) -> None:
    there_and_back = calibration.extrinsics(other, one) @ calibration.extrinsics(one, other)
    np.testing.assert_allclose(there_and_back, np.eye(4), atol=1e-9)


def test_points_behind_or_beyond_the_lens_are_not_valid(calibration: Calibration) -> None:
    pixels, valid = calibration.project(
        np.array([[0, 0, -500.0], [5000.0, 0, 500.0], [0, 0, 0]]), camera="depth"
    )
    assert not valid.any()
    assert not pixels.any()


def test_depth_zero_has_no_point(calibration: Calibration) -> None:
    points, valid = calibration.unproject(np.array([[320.0, 288.0]]), np.array([0.0]))
    assert not valid.any()
    assert not points.any()


def test_ray_table_holds_the_ray_of_every_pixel(calibration: Calibration) -> None:
    lens = calibration.lenses["depth"]
    table = lens.ray_table
    assert table.shape == (576, 640, 2)
    rays, valid = lens.unproject(np.array([[100.0, 200.0], [319.0, 17.0]]))
    assert valid.all()
    np.testing.assert_allclose(table[[200, 17], [100, 319]], rays, rtol=1e-6)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda c: c["Cameras"].pop(), "describes no (color|depth) camera"),
        (lambda c: c["Cameras"][0]["Rt"]["Rotation"].pop(), "9 rotation"),
        (lambda c: c["Cameras"][0]["Rt"].update(Rotation=[1.0] * 9), "is not a rotation"),
        (
            lambda c: c["Cameras"][0]["Intrinsics"]["ModelParameters"].pop(),
            "needs 14 lens parameters, has 13",
        ),
        (
            lambda c: c["Cameras"][0]["Intrinsics"].update(ModelType="Theta"),
            "lens model Theta is not supported",
        ),
        (
            lambda c: c["Cameras"][0]["Intrinsics"]["ModelParameters"].__setitem__(2, 0),
            "focal length must be",
        ),
        (lambda c: c["Cameras"][0].update(SensorWidth=999), "sensor does not fit"),
        (lambda c: c["Cameras"][0].update(SensorWidth=1920, SensorHeight=1080), "sensor does not fit"),
        (lambda c: c["Cameras"][0].update(SensorWidth=0, SensorHeight=0), "sensor does not fit"),
        (lambda c: c["Cameras"][1].update(SensorWidth=0, SensorHeight=0), "sensor does not fit"),
        (lambda c: c["Cameras"][1].update(SensorWidth=-4096, SensorHeight=-3072), "sensor does not fit"),
        (lambda c: c["Cameras"][1].update(SensorWidth=1024, SensorHeight=1024), "sensor does not fit"),
        (
            lambda c: c["Cameras"][1]["Intrinsics"]["ModelParameters"].__setitem__(3, -0.5),
            "focal length must be",
        ),
        (
            lambda c: c["Cameras"][0]["Intrinsics"]["ModelParameters"].__setitem__(4, float("nan")),
            "malformed|invalid",
        ),
        (
            lambda c: c["Cameras"][0]["Intrinsics"]["ModelParameters"].__setitem__(4, None),
            "Expected `float`, got `null`",
        ),
        (
            lambda c: c["Cameras"][0]["Intrinsics"]["ModelParameters"].__setitem__(4, 1e30),
            "holds 1e[+]30, which no real camera has",
        ),
        (lambda c: c["Cameras"][1].update(MetricRadius=1e30), "which no real camera has"),
        (lambda c: c["Cameras"][1]["Rt"].update(Translation=[0.0, 1e9, 0.0]), "which no real camera has"),
        (
            lambda c: c["Cameras"][1]["Rt"].update(Rotation=[2.0, 0, 0, 0, 0.5, 0, 0, 0, 1.0]),
            "is not a rotation",
        ),
        (
            lambda c: c["Cameras"][1]["Rt"].update(Rotation=[-1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0]),
            "is not a rotation",
        ),
        (lambda c: c["Cameras"][0].pop("Intrinsics"), "missing required field `Intrinsics`"),
        (lambda c: c["Cameras"][0].update(SensorWidth="wide"), r"Expected `float`, got `str` - at `\$"),
        (lambda c: c.pop("Cameras"), "missing required field `Cameras`"),
    ],
)
def test_a_broken_calibration_is_explained(calibration: Calibration, edit: Any, message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        Calibration.from_json(edited(calibration, edit))


def test_a_femtos_points_lie_where_libk4a_has_them(shared: Path) -> None:
    """Its rotations are not orthonormal; libk4a 1.4.2 takes the transpose as the inverse."""
    femto = Calibration.from_json(shared / "data/k4a/femto_mega_calibration.json", metric_radius_test=False)
    assert femto.warnings == ()
    points = np.array([[0.0, 0.0, 1000.0], [300.0, -200.0, 1500.0], [-700.0, 400.0, 2500.0]])
    expected = {
        ("depth", "color"): [
            [-33.4842529, 110.0206757, 995.605957],
            [263.1621399, -34.6881752, 1515.1776123],
            [-728.2208252, 678.0994873, 2440.8000488],
        ],
        ("color", "depth"): [
            [33.8672409, -109.6444092, 992.098877],
            [333.7687073, -362.4061584, 1466.4962158],
            [-661.7634277, 117.2205658, 2527.865967],
        ],
        ("color", "accel"): [
            [-1049.0328369, -84.8590012, -54.5813408],
            [-1547.5788574, -384.1933594, -256.4058228],
            [-2552.0563965, 609.4276123, 336.3623352],
        ],
    }
    for (source, target), there in expected.items():
        np.testing.assert_allclose(femto.transform(points, source, target), there, atol=1e-3)
    pixels, valid = femto.project(points)
    assert valid.all()
    there = [[616.1663818, 421.8790588], [771.684692, 321.894867], [415.6132507, 549.1828613]]
    np.testing.assert_allclose(pixels, there, atol=1e-3)


@pytest.mark.parametrize(
    "rotation",
    [
        [0.994448, 0.003921, 0.007259, -0.004661, 0.994467, 0.104951, -0.006808, -0.104981, 0.994451],
        [0.993813, 0.00071359, -0.00148801, -0.00054392, 0.993814, 0.111057, 0.00155805, -0.111056, 0.993813],
    ],
)
def test_rotations_that_femto_bolts_have_are_taken_as_they_are(
    calibration: Calibration, rotation: list[float]
) -> None:
    bolt = Calibration.from_json(
        edited(calibration, lambda c: c["Cameras"][1]["Rt"].update(Rotation=rotation))
    )
    np.testing.assert_array_equal(bolt.extrinsics("depth", "color")[:3, :3].ravel(), rotation)


@pytest.mark.parametrize(
    "edit",
    [
        lambda c: c["InertialSensors"][1]["Rt"].update(Rotation=[0.0] * 9),
        lambda c: c["InertialSensors"][1]["Rt"]["Translation"].pop(),
        lambda c: c["InertialSensors"][1].pop("Rt"),
        lambda c: c["InertialSensors"][1]["Rt"].update(Rotation="none"),
    ],
)
def test_an_unusable_pose_of_an_inertial_sensor_costs_that_alone(calibration: Calibration, edit: Any) -> None:
    read = Calibration.from_json(edited(calibration, edit))
    assert set(read.poses) == {"depth", "color", "gyro"}
    assert read.lenses == calibration.lenses
    (warning,) = read.warnings
    assert "accel" in warning
    with pytest.raises(CalibrationError, match="no sensor 'accel'"):
        read.extrinsics("accel", "depth")


@pytest.mark.parametrize(
    "edit",
    [
        lambda c: c["InertialSensors"].append({"SensorType": "CALIBRATION_InertialSensorType_Magnetometer"}),
        lambda c: c["InertialSensors"].append(None),
        lambda c: c["Cameras"].append({"Location": "CALIBRATION_CameraLocationHT0", "Intrinsics": None}),
        lambda c: c["Cameras"].append({"Location": "L0", "Intrinsics": {"ModelParameters": [0.5] * 8}}),
        lambda c: c["Cameras"].append("nothing"),
        lambda c: c["Cameras"][0].update(SensorWidth=1024.0, SensorHeight=1024.0),
        lambda c: c.update(Metadata=None),
    ],
)
def test_what_nobody_needs_may_be_anything(calibration: Calibration, edit: Any) -> None:
    read = Calibration.from_json(edited(calibration, edit))
    assert read.lenses == calibration.lenses
    assert set(read.poses) == {"depth", "color", "gyro", "accel"}
    assert read.warnings == ()


def test_a_byte_order_mark_and_text_behind_the_nul_are_ignored(calibration: Calibration) -> None:
    raw = b"\xef\xbb\xbf" + calibration.raw.rstrip(b"\0") + b"\0 left over {\0"
    assert Calibration.from_json(raw).lenses == calibration.lenses


@pytest.mark.parametrize("number", ["1e999", "-1e999", "Infinity", "NaN"])
def test_a_number_that_is_none_is_explained(calibration: Calibration, number: str) -> None:
    raw = edited(
        calibration, lambda c: c["Cameras"][0]["Intrinsics"]["ModelParameters"].__setitem__(4, 123.5)
    )
    with pytest.raises(CalibrationError) as caught:
        Calibration.from_json(raw.replace(b"123.5", number.encode()))
    assert "\n" not in str(caught.value)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


@given(data=st.data())
@settings(max_examples=200)
def test_whatever_stands_in_the_file_it_is_a_calibration_or_one_error(
    calibration: Calibration, data: st.DataObject
) -> None:
    content = json.loads(calibration.raw.rstrip(b"\0"))
    path = data.draw(st.sampled_from(list(places(content))))
    odd: object = data.draw(
        st.sampled_from([None, "", "x", -1, 0, 1, 10**30, 1e300, -2.5, [], {}, [[]], True, [1.0] * 14])
    )
    inside = content
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = odd
    try:
        read = Calibration.from_json(json.dumps(content).encode())
    except CalibrationError:
        return
    for camera in ("depth", "color"):
        points, _ = read.unproject(np.array([[100.0, 100.0]]), np.array([1000.0]), camera)
        assert np.isfinite(points).all()


@given(st.binary(max_size=200))
def test_bytes_that_are_no_json_are_one_error(junk: bytes) -> None:
    with pytest.raises(CalibrationError, match="is not an Azure Kinect calibration"):
        Calibration.from_json(junk)


def test_an_orbbec_device_has_no_metric_radius(calibration: Calibration) -> None:
    point = np.array([[1900.0, 0.0, 1000.0]])
    assert not calibration.project(point, camera="depth")[1][0]
    femto = Calibration.from_json(calibration.raw, metric_radius_test=False)
    pixels, valid = femto.project(point, camera="depth")
    assert valid[0]
    assert np.isfinite(pixels).all()
    inside = np.array([[300.0, -200.0, 1500.0]])
    assert np.array_equal(femto.project(inside)[0], calibration.project(inside)[0])


@pytest.mark.parametrize(
    ("serial_number", "orbbec"),
    [("001514394512", False), ("000019484312", False), ("", False), ("CL8K14101E3", True)],
)
def test_the_serial_number_tells_who_made_the_device(serial_number: str, orbbec: bool) -> None:
    assert made_by_orbbec(serial_number) == orbbec


def test_unknown_names_are_refused_with_the_near_ones(calibration: Calibration) -> None:
    with pytest.raises(CalibrationError, match="did you mean 'NFOV_UNBINNED'"):
        Calibration.from_json(calibration.raw, "NFOV_UNBINED")
    with pytest.raises(CalibrationError, match="there are: 720P"):
        Calibration.from_json(calibration.raw, color_resolution="FULLHD")
    with pytest.raises(CalibrationError, match="did you mean 'gyro'"):
        calibration.extrinsics("depth", "gyros")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match=r"cannot read the calibration .*nothing\.json"):
        Calibration.from_json(tmp_path / "nothing.json")


def test_a_trailing_nul_as_devices_add_it_is_ignored(calibration: Calibration) -> None:
    again = Calibration.from_json(calibration.raw.rstrip(b"\0") + b"\0")
    assert again.lenses == calibration.lenses
