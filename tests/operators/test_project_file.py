from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodychan import InfoCHOP, KinectAzureCHOP, KinectAzureTOP, Project
from bodychan.errors import OperatorError
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.project_file import OutputLine, ProjectFile
from bodychan.operators.project_file import dump as dump_network


def parse(text: str, name: str) -> Project:
    file = ProjectFile(text, name)
    project = Project(file.fps, realtime=file.realtime)
    project.outputs = file.fill(project, Path())
    return project


def dump(project: Project) -> str:
    return dump_network(project, project.outputs, Path())


SHOW = """# The evening's show
fps = 30.0
realtime = true

[operators.kinectazure1]
type = "KinectAzureTOP"
sensor = "take.mkv"
image = "ir"
playback = { speed = 0.5, loop = true }

[operators.bodies]
type = "KinectAzureCHOP"
top = "kinectazure1"
maxplayers = 6
confidence = true

[[outputs]]
from = "bodies"
to = "osc://127.0.0.1:7000"

[[outputs]]
from = "bodies"
to = "terminal"
"""


def test_a_file_makes_the_project_that_it_describes() -> None:
    project = parse(SHOW, "show.toml")
    assert (project.fps, project.realtime) == (30, True)
    top, chop = project.op("kinectazure1"), project.op("bodies")
    assert isinstance(top, KinectAzureTOP)
    assert isinstance(chop, KinectAzureCHOP)
    assert (top.par.sensor, top.par.image, top.playback) == ("take.mkv", "ir", Playback(speed=0.5, loop=True))
    assert (chop.par.top, chop.par.maxplayers, chop.par.confidence) == ("kinectazure1", 6, True)
    assert project.outputs == [OutputLine("bodies", "osc://127.0.0.1:7000"), OutputLine("bodies", "terminal")]


def test_a_project_is_written_as_people_would_write_it() -> None:
    assert dump(parse(SHOW, "show.toml")) == SHOW.partition("\n")[2]


def test_saving_and_loading_keeps_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project = Project(fps=25)
    project.create(KinectAzureTOP, "top", playback=Playback(1.5, 2.0), sensor='odd "name"\\ü\x7f\n.mkv')
    project.create(KinectAzureCHOP, "bodies", top="top", worldspace=False, scope="p1/*")
    project.create(InfoCHOP, "info", op="bodies")
    project.outputs.append(OutputLine("info", "out.csv"))
    info = project.op("info")
    assert isinstance(info, InfoCHOP)
    info.export = True
    project.save("show.toml")
    loaded = Project.load("show.toml")
    assert dump(loaded) == dump(project)
    assert "export = true" in dump(loaded)
    for operator in project.ops("*"):
        twin = loaded.op(operator.name)
        assert type(twin) is type(operator)
        assert twin.pars() == operator.pars()


def test_relative_paths_are_looked_up_from_the_files_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "show").mkdir()
    (tmp_path / "show" / "naming.toml").write_text("")
    (tmp_path / "show" / "show.toml").write_text(
        SHOW.replace('sensor = "take.mkv"', 'sensor = "take.mkv"\nmodelpath = "models"')
        .replace("maxplayers = 6", 'namingtable = "naming.toml"\nexporttable = "/tables/drive.csv"')
        .replace('to = "osc://127.0.0.1:7000"', 'to = "out.parquet"')
    )
    monkeypatch.chdir(tmp_path)
    project = Project.load(Path("show") / "show.toml")
    top, chop = project.op("kinectazure1"), project.op("bodies")
    assert isinstance(top, KinectAzureTOP)
    assert isinstance(chop, KinectAzureCHOP)
    here = Path("show")
    assert (top.par.sensor, top.par.modelpath) == (str(here / "take.mkv"), str(here / "models"))
    assert chop.par.namingtable == str(here / "naming.toml")
    assert chop.par.exporttable == "/tables/drive.csv"
    assert [line.target for line in project.outputs] == [str(here / "out.parquet"), "terminal"]
    project.save(here / "again.toml")
    assert 'sensor = "take.mkv"' in (here / "again.toml").read_text()
    assert 'to = "out.parquet"' in (here / "again.toml").read_text()
    project.save("above.toml")
    assert 'sensor = "show/take.mkv"' in Path("above.toml").read_text().replace("\\\\", "/")
    (tmp_path / "beside").mkdir()
    project.save(Path("beside") / "other.toml")
    again = Project.load(Path("beside") / "other.toml")
    assert again.op("kinectazure1").par.sensor == str(tmp_path / "show" / "take.mkv")


