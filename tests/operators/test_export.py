from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bodychan import InfoCHOP, KinectAzureCHOP, KinectAzureTOP, Project
from bodychan.errors import OperatorError
from bodychan.model.arrays import F64
from bodychan.operators.chop import CHOP
from bodychan.operators.export import ExportRow
from bodychan.operators.parameters import number, pulse, text
from bodychan.operators.tables import CommonPage


class Values(CHOP):
    """Gives what a test sets."""

    table = CommonPage
    values: dict[str, float]

    def _names(self) -> tuple[str, ...]:
        return tuple(self.values)

    def _values(self, names: tuple[str, ...], times: F64) -> F64:
        return np.tile(np.array([self.values[name] for name in names])[:, None], len(times))


class TargetTable(CommonPage, page="Test"):
    gain = number("Gain", 0.0, (-1, 1), "", "A float.")
    go = pulse("Go", "A pulse.")
    label = text("Label", "", "A text.")


class Target(CHOP):
    """Has a parameter of every kind."""

    table = TargetTable
    par: TargetTable

    def _names(self) -> tuple[str, ...]:
        return ()

    def _values(self, names: tuple[str, ...], times: F64) -> F64:
        raise AssertionError("nobody asks for it")


class Lamp:
    level = 0.0
    on = False
    count = 3

    @property
    def fixed(self) -> float:
        return 1.0


@pytest.fixture
def project() -> Project:
    project = Project()
    project.create(Values, "source").values = {}
    project.create(Target, "target")
    project.create(KinectAzureTOP, "top")
    return project


@pytest.fixture
def source(project: Project) -> Values:
    source = project.op("source")
    assert isinstance(source, Values)
    source.export = True
    return source


def test_a_channels_name_is_path_and_parameter(project: Project, source: Values) -> None:
    lamp = Lamp()
    project.register("stage/lamp1", lamp)
    source.values = {"target:gain": 0.25, "stage/lamp1:level": 0.5, "/project1/top/gain": 9.7}
    project.step()
    assert (project.op("target").par.gain, lamp.level, project.op("top").par.gain) == (0.25, 0.5, 9)
    assert source.warnings() == ""


@pytest.mark.parametrize(
    ("parameter", "value", "taken"),
    [
        ("backlight", 0.01, True),
        ("backlight", 0.0, False),
        ("backlight", -1.0, False),
        ("image", 4.0, "ir"),
        ("image", 4.9, "ir"),
        ("gain", 7.9, 7),
    ],
)
def test_toggles_are_on_above_zero_and_menus_take_the_index(
    project: Project, source: Values, parameter: str, value: float, taken: object
) -> None:
    project.op("top").par.backlight = True
    source.values = {f"top:{parameter}": value}
    project.step()
    assert getattr(project.op("top").par, parameter) == taken
    assert source.warnings() == ""


def test_attributes_take_what_they_are(project: Project, source: Values) -> None:
    lamp = Lamp()
    project.register("lamp", lamp)
    source.values = {"lamp:on": 0.5, "lamp:count": 6.7, "lamp:level": 2.0}
    project.step()
    assert (lamp.on, lamp.count, lamp.level) == (True, 6, 2.0)


@pytest.mark.parametrize(
    ("channel", "value", "warning"),
    [
        ("target:gain", 2.0, "'gain': 2.0 is outside -1 to 1"),
        ("target:gian", 0.0, "no parameter 'gian': did you mean 'gain'"),
        ("target:go", 1.0, "'go' takes no numbers"),
        ("target:label", 1.0, "'label' takes no numbers"),
        ("top:image", 99.0, "'image' has no item 99"),
        ("lamp:fixed", 2.0, "export of lamp:fixed to lamp: property 'fixed'"),
        ("lamp:nothing", 2.0, "no attribute 'nothing'"),
        ("nobody:tx", 2.0, "1 of 1 channels lead nowhere, such as 'nobody:tx'"),
        ("tx", 2.0, "1 of 1 channels lead nowhere"),
    ],
)
def test_what_cannot_be_driven_is_a_warning(
    project: Project, source: Values, channel: str, value: float, warning: str
) -> None:
    project.register("lamp", Lamp())
    source.values = {channel: value}
    project.step()
    assert warning in source.warnings()
    assert source.info()["warnings"] == 1
    source.export = False
    project.step()
    assert source.warnings() == ""


