"""Make .venv with exactly the packages of requirements.lock and bodychan itself; standard library only."""

import os
import platform
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
READY = VENV / "ready"
COMMAND = VENV / ("Scripts/bodychan.exe" if os.name == "nt" else "bin/bodychan")

# What compiles most of the kernels, in two halves: those of the tracker, which are compiled when they are
# imported, and those of the synthetic camera.
_KERNELS = (
    "import bodychan.tracking.builtin.body_index, bodychan.tracking.builtin.tracker",
    "import bodychan; bodychan.open_camera('synthetic:two').read()",
)

# The wheel that carries Microsoft's sensor libraries; its Python is of no importance.
_LIBK4A = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check"]
_LIBK4A += ["--python-version", "3.11", "--platform", "manylinux_2_35_x86_64"]


def main() -> None:
    """Create the environment, or bring it up to date.

    Exits with a sentence when Python is too old, lacks its venv module, or the package index fails.
    """
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this may not know
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"bodychan needs Python 3.11 or newer, {sys.executable} is {found}: make PYTHON=python3.12")
    READY.unlink(missing_ok=True)
    if not PYTHON.exists():
        _create()
    print("installing the packages into .venv: some minutes and 1 GB, once", flush=True)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    _run([*pip, "--require-hashes", "--requirement", str(ROOT / "requirements.lock")])
    _run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    _fetch_libraries()
    print("compiling the kernels: about 20 s, once", flush=True)
    _compile()
    READY.touch()
    print(f"ready: {COMMAND.relative_to(ROOT)}", flush=True)


def _fetch_libraries() -> None:
    """Fetch the cameras' own libraries, which some tests drive; without them those tests are skipped."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return
    print("fetching the makers' libraries for the tests: 40 MB, once", flush=True)
    orbbec = {"BODYCHAN_ORBBECSDK": str(VENV / "orbbec")}
    fetch = [str(PYTHON), "-m", "bodychan", "cameras", "fetch", "orbbec"]
    subprocess.run(fetch, check=False, env=os.environ | orbbec, stdout=subprocess.DEVNULL)
    microsoft = VENV / "libk4a"
    if not any(microsoft.glob("*.libs")):
        download = [*_LIBK4A, "--dest", str(microsoft), "pyk4a-bundle==1.5.0"]
        subprocess.run([str(PYTHON), "-m", "pip", *download], check=False)
        for wheel in microsoft.glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(microsoft)


def _compile() -> None:
    """Compile ahead what the first run would have to, one half on each of two cores."""
    halves = [subprocess.Popen([str(PYTHON), "-c", code]) for code in _KERNELS]
    statuses = [half.wait() for half in halves]
    if any(statuses):
        print("that did not work; the first run compiles them", flush=True)


def _create() -> None:
    try:
        import ensurepip  # noqa: F401 - Debian splits it off into a package of its own
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        if sys.platform != "linux" or os.geteuid() != 0:
            sys.exit(
                f"this Python lacks ensurepip: install it first, e.g. apt-get install python{version}-venv"
            )
        _run(["apt-get", "install", "--yes", "--quiet", f"python{version}-venv"])
        # The new module is for a new process to find.
        _run([sys.executable, "-m", "venv", "--clear", str(VENV)])
        return
    venv.create(VENV, clear=True, with_pip=True)


def _run(command: list[str]) -> None:
    try:
        status = subprocess.run(command, check=False).returncode
    except OSError as error:
        sys.exit(f"cannot run {command[0]}: {error.strerror}")
    if status:
        sys.exit(f"failed: {' '.join(command)}")


if __name__ == "__main__":
    main()
