import pytest

from bodychan.optics.modes import (
    COLOR_RESOLUTIONS,
    DEFAULT_COLOR_RESOLUTION,
    DEFAULT_DEPTH_MODE,
    DEPTH_MODES,
    Mode,
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
