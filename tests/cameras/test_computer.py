from pathlib import Path

import pytest

from bodychan.cameras import computer
from bodychan.cameras.computer import MICROSOFT, ORBBEC


@pytest.fixture
def usb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which Linux would list a hub, a mouse, and an Azure Kinect on two speeds."""
    for place, vendor, product, name, serial, speed in (
        ("2-1", "045e", "097a", "Generic Superspeed USB Hub", "", "5000"),
        ("2-1.1", "045e", "097c", "Azure Kinect Depth Camera", "000045", "5000"),
        ("1-4", "045e", "0745", "a mouse", "", "12"),
        ("1-5", "2bc5", "066b", "Femto Bolt", "CL8A", "480"),
    ):
        folder = tmp_path / "devices" / place
        folder.mkdir(parents=True)
        for file, text in (
            ("idVendor", vendor),
            ("idProduct", product),
            ("product", name),
            ("serial", serial),
            ("speed", speed),
        ):
            if text:
                (folder / file).write_text(text + "\n")
    (tmp_path / "devices" / "usb1").mkdir()
    monkeypatch.setattr(computer, "_USB", tmp_path / "devices")
    return tmp_path


def test_a_makers_cameras_are_seen_on_usb_and_nothing_else(usb: Path) -> None:
    assert [device.told() for device in computer.usb_devices(MICROSOFT)] == [
        "045e:097a Generic Superspeed USB Hub at 5000 Mbit/s",
        "045e:097c Azure Kinect Depth Camera at 5000 Mbit/s",
    ]
    assert [device.serial for device in computer.usb_devices(ORBBEC)] == ["CL8A"]


def test_the_speed_is_that_of_the_device_with_the_serial_number(usb: Path) -> None:
    assert computer.usb_speed(MICROSOFT, "000045") == "USB 3, 5000 Mbit/s"
    assert computer.usb_speed(ORBBEC, "CL8A") == "USB 2, 480 Mbit/s"
    assert computer.usb_speed(ORBBEC, "CL8B") == computer.usb_speed(MICROSOFT, "") == ""


def test_what_a_computer_has_is_told(usb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = usb / "rules.d"
    rules.mkdir()
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(computer, "_RULES", (rules,))
    monkeypatch.setattr(computer, "_USB_MEMORY", usb / "none")
    monkeypatch.setenv("DISPLAY", ":7")
    facts = computer.facts_for(MICROSOFT)
    assert facts["udev rules"].startswith("none for this maker")
    assert "097c Azure Kinect" in facts["on USB"]
    assert facts["display"] == ":7"
    assert "USB memory" not in facts
    (rules / "99-k4a.rules").write_text('ATTRS{idVendor}=="045E", MODE="0666"')
    (rules / "70-mouse.rules").write_text('ATTRS{idVendor}=="1234"')
    (usb / "none").write_text("16\n")
    facts = computer.facts_for(MICROSOFT)
    assert facts["udev rules"] == "99-k4a.rules"
    assert facts["USB memory"].startswith("16 MB")
    monkeypatch.setattr("sys.platform", "win32")
    assert list(computer.facts_for(ORBBEC)) == ["system"]