def test_paths_are_relative_to_the_export_root(project: Project, source: Values) -> None:
    near, far = Lamp(), Lamp()
    project.register("lamp", near)
    project.register("stage/lamp", far)
    source.values = {"lamp:level": 1.0}
    source.par.autoexportroot = "/project1/stage"
    project.step()
    assert (near.level, far.level) == (0.0, 1.0)


def test_only_what_is_in_scope_is_exported(project: Project, source: Values) -> None:
    lamp = Lamp()
    project.register("lamp", lamp)
    source.values = {"lamp:level": 1.0, "lamp:count": 5.0}
    source.par.scope = "*:level"
    project.step()
    assert (lamp.level, lamp.count) == (1.0, 3)


@pytest.mark.parametrize(("method", "channel"), [("datname", "b"), ("datindex", 1)])
def test_a_table_says_which_channel_drives_what(
    project: Project, source: Values, method: str, channel: str | int
) -> None:
    source.values = {"a": 0.1, "b": 0.2}
    source.par.exportmethod = method
    source.exportTable = (
        ExportRow("target", "gain", channel),
        ExportRow("target", "scope", channel, enable=False),
        ExportRow("target", "gain", "zz"),
        ExportRow("nobody", "gain", channel),
    )
    project.step()
    assert project.op("target").par.gain == 0.2
    assert source.warnings().splitlines() == [
        "export to target: there is no channel zz",
        "export of b: nothing is at nobody",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("table.csv", "path,parameter,channel,enable\ntarget,gain,b,1\ntarget,gian,a,0\n"),
        ("table.csv", "path, parameter, channel\ntarget, gain, b\n"),
        ("table.toml", "[[export]]\npath = 'target'\nparameter = 'gain'\nchannel = 'b'\n"),
    ],
)
def test_a_table_is_read_from_a_file(
    project: Project, source: Values, tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    source.values = {"a": 0.1, "b": 0.2}
    source.par.exportmethod, source.par.exporttable = "datname", tmp_path / name
    project.step()
    assert (project.op("target").par.gain, source.warnings()) == (0.2, "")


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (None, "cannot be read"),
        ("path,channel\na,b\n", "row 1: it needs path, parameter, channel"),
        ("path,parameter,channel\na,b,\n", "row 1: it needs path, parameter, channel"),
    ],
)
def test_a_table_that_is_none_is_a_warning(
    project: Project, source: Values, tmp_path: Path, text: str | None, warning: str
) -> None:
    if text is not None:
        (tmp_path / "table.csv").write_text(text)
    source.par.exportmethod, source.par.exporttable = "datname", tmp_path / "table.csv"
    project.step()
    assert warning in source.warnings()


def test_the_count_tells_how_often_what_drives_what_has_changed(project: Project, source: Values) -> None:
    info = project.create(InfoCHOP, "info", op="source", iscope="export_sernum")
    counts = []
    for values, export in (
        ({"target:gain": 0.5}, True),
        ({"target:gain": 0.6}, True),
        ({"target:gain": 0.6, "top:gain": 3.0}, True),
        ({}, False),
        ({"target:gain": 0.5}, True),
    ):
        source.values, source.export = values, export
        project.step()
        counts.append(float(info[0]))
    assert counts == [1, 1, 2, 3, 4]


def test_without_the_flag_nothing_is_exported_and_nothing_cooks(project: Project, source: Values) -> None:
    source.export = False
    source.values = {"target:gain": 0.5}
    project.step()
    assert (project.op("target").par.gain, source.totalCooks) == (0, 0)


def test_a_path_is_taken_only_once(project: Project) -> None:
    project.register("lamp", SimpleNamespace())
    with pytest.raises(OperatorError, match="lamp exists already"):
        project.register("/project1/lamp", SimpleNamespace())
    with pytest.raises(OperatorError, match="/project1/lamp exists already"):
        project.create(KinectAzureCHOP, "lamp")
    with pytest.raises(OperatorError, match="target exists already"):
        project.register("target", SimpleNamespace())
