import csv
import hashlib
import io
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from bodychan import wheels
from bodychan.cameras.orbbec import files
from bodychan.errors import DeviceUnavailable, Unavailable

LIBRARY, ENGINE = "pyorbbecsdk/libOrbbecSDK.so.2", "pyorbbecsdk/extensions/depthengine/engine.so"
CONTENT = {
    LIBRARY: b"the library",
    ENGINE: b"the depth engine",
    "pyorbbecsdk/shared/99-obsensor-libusb.rules": b"rules",
    "pyorbbecsdk/libOrbbecSDK.so": b"the library",
    "pyorbbecsdk/extensions/depthengine/engine.lib": b"for a linker",
    "pyorbbecsdk/examples/model.onnx": b"a megabyte",
    "pyorbbecsdk2-2.1.2.dist-info/licenses/LICENSE": b"free",
}
KEPT = {
    "libOrbbecSDK.so.2",
    "extensions/depthengine/engine.so",
    "shared/99-obsensor-libusb.rules",
    "LICENSE",
    "RECORD",
}


def record(content: dict[str, bytes]) -> bytes:
    rows = io.StringIO()
    for name, data in content.items():
        digest = urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        csv.writer(rows).writerow((name, f"sha256={digest}", len(data)))
    return rows.getvalue().encode()


def wheel(folder: Path, content: dict[str, bytes] = CONTENT) -> Path:
    path = folder / "pyorbbecsdk2-2.1.2-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name), data)
        archive.writestr(zipfile.ZipInfo("pyorbbecsdk2-2.1.2.dist-info/RECORD"), record(content))
    return path


@pytest.fixture(autouse=True)
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, and a small wheel in place of the real one."""
    small = files._Wheel(
        "any",
        hashlib.sha256(wheel(tmp_path).read_bytes()).hexdigest(),
        hashlib.sha256(record(CONTENT)).hexdigest(),
        "libOrbbecSDK.so.2",
    )
    monkeypatch.setattr(files, "_wheel", lambda: small)
    monkeypatch.setenv(files.ENVIRONMENT_VARIABLE, str(tmp_path / "orbbec"))
    return tmp_path / "orbbec"


def test_fetch_keeps_what_is_needed_and_nothing_else(target: Path) -> None:
    told: list[str] = []
    assert files.fetch(told.append, wheel) == target
    assert {p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()} == KEPT
    assert files.check(target) == target / "libOrbbecSDK.so.2"
    assert len(told) == 1


def test_fetch_downloads_nothing_when_all_is_there(target: Path) -> None:
    files.fetch(download=wheel)

    def download(folder: Path) -> Path:
        raise AssertionError("downloaded")

    assert files.fetch(download=download) == target


def test_fetch_mends_a_broken_file(target: Path) -> None:
    files.fetch(download=wheel)
    (target / "extensions/depthengine/engine.so").write_bytes(b"half")
    with pytest.raises(DeviceUnavailable, match=r"engine\.so is not the file .*cameras fetch orbbec"):
        files.check(target)
    files.fetch(download=wheel)
    files.check(target)


def test_a_wheel_whose_sum_is_wrong_is_refused_and_leaves_nothing(target: Path) -> None:
    other = CONTENT | {LIBRARY: b"something else"}
    with pytest.raises(
        DeviceUnavailable, match=r"expected SHA-256 .*found .*nothing of it was kept"
    ) as error:
        files.fetch(download=lambda folder: wheel(folder, other))
    assert error.value.reason is Unavailable.WRONG_LIBRARY
    assert not target.exists()


def test_what_is_missing_is_named(target: Path) -> None:
    with pytest.raises(DeviceUnavailable, match="run `bodychan cameras fetch orbbec`") as error:
        files.check(target)
    assert error.value.reason is Unavailable.NO_LIBRARY
    files.fetch(download=wheel)
    (target / "libOrbbecSDK.so.2").unlink()
    with pytest.raises(DeviceUnavailable, match=r"libOrbbecSDK\.so\.2: No such file"):
        files.check(target)


def test_without_a_package_index_the_message_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_: object) -> Path:
        raise wheels.NotDownloaded("ERROR: No matching distribution found")

    monkeypatch.setattr(wheels, "download", download)
    with pytest.raises(DeviceUnavailable, match=r"could not be fetched \(ERROR: No matching") as error:
        files.fetch()
    assert "copy that folder here" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_folder_that_cannot_be_written_is_an_error_of_ours(target: Path) -> None:
    target.write_text("a file where the folder should be")
    with pytest.raises(DeviceUnavailable, match="cannot keep Orbbec's library"):
        files.fetch(download=wheel)


def test_a_computer_without_a_library_of_its_own_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(DeviceUnavailable, match=r"no library for .* on riscv64") as error:
        files.fetch()
    assert error.value.reason is Unavailable.WRONG_LIBRARY
