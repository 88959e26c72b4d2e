import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import bodychan
from bodychan import Calibration
from bodychan.cameras.orbbec import files as orbbec
from bodychan.cameras.synthetic.device import calibration_json
from bodychan.errors import DeviceUnavailable

# The same examples at every run: what passes here passes everywhere.
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.load_profile("same")


@pytest.fixture(scope="session", autouse=True)
def ctrl_c() -> Iterator[None]:
    """Let Ctrl-C be heard, here and in processes that tests start: in the background, shells ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def same_sources() -> Iterator[None]:
    """Let processes that tests start import the package that is tested here, and the tests' own modules."""
    folders = (Path(bodychan.__file__).parents[1], Path(__file__).parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, folders)))
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real and rendered recordings that may lie beside a checkout."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("no folder 'shared' with recordings beside the checkout")
    return folder


@pytest.fixture(scope="session")
def calibration() -> Calibration:
    """A realistic calibration: the synthetic camera's."""
    return Calibration.from_json(calibration_json())


@pytest.fixture
def orbbec_library(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Orbbec's own library, where it was fetched: `make` does so on Linux x86-64."""
    fetched = Path(__file__).resolve().parents[1] / ".venv" / "orbbec"
    if orbbec.ENVIRONMENT_VARIABLE not in os.environ and fetched.is_dir():
        monkeypatch.setenv(orbbec.ENVIRONMENT_VARIABLE, str(fetched))
    try:
        return orbbec.check(orbbec.known_folder())
    except DeviceUnavailable as error:
        pytest.skip(f"Orbbec's library is needed ({error})")
