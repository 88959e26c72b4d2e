from pathlib import Path

import pytest

from bodychan.cameras.k4a.api import MICROSOFT, ORBBEC, PROTOTYPES
from bodychan.cameras.k4a.handles import K4a
from bodychan.cameras.library import Library, load
from bodychan.errors import DeviceUnavailable, Unavailable
from standins import StandIn, build


@pytest.fixture(autouse=True)
def no_library_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for library in (MICROSOFT, ORBBEC):
        monkeypatch.delenv(library.variable, raising=False)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp()


def library_in(places: Path, **changes: object) -> Library:
    values: dict[str, object] = {
        "title": "a library",
        "variable": "BODYCHAN_NOWHERE",
        "places": {"linux": (f"{places}/v*/libk4a.so",)},
        "names": {"linux": ("libbodychan-nowhere.so",)},
        "remedy": "install it",
        "prototypes": PROTOTYPES,
    }
    return Library(**(values | changes))  # type: ignore[arg-type]


def put(library: Path, place: Path) -> Path:
    place.mkdir(parents=True)
    target = place / "libk4a.so"
    target.write_bytes(library.read_bytes())
    return target


def test_a_library_is_found_by_path_by_folder_and_by_the_environment(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(build("k4a.c", folder), tmp_path / "here")
    for named in (file, file.parent):
        assert load(MICROSOFT, named)._name == str(file)
    monkeypatch.setenv("BODYCHAN_K4A", str(file.parent))
    assert load(MICROSOFT)._name == str(file)


def test_libraries_of_wheels_are_found_in_their_folder(folder: Path, tmp_path: Path) -> None:
    hashed = tmp_path / "libk4a-1a2b3c4d.so.1.4.2"
    hashed.write_bytes(build("k4a.c", folder).read_bytes())
    assert load(MICROSOFT, tmp_path)._name == str(hashed)


def test_of_several_installed_versions_the_newest_is_taken(folder: Path, tmp_path: Path) -> None:
    built = build("k4a.c", folder)
    for version in ("v1.9.0", "v1.10.0", "v1.2.0"):
        put(built, tmp_path / version)
    assert Path(load(library_in(tmp_path))._name).parent.name == "v1.10.0"


def test_a_damaged_library_does_not_hide_the_one_beside_it(folder: Path, tmp_path: Path) -> None:
    put(build("k4a.c", folder), tmp_path / "v1")
    put(build("k4a.c", folder), tmp_path / "v2").write_bytes(b"\x7fELF")
    assert Path(load(library_in(tmp_path))._name).parent.name == "v1"


def test_a_missing_library_is_reported_with_the_places_the_variable_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailable, match="a library was not found") as caught:
        load(library_in(tmp_path))
    assert caught.value.reason is Unavailable.NO_LIBRARY
    for part in (f"{tmp_path}/v*/libk4a.so", "BODYCHAN_NOWHERE", "install it"):
        assert part in str(caught.value)


def test_a_named_place_without_the_library_is_the_only_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DeviceUnavailable, match="is not there: name the library's file") as caught:
        load(MICROSOFT, tmp_path)
    assert caught.value.reason is Unavailable.NO_LIBRARY
    monkeypatch.setenv("BODYCHAN_K4A", str(tmp_path / "gone.so"))
    with pytest.raises(DeviceUnavailable, match=r"BODYCHAN_K4A names .*gone\.so, but"):
        load(MICROSOFT)


@pytest.mark.parametrize(
    ("field", "at", "value", "message"),
    [
        ("machine", 18, b"\xb7\x00", r"made for aarch64, this Python runs on"),
        ("machine", 18, b"\x03\x00", r"made for x86, this Python runs on"),
        ("magic", 0, b"MZ\x90\x00", r"no library of this operating system"),
    ],
)
def test_a_library_of_another_machine_or_system_says_so(
    folder: Path, tmp_path: Path, field: str, at: int, value: bytes, message: str
) -> None:
    file = put(build("k4a.c", folder), tmp_path / "v1")
    data = bytearray(file.read_bytes())
    data[at : at + len(value)] = value
    file.write_bytes(data)
    for library, path in ((MICROSOFT, file), (library_in(tmp_path), None)):
        with pytest.raises(DeviceUnavailable, match=message) as caught:
            load(library, path)
        assert caught.value.reason is Unavailable.WRONG_LIBRARY


def test_what_a_library_needs_and_lacks_is_named(folder: Path, tmp_path: Path) -> None:
    file = put(build("k4a.c", folder), tmp_path / "v1")
    file.write_bytes(file.read_bytes().replace(b"libc.so.6", b"libq.so.6"))
    with pytest.raises(DeviceUnavailable, match=r"libq\.so\.6.*; install what it names") as caught:
        load(MICROSOFT, file)
    assert caught.value.reason is Unavailable.WRONG_LIBRARY


def test_a_missing_function_is_named(folder: Path) -> None:
    with pytest.raises(DeviceUnavailable, match="has no function k4a_device_get_version") as caught:
        load(MICROSOFT, build("k4a.c", folder, "-DWITHOUT_VERSION"))
    assert caught.value.reason is Unavailable.WRONG_LIBRARY


def test_the_makers_libraries_are_told_apart(folder: Path) -> None:
    with pytest.raises(DeviceUnavailable, match=r"is Orbbec's wrapper.*open Femto cameras as orbbec:"):
        load(MICROSOFT, build("k4a.c", folder, "-DORBBEC"))
    with pytest.raises(DeviceUnavailable, match=r"is Microsoft's library.*open Azure Kinect cameras as k4a:"):
        load(ORBBEC, build("k4a.c", folder))
    load(ORBBEC, build("k4a.c", folder, "-DORBBEC"))


def test_every_prototype_is_declared_on_what_is_loaded(folder: Path) -> None:
    functions = K4a(MICROSOFT, StandIn(folder).path).functions
    for name, prototype in PROTOTYPES.items():
        function = getattr(functions, name)
        assert (function.restype, function.argtypes) == (prototype.result, prototype.arguments)


def test_libraries_that_installed_packages_carry_are_found_without_importing_them(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = build("k4a.c", folder).read_bytes()
    beside, inside = tmp_path / "carrier.libs", tmp_path / "other"
    for place, name in ((beside, "libk4a-1a2b3c4d.so.1.4.2"), (inside, "libk4a.so")):
        place.mkdir()
        (place / name).write_bytes(built)
        (place / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    names = {"linux": ("libk4a.so",)}
    for package, place in (("carrier", beside), ("other", inside)):
        found = load(library_in(tmp_path / "nowhere", packages=(package,), names=names))
        assert Path(found._name).parent == place
