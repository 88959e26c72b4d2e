import json
from pathlib import Path

import pyarrow.parquet as pq

from bodychan.apps.outlets import Outlets
from bodychan.apps.supply import supply
from bodychan.apps.wiring import wire
from bodychan.operators.project import Project


def test_groups_that_an_output_needs_are_on_and_the_others_do_not_see_them(tmp_path: Path) -> None:
    targets = [str(tmp_path / name) for name in ("a.bvh", "a.json", "a.parquet", "b.trc")]
    with Project() as project, Outlets([]) as outlets:
        top, chop = wire(project, "synthetic:empty?seconds=0.1", {"bonelengths": True})
        for target in targets:
            outlets.open(target)
        supply(top, chop, outlets)
        assert chop.layout.groups == {"worldspace", "bonelengths", "absbonerotations", "confidence"}
        hidden = [sorted(outlet.hidden) for outlet in outlets]
        assert hidden[:3] == [["confidence"], [], ["absbonerotations", "confidence"]]
        for outlet in outlets:
            outlet.write(chop.channels)
        assert [outlet.failure for outlet in outlets] == [None] * 4
        list(outlets)[2].finish()
        outlets.keep()
    schema = pq.read_schema(tmp_path / "a.parquet")
    assert {name.partition(":")[2] for name in schema.names if ":" in name} == {"tx", "ty", "tz", "length"}
    facts = schema.metadata or {}
    assert json.loads(facts[b"parameters"])["chop"]["bonelengths"] is True
    assert facts[b"source"] == b"synthetic:empty?seconds=0.1"
    assert json.loads(facts[b"calibration"])["CalibrationInformation"]
