import json
from pathlib import Path

import pyarrow.parquet as pq

from bodychan.apps.outlets import Outlets
from bodychan.apps.supply import makers, supply
from bodychan.apps.wiring import wire
from bodychan.operators.info import InfoCHOP
from bodychan.operators.kinect.chop import KinectAzureCHOP
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.merge import MergeCHOP
from bodychan.operators.project import Project


def test_groups_that_an_output_needs_are_on_and_the_others_do_not_see_them(tmp_path: Path) -> None:
    targets = [str(tmp_path / name) for name in ("a.bvh", "a.json", "a.parquet", "b.trc")]
    with Project() as project, Outlets([]) as outlets:
        _, chop = wire(project, "synthetic:empty?seconds=0.1", {"bonelengths": True})
        for target in targets:
            outlets.open(target)
        supply(dict.fromkeys(outlets, chop))
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


def test_behind_a_merge_groups_are_switched_on_in_what_is_merged(tmp_path: Path) -> None:
    with Project() as project, Outlets([]) as outlets:
        top, chop = wire(project, "synthetic:empty?seconds=0.1", {})
        project.create(InfoCHOP, "info", op=top.name)
        inner = project.create(MergeCHOP, "inner", chops="bodies info")
        outer = project.create(MergeCHOP, "outer", chops="inner")
        behind = {"a.bvh": outer, "a.parquet": chop, "a.csv": inner}
        opened = {outlets.open(str(tmp_path / name)): source for name, source in behind.items()}
        supply(opened)
        assert chop.layout.groups == {"worldspace", "absbonerotations"}
        assert [outlet.hidden for outlet in opened] == [set(), {"absbonerotations"}, {"absbonerotations"}]
        for outlet, source in opened.items():
            outlet.write(source.channels)
        assert [outlet.failure for outlet in opened] == [None] * 3
        table = list(opened)[1:]
        for outlet in table:
            outlet.finish()
        outlets.keep()
    # What is merged says where it comes from as well, as long as it is one camera.
    facts = pq.read_schema(tmp_path / "a.parquet").metadata or {}
    assert facts[b"source"] == b"synthetic:empty?seconds=0.1"
    columns = (tmp_path / "a.csv").read_text().splitlines()[0].split(",")
    assert "p1/head:tx" in columns
    assert "cook_time" in columns
    assert "p1/head:absrx" not in columns


def test_what_one_of_the_merged_was_asked_for_is_not_hidden(tmp_path: Path) -> None:
    with Project() as project, Outlets([]) as outlets:
        for number in "12":
            top = project.create(KinectAzureTOP, f"top{number}", sensor="synthetic:empty?seconds=0.1")
            project.create(KinectAzureCHOP, f"chop{number}", top=top)
        one, other = project.ops("chop*")
        assert isinstance(one, KinectAzureCHOP)
        assert isinstance(other, KinectAzureCHOP)
        one.par.absbonerotations = True
        merged = project.create(MergeCHOP, "merged", chops="chop1 chop2")
        skeleton, table, alone = (outlets.open(str(tmp_path / name)) for name in ("a.bvh", "a.csv", "b.csv"))
        supply({skeleton: merged, table: merged, alone: other})
        assert other.par.absbonerotations
        assert [outlet.hidden for outlet in (skeleton, table, alone)] == [set(), set(), {"absbonerotations"}]
        outlets.keep()


def test_merges_that_do_not_work_have_no_makers() -> None:
    with Project() as project:
        project.create(MergeCHOP, "a", chops="b")
        circle = project.create(MergeCHOP, "b", chops="a")
        assert makers(circle) == makers(project.create(MergeCHOP, "c", chops="nobody")) == ()
