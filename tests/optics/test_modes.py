import pytest

from bodychan.optics.modes import (
    COLOR_RESOLUTIONS,
    DEFAULT_COLOR_RESOLUTION,
    DEFAULT_DEPTH_MODE,
    DEPTH_MODES,
    Mode,
    named,
    size_name,
)


@pytest.mark.parametrize("mode", [*DEPTH_MODES.values(), *COLOR_RESOLUTIONS.values()])
def test_every_image_is_cropped_from_within_the_binned_sensor(mode: Mode) -> None:
    for whole, offset, size in zip(mode.binned, mode.crop, mode.size, strict=True):
        assert offset >= 0
        assert offset + size <= whole


@pytest.mark.parametrize("table", [DEPTH_MODES, COLOR_RESOLUTIONS])
def test_numbers_and_names_are_those_of_one_mode_each(table: dict[str, Mode]) -> None:
    assert [mode.k4a for mode in table.values()] == list(range(1, len(table) + 1))
    assert len({mode.touchdesigner for mode in table.values()}) == len(table)


def test_a_colour_resolution_is_named_by_its_height_and_in_touchdesigner_by_its_size() -> None:
    for name, mode in COLOR_RESOLUTIONS.items():
        assert name == f"{mode.size[1]}P"
        assert mode.touchdesigner == "{}x{}".format(*mode.size)


def test_only_passive_infrared_measures_no_depth() -> None:
    assert [name for name, mode in DEPTH_MODES.items() if mode.range_mm is None] == ["PASSIVE_IR"]


def test_the_defaults_are_modes() -> None:
    assert DEFAULT_DEPTH_MODE in DEPTH_MODES
    assert DEFAULT_COLOR_RESOLUTION in COLOR_RESOLUTIONS


def test_another_cameras_mode_is_called_by_its_size() -> None:
    mode = named("848X480", DEPTH_MODES)
    assert mode is not None
    assert (mode.size, mode.binned, mode.crop) == ((848, 480), (848, 480), (0, 0))
    assert (mode.foreign, mode.lit) == (True, False)
    assert size_name(mode.size) == "848X480"
    for name in ("848x480", "848X", "X480", "0X480", "84800X480", "", "NFOV", "848X480 "):
        assert named(name, DEPTH_MODES) is None


@pytest.mark.parametrize("table", [DEPTH_MODES, COLOR_RESOLUTIONS])
def test_the_modes_of_an_azure_kinect_are_called_by_name(table: dict[str, Mode]) -> None:
    for name, mode in table.items():
        assert named(name, table) is mode
        assert (mode.foreign, mode.lit) == (False, True)
