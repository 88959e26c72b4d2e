import importlib.util
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from bodychan.viewer import commands as c

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def types() -> ModuleType:
    spec = importlib.util.spec_from_file_location("viewer_types", ROOT / "scripts" / "viewer_types.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_command_is_read() -> None:
    text = b'{"do": "set", "operator": "bodies", "name": "maxplayers", "value": 2}'
    assert c.decode(text) == c.SetParameter("bodies", "maxplayers", 2)
    assert c.decode('{"do": "watch"}') == c.Watch()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"do": "format-disk"}',
        '{"do": "watch", "more": 1}',
        '{"do": "watch", "cloud": "all"}',
        '{"do": "set", "operator": "bodies", "name": "maxplayers", "value": [2]}',
        '{"do": "seek", "seconds": -1}',
        '{"do": "seek", "seconds": 1e999}',
        '{"do": "speed", "factor": 0}',
        '{"do": "seen", "serial": -1}',
        '{"do": "open", "source": "' + "x" * 1001 + '"}',
        '{"do": "play", "playing": 1}',
    ],
)
def test_what_the_schema_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        c.decode(text)


def test_the_page_has_the_types_of_the_schema(types: ModuleType) -> None:
    assert types.typescript() == types.TARGET.read_text()


def test_every_command_has_a_type(types: ModuleType) -> None:
    for kind in c.Commands.__args__:
        assert f'do: "{kind.__struct_config__.tag}";' in types.typescript()
