import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest

from bodychan.errors import ModelError
from bodychan.tracking.blazepose import models

DETECTOR, LANDMARKS = "pose_detection.tflite", "pose_landmark_full.tflite"
CONTENT = {DETECTOR: b"a small detector", LANDMARKS: b"a small landmark model"}
MEMBERS = {
    DETECTOR: "mediapipe/modules/pose_detection/pose_detection.tflite",
    LANDMARKS: "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, and small stand-ins for the two files."""
    folder = tmp_path / "cache" / "models"
    small = [models._Model(MEMBERS[n], hashlib.sha256(CONTENT[n]).hexdigest()) for n in CONTENT]
    monkeypatch.setattr(models, "_MODELS", tuple(small))
    monkeypatch.setattr(models, "cache_folder", lambda: folder)
    monkeypatch.delenv(models.ENVIRONMENT_VARIABLE, raising=False)
    return folder


def put(folder: Path, **changed: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in CONTENT.items():
        (folder / name).write_bytes(changed.get(name.partition(".")[0], content))
    return folder


def wheel(folder: Path, content: dict[str, bytes] = CONTENT) -> Path:
    path = folder / "mediapipe-0.10.14-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mediapipe/other.py", "x = 1\n" * 1000)
        for name, data in content.items():
            archive.writestr(MEMBERS[name], data)
    return path


def test_fetch_keeps_the_two_files_and_nothing_else(cache: Path) -> None:
    scratch: list[Path] = []

    def download(folder: Path) -> Path:
        scratch.append(folder)
        return wheel(folder)

    told: list[str] = []
    assert models.fetch(told.append, download) == cache
    assert {p.name: p.read_bytes() for p in cache.iterdir()} == CONTENT
    assert not scratch[0].exists()
    assert len(told) == 1
    assert "\n" not in told[0]


def test_fetch_downloads_nothing_when_the_right_files_are_there(cache: Path) -> None:
    put(cache)

    def download(folder: Path) -> Path:
        raise AssertionError("downloaded")

    assert models.fetch(download=download) == cache


def test_fetch_replaces_a_broken_file(cache: Path) -> None:
    put(cache, pose_detection=b"half of i")
    models.fetch(download=wheel)
    assert models.check(cache).detector.read_bytes() == CONTENT[DETECTOR]


def test_a_wheel_with_other_content_is_refused_and_leaves_nothing(cache: Path) -> None:
    other = CONTENT | {LANDMARKS: b"something else"}
    with pytest.raises(ModelError, match=r"pose_landmark_full\.tflite.*expected SHA-256 .*found "):
        models.fetch(download=lambda folder: wheel(folder, other))
    assert LANDMARKS not in [p.name for p in cache.iterdir()]


def test_a_wheel_without_the_files_is_refused(cache: Path) -> None:
    with pytest.raises(ModelError, match="holds no readable"):
        models.fetch(download=lambda folder: wheel(folder, {}))


def test_a_wrong_sum_names_the_file_and_both_sums(tmp_path: Path) -> None:
    folder = put(tmp_path / "mine", pose_detection=b"tampered")
    with pytest.raises(ModelError) as error:
        models.check(folder)
    message = str(error.value)
    assert str(folder / DETECTOR) in message
    assert hashlib.sha256(b"tampered").hexdigest() in message
    assert hashlib.sha256(CONTENT[DETECTOR]).hexdigest() in message
    assert "\n" not in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = put(tmp_path / "mine")
    (folder / LANDMARKS).unlink()
    with pytest.raises(ModelError, match=LANDMARKS):
        models.check(folder)


def test_an_explicit_folder_wins_over_environment_and_cache(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, named = put(tmp_path / "mine"), put(tmp_path / "named")
    put(cache)
    monkeypatch.setenv(models.ENVIRONMENT_VARIABLE, str(named))
    assert models.locate(mine).detector == mine / DETECTOR
    assert models.locate().detector == named / DETECTOR
    assert models.known_folder() == named
    monkeypatch.delenv(models.ENVIRONMENT_VARIABLE)
    assert models.locate().detector == cache / DETECTOR
    assert models.known_folder() == cache


def test_an_explicit_folder_is_never_filled(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot read the model file"):
        models.locate(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_offline_the_error_says_what_to_do_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        said = "WARNING: Retrying\nERROR: No matching distribution found for mediapipe==0.10.14\n"
        return subprocess.CompletedProcess(command, 1, "", said)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ModelError) as error:
        models.locate()
    message = str(error.value)
    assert "bodychan models fetch" in message
    assert "(ERROR: No matching distribution found for mediapipe==0.10.14)" in message
    assert models.ENVIRONMENT_VARIABLE in message
    assert "\n" not in message
    assert "--no-deps" in commands[0]
    assert commands[0][-1] == "mediapipe==0.10.14"


def test_a_cache_that_cannot_be_written_is_an_error_of_ours(cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("a file where the folder should be")
    with pytest.raises(ModelError, match="cannot keep the model files"):
        models.fetch(download=wheel)


def test_the_real_files_have_the_known_sums(
    model_files: models.ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert model_files.detector.stat().st_size == 2_959_046
    assert model_files.landmarks.stat().st_size == 6_440_512
