from importlib.util import find_spec

import pytest

# The data engine and the trainer need PyTorch and anny, as nothing else does: `make test-training` has them.
collect_ignore_glob = [] if find_spec("torch") and find_spec("anny") else ["test_*.py"]

BODIES = 60


@pytest.fixture(scope="session")
def bank():  # type: ignore[no-untyped-def]
    """Random bodies."""
    from training.bodies import sample

    return sample(BODIES, seed=3)
