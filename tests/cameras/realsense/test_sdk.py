import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bodychan import open_camera
from bodychan.cameras import connected
from bodychan.cameras.realsense import sdk
from bodychan.errors import DeviceUnavailable, MissingExtraError, Unavailable


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the library be looked for anew, and again afterwards."""
    sdk.load.cache_clear()
    sdk.context.cache_clear()
    yield
    sdk.load.cache_clear()
    sdk.context.cache_clear()


def without(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)


def test_without_the_package_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "pyrealsense2")
    (tmp_path / "take.db3").touch()
    for source in ("realsense:0", str(tmp_path / "take.db3")):
        with pytest.raises(MissingExtraError, match=r"run pip install pyrealsense2.*extra 'realsense'"):
            open_camera(source)
    (told,) = connected._realsense()
    assert (told.url, told.name) == ("", "RealSense")
    assert "run pip install pyrealsense2" in told.fault


def broken(monkeypatch: pytest.MonkeyPatch, message: str) -> None:
    class Broken:
        def find_spec(self, name: str, _path: object, _target: object = None) -> None:
            if name == "pyrealsense2":
                raise ImportError(message)

    monkeypatch.delitem(sys.modules, "pyrealsense2", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])


def test_without_libusb_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, "libusb-1.0.so.0: cannot open shared object file")
    without(monkeypatch, "libusb_package")
    with pytest.raises(MissingExtraError, match=r"no libusb-1.0-0, needs libusb-package.*pip install libusb"):
        sdk.load()


def test_a_library_that_does_not_load_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, "GLIBC_2.99 not found")
    with pytest.raises(DeviceUnavailable, match=r"cannot be loaded \(GLIBC_2.99 not found\)") as error:
        sdk.load()
    assert error.value.reason is Unavailable.WRONG_LIBRARY
