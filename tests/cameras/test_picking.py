import pytest

from bodychan.cameras.picking import pick
from bodychan.errors import DeviceUnavailable, Unavailable

SERIALS = ["CL8A", "CL2B", "000123456712"]


@pytest.mark.parametrize(("which", "place"), [("0", 0), ("2", 2), ("CL2B", 1), ("000123456712", 2)])
def test_a_device_is_picked_by_its_place_or_its_serial_number(which: str, place: int) -> None:
    assert pick(which, SERIALS, "none") == place


@pytest.mark.parametrize(
    ("which", "serials", "message"),
    [
        ("3", SERIALS, "no device 3: 3 connected, so use 0 to 2, or a serial number"),
        ("CL9", SERIALS, "serial number 'CL9': connected are CL8A, CL2B, 000123456712"),
        ("0", [], "plug it in"),
    ],
)
def test_what_is_not_there_says_what_is(which: str, serials: list[str], message: str) -> None:
    with pytest.raises(DeviceUnavailable, match=message) as error:
        pick(which, serials, "none is connected: plug it in")
    assert error.value.reason is Unavailable.NO_DEVICE
