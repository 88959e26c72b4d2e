from contextlib import nullcontext
from pathlib import Path

import pytest

from bodychan.cameras import computer, connected
from bodychan.cameras.connected import Connected
from bodychan.cameras.orbbec.listing import Listed, Told
from bodychan.cameras.orbbec.sdk import SdkError
from standins import StandIn


@pytest.fixture
def azure(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    standin = StandIn(Path(tmp_path_factory.getbasetemp()))
    monkeypatch.setenv("BODYCHAN_K4A", str(standin.path))
    return standin


def test_a_connected_camera_is_listed_with_serial_number_and_firmware(
    azure: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connected, "_orbbec", list)
    monkeypatch.setattr(connected, "_realsense", list)
    azure.plug(1)
    azure.occupy(1)
    first, second = connected.connected()
    assert first.url == "k4a:0"
    assert first.name.startswith("Azure Kinect 0")
    assert first.facts == ("firmware 1.6.110 / 1.6.79",)
    monkeypatch.setattr(computer, "usb_speed", lambda vendor, serial: f"{vendor} {serial}")
    assert connected.connected()[0].facts[0] == "045e 000000000001"
    assert first.fault == ""
    assert (second.url, "close what uses it" in second.fault) == ("", True)


def test_a_maker_without_a_camera_says_what_to_do(azure: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connected, "_orbbec", list)
    monkeypatch.setattr(connected, "_realsense", list)
    azure.plug(0, False)
    (only,) = connected.connected()
    assert only.told() == "Azure Kinect: none is connected: plug it into a USB 3 port and its power supply"


def test_femtos_are_listed_with_their_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connected, "is_chosen", lambda _library: True)
    monkeypatch.setattr(connected, "find", lambda: None)
    monkeypatch.setattr(connected, "missing_for_femtos", list)
    monkeypatch.setattr(
        connected, "listed", lambda _sdk: [Listed(4, "Femto Mega", 0x0669, "CL2B", "Ethernet")]
    )
    facts = ["Femto Mega", "CL2B", "1.3.1", "", "Ethernet", ""]
    monkeypatch.setattr(connected, "opened", lambda _sdk, place: nullcontext(place))
    monkeypatch.setattr(connected, "told_by", lambda place: Told(*facts) if place == 4 else None)
    assert connected._orbbec() == [Connected("orbbec:0", "Femto Mega CL2B", ("Ethernet", "firmware 1.3.1"))]
    assert connected._orbbec()[0].told() == "orbbec:0, Femto Mega CL2B, Ethernet, firmware 1.3.1"

    def refuse(_sdk: object, _place: int) -> None:
        raise SdkError("busy", gone=False)

    monkeypatch.setattr(connected, "opened", refuse)
    assert connected._orbbec()[0].told() == (
        "Femto Mega CL2B, Ethernet: it does not open (busy): close what uses it"
    )


def test_what_a_computer_lacks_is_named_with_what_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connected, "_RULES", (str(tmp_path),))
    monkeypatch.setattr("sys.platform", "linux")

    monkeypatch.setattr(connected, "can_load", lambda _name: False)
    assert "99-realsense-libusb.rules" in connected._realsense_rules()
    rules, engine = connected.missing_for_femtos()
    assert "install_udev_rules.sh" in rules
    assert "libegl1" in engine
    for maker in ("obsensor", "realsense"):
        (tmp_path / f"99-{maker}-libusb.rules").touch()
    assert connected._realsense_rules() == ""
    assert connected.missing_for_femtos() == [engine]
    monkeypatch.setattr("sys.platform", "win32")
    assert "obsensor_metadata_win10.ps1" in connected.missing_for_femtos()[0]
