from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bodychan.apps.batch.manifest import Entry, Manifest, Settings
from bodychan.apps.batch.places import open_store
from bodychan.apps.batch.run import Batch, Engine, Plan, Report
from bodychan.cli.main import cli


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What a batch is asked for; it does nothing, and says that one failed and two are left."""
    told: list[object] = []

    class Told(Batch):
        def __init__(self, plan: Plan) -> None:
            told.append(plan)
            self.jobs = []

        def run(self, engine: Engine, progress: object = None) -> Report:
            told.append(engine)
            entry = Entry("a", "a.mkv", "", "failed", Settings({}, {}, "1"), error="a.mkv is torn")
            return Report(3, 4, (entry,), 2, 90)

    monkeypatch.setattr("bodychan.apps.batch.run.Batch", Told)
    return told


def test_what_is_asked_for_reaches_the_batch_and_is_told(asked: list[object]) -> None:
    options = ["--out", "o", "--format", "parquet, .csv", "--par", "maxplayers=2", "--workers", "3"]
    result = call("batch", "a/*.mkv", "b", *options, "--shard", "2/5", "--retry", "--scheduler", "tcp://a:1")
    plan = Plan(("a/*.mkv", "b"), "o", {"maxplayers": "2"}, ("parquet", "csv"), (2, 5), retry=True)
    assert asked == [plan, Engine(3, "tcp://a:1")]
    assert result.exit_code == 1
    assert "o: 3 done, 1 failed, 4 done before; " in result.stdout
    assert result.stderr.splitlines() == [
        "bodychan: a.mkv is torn",
        "bodychan: the same command leaves out what failed, until it is given --retry",
        "bodychan: stopped by Ctrl-C, 2 recordings are left: the same command goes on with them",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--shard", "3"], "'3' is not I/N"),
        (["--shard", "0/4"], "there is no part 0 of 4: they count from 1 to 4"),
        (["--format", ","], "name a format"),
        (["--workers", "0"], "not in the range"),
    ],
)
def test_wrong_calls_are_explained(asked: list[object], options: list[str], message: str) -> None:
    result = call("batch", "a", "--out", "o", *options)
    assert (result.exit_code, asked) == (2, [])
    assert message in result.stderr


def test_a_summary_is_printed(tmp_path: Path) -> None:
    manifest = Manifest(open_store(str(tmp_path)))
    manifest.add(
        Entry("take1", "take1.mkv", "", "done", Settings({}, {}, "1"), frames=7, files={"gone.csv": ""})
    )
    result = call("summarize", tmp_path)
    assert result.exit_code == 0
    assert "take1" in result.stdout
    assert f"{tmp_path}/summary.csv" in result.stdout
    assert "warning: gone.csv is in the manifest" in result.stderr