@pytest.mark.parametrize("sensor", ["0", "000123456789", "synthetic:walk", "k4a:0", "mine:2"])
def test_what_is_no_path_is_left_alone(tmp_path: Path, sensor: str) -> None:
    (tmp_path / "show.toml").write_text(SHOW.replace("take.mkv", sensor))
    project = Project.load(tmp_path / "show.toml")
    assert project.op("kinectazure1").par.sensor == sensor


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "show.toml").write_bytes(b"\xef\xbb\xbf" + SHOW.encode())
    assert Project.load(tmp_path / "show.toml").fps == 30


def test_saving_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "show.toml"
    Project(fps=25).save(path)
    before = path.read_bytes()

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OperatorError, match=r"cannot be written: .*No space left"):
        Project(fps=50).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_survives(text: str) -> None:
    project = Project()
    project.create(KinectAzureTOP, "top", sensor=text)
    assert parse(dump(project), "show.toml").op("top").par.sensor == text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("fps = 30.0", "fsp = 30.0", r"line 2: no key 'fsp' here: did you mean 'fps'\?"),
        ("fps = 30.0", "fps = -1", "line 2: fps is -1: give a number"),
        ("fps = 30.0", "fps = true", "line 2: fps is True: give a number"),
        ("realtime = true", "realtime = 1", "line 3: realtime is 1: write true or false"),
        ("KinectAzureTOP", "KinectAzurTOP", "line 6: no kind of operator 'KinectAzurTOP': did you mean 'Kin"),
        ('type = "KinectAzureTOP"', "", "line 5: operator 'kinectazure1' has no type"),
        ("maxplayers = 6", "export = 1", "line 14: export is 1: write true or false"),
        ("maxplayers = 6", "maxplayer = 6", "line 14: KinectAzureCHOP has no parameter 'maxplayer': did you"),
        ("maxplayers = 6", "maxplayers = 17", "line 14: parameter 'maxplayers': 17 is outside 1 to 16"),
        ('image = "ir"', 'image = "it"', "line 8: parameter 'image' has no item 'it': there are: color"),
        ("speed = 0.5", "sped = 0.5", "line 9: no key 'sped' here: did you mean 'speed'"),
        ("speed = 0.5", "speed = 0", "line 9: playback: speed is 0: give more than 0, up to 1000"),
        ("speed = 0.5", 'speed = "fast"', "line 9: playback: Expected `float`, got `str`"),
        ("[operators.bodies]", '[operators."my bodies"]', "line 11: 'my bodies' cannot name an operator"),
        ("[operators.bodies]", "[operators.kinectazure1]", r"not TOML: .*at line 11"),
        ('to = "terminal"', 'to = "terminal', r"not TOML: .*at line 23"),
        ('from = "bodies"\nto = "terminal"', 'from = "body"', "line 21: an output needs two texts"),
        ('from = "bodies"\nto = "terminal"', 'from = "body"\nto = "x"', "line 22: no operator 'body'"),
        (
            'from = "bodies"\nto = "terminal"',
            'from = "kinectazure1"\nto = "x"',
            "line 22: .* has no channels",
        ),
        ("[[outputs]]", "[outputs]", "Cannot declare|not a list"),
        (
            "[operators.bodies]\n",
            "[operators]\nbodies = 1\n",
            "Cannot declare|line 12: 'bodies' is not a table",
        ),
    ],
)
def test_what_does_not_exist_is_refused_with_its_line_and_what_is_near(
    old: str, new: str, message: str
) -> None:
    with pytest.raises(OperatorError, match=rf"^show\.toml.*({message})"):
        parse(SHOW.replace(old, new), "show.toml")


def test_a_file_that_cannot_be_read_or_written_is_explained(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot be read"):
        Project.load(tmp_path / "missing.toml")
    (tmp_path / "latin.toml").write_bytes(b"fps = \xff")
    with pytest.raises(OperatorError, match="cannot be read"):
        Project.load(tmp_path / "latin.toml")
    with pytest.raises(OperatorError, match="cannot be written"):
        Project().save(tmp_path)
