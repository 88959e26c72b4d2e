import json
from pathlib import Path

from bodychan import __version__
from bodychan.channels.layout import Layout
from bodychan.outputs.about import About, columns


def test_facts_are_what_is_known(tmp_path: Path) -> None:
    assert About("k4a:0").facts() == {"version": __version__, "source": "k4a:0", "parameters": "{}"}
    (tmp_path / "a.mkv").write_bytes(b"")
    facts = About(f"file:{tmp_path / 'a.mkv'}", "{}", {"top": {"sensor": Path("a")}}).facts()
    # SHA-256 of nothing.
    assert facts["source_sha256"] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert json.loads(facts["parameters"]) == {"top": {"sensor": "a"}}


def test_columns_say_what_they_measure_and_whose() -> None:
    layout = Layout()
    described = json.loads(columns(layout.names, layout.kinds))
    assert described["p1/id"] == {"kind": "id", "unit": "", "player": 1}
    assert described["frame"] == {"kind": "counter", "unit": ""}
