"""What each command of a page does to the session; every method runs on the session's thread."""

import tempfile
from pathlib import Path

from bodychan.apps import convert
from bodychan.apps.recording_file import RecordingFile
from bodychan.cameras.registry import CAMERAS
from bodychan.channels import patterns
from bodychan.errors import BodychanError, OperatorError, OutputError, PatternError
from bodychan.operators.operator import Operator
from bodychan.operators.parameters import Kind, Parameter, Value
from bodychan.operators.project_file import OutputLine
from bodychan.outputs.base import Output
from bodychan.outputs.files import require_free, require_other
from bodychan.outputs.registry import OUTPUTS, open_output
from bodychan.outputs.targets import joined, split
from bodychan.plugins import scheme_of
from bodychan.viewer import commands as c
from bodychan.viewer import events as e
from bodychan.viewer.jobs import Background, Progress, RecordingJob
from bodychan.viewer.session import Session
from bodychan.viewer.stage import Stage


class Director:
    """Carries out commands.

    `do` raises BodychanError with a message for people where a command cannot be done; the state is as before
    then.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.explained: bytes = b""

    def do(self, command: c.Commands) -> e.Event | None:
        """Carry out a command; give the answer, if it has one that is not the state."""
        answer: e.Event | None = None
        match command:
            case c.Match(pattern):
                answer = self._match(pattern)
            case c.OpenSource(source):
                self._open(source)
            case c.SetParameter(operator, name, value):
                self._set(operator, name, value)
            case c.ResetParameters(operator, names):
                self._reset(operator, names)
            case c.Play() | c.Step() | c.Seek() | c.Speed() | c.Loop():
                self._wind(command)
            case c.ShowChannels(operator):
                self._session.stage.shown = self._session.stage.operator(operator)
            case c.AddOutput(source, target, overwrite):
                self._add_output(source, target, overwrite)
            case c.RemoveOutput(number):
                _raise_if(self._session.board.remove(number))
            case c.Record(path, overwrite):
                self._record(path, overwrite)
            case c.StopRecording():
                self._session.stop_recording()
            case c.Export(path, overwrite):
                self._export(path, overwrite)
            case c.CancelExport():
                if self._session.export is not None:
                    self._session.export.cancel()
            case c.SaveProject(path, overwrite):
                self._save(path, overwrite)
            case c.OpenProject(path, overwrite):
                self._open_project(path, overwrite)
            case c.Explain(capture):
                self._explain(capture)
        self._session.tell_soon()
        return answer

    def _match(self, pattern: str) -> e.Matched:
        try:
            return e.Matched(pattern=pattern, names=tuple(patterns.match(pattern, self._session.names)))
        except PatternError as error:
            return e.Matched(pattern=pattern, problem=str(error))

    def _open(self, source: str) -> None:
        session = self._session
        source = self._file_or_url(source) if source else ""
        session.stop_recording()
        session.restart()
        session.connecting(source, lambda: session.stage.open(source))

    def _file_or_url(self, source: str) -> str:
        """Check a source: what has no scheme is a file, and has to lie in the folder."""
        scheme = scheme_of(source)
        if scheme == "file":
            raise OutputError(f"{source}: give the file's name in place of a URL")
        if source.isdigit() or scheme in CAMERAS:
            return source
        return self._session.folder.inside(source, allowed=self._session.given)

    def _set(self, name: str, parameter: str, value: Value) -> None:
        operator = self._session.stage.project.op(name)
        setattr(operator.par, parameter, self._checked(operator, parameter, value))

    def _checked(self, operator: Operator, name: str, value: Value) -> Value:
        """Check that a parameter that names a file names one in the folder."""
        kinds = {parameter.name: parameter.kind for parameter in operator.parameters}
        if kinds.get(name) is Kind.FILE and isinstance(value, str) and value:
            return self._file_or_url(value)
        return value

    def _reset(self, name: str, names: tuple[str, ...]) -> None:
        operator = self._session.stage.project.op(name)
        operator.reset(*(names or [p.name for p, _ in operator.pars() if not _wired(p)]))

    def _wind(self, command: "c.Play | c.Step | c.Seek | c.Speed | c.Loop") -> None:
        session, stage = self._session, self._session.stage
        before = stage.top.capture
        match command:
            case c.Play(playing):
                if playing and stage.top.ended and stage.seekable:
                    stage.seek(0.0)
                session.playing = playing
            case c.Step(captures):
                session.playing = False
                stage.step(captures)
            case c.Seek(seconds):
                stage.seek(seconds)
            case c.Speed(factor):
                stage.speed(factor)
            case c.Loop(on):
                stage.loop(on)
        session.moved(before)

    def _add_output(self, source: str, target: str, overwrite: bool) -> None:
        operator = self._session.stage.operator(source)
        stage = self._session.stage
        self._session.board.add(operator, self._opened(target, overwrite), stage.top)

    def _opened(self, target: str, overwrite: bool) -> Output:
        """Open an output; one that is a file has to lie in the folder, and is not what is read."""
        if target == "terminal":
            raise OutputError("the terminal is not the page's: give osc://HOST:PORT or a file")
        return open_output(
            target if scheme_of(target) in OUTPUTS else self._file(target), overwrite=overwrite
        )

    def _file(self, name: str) -> str:
        """Return the path of a file to write."""
        place, options = split(name)
        path = self._session.folder.inside(place)
        require_other(Path(path), self._session.stage.source)
        return joined(path, options)

    def _record(self, path: str, overwrite: bool) -> None:
        session, top = self._session, self._session.stage.top
        if session.recording is not None and session.recording.running:
            raise OutputError("a recording is running: stop it first")
        if top.camera is None:
            raise OutputError("no camera is open: choose one, then record")
        if top.playback.loop and not session.stage.live:
            raise OutputError("a loop cannot be recorded, its times go back: switch Loop off")
        file = RecordingFile(self._file(path), top.camera, overwrite=overwrite)
        session.recording = RecordingJob(file)
        top.capture_sinks.append(session.recording)

    def _export(self, path: str, overwrite: bool) -> None:
        session, stage = self._session, self._session.stage
        if session.export is not None and session.export.running:
            raise OutputError("an export is running: wait for its end, or cancel it")
        if not stage.seekable:
            raise OutputError("only a recording can be exported: a live camera has no end")
        target = self._file(path)
        require_free(Path(target), overwrite=overwrite)
        source = stage.source
        parameters = {
            f"{prefix}.{parameter.name}": value
            for prefix, operator in (("top", stage.top), ("chop", stage.bodies))
            for parameter, value in operator.pars()
            if value != parameter.default and not _wired(parameter)
        }

        def work(progress: Progress) -> str:
            report = convert.convert(source, [target], parameters, overwrite=overwrite, progress=progress)
            if report.failures:
                raise OutputError("; ".join(report.failures))
            return f"{report.rows} rows of {report.channels} channels, {len(report.bodies)} bodies seen"

        session.export = Background(target, work)

    def _save(self, path: str, overwrite: bool) -> None:
        session = self._session
        target = session.folder.inside(path if path.endswith(".toml") else f"{path}.toml")
        require_free(Path(target), overwrite=overwrite)
        project = session.stage.project
        project.outputs = [OutputLine(source, to) for source, to in session.board.targets()]
        project.save(target)
        session.stage.path = target

    def _open_project(self, path: str, overwrite: bool) -> None:
        """Show a saved project. Its files have to lie in the folder as well, and its outputs are opened."""
        session = self._session
        stage = Stage.of_file(session.folder.inside(path))
        outputs: list[tuple[str, Output]] = []
        try:
            for operator in stage.project.ops("*"):
                for parameter, value in operator.pars():
                    self._checked(operator, parameter.name, value)
            outputs += [(line.source, self._opened(line.target, overwrite)) for line in stage.project.outputs]
        except BodychanError:
            for _, output in outputs:
                output.keep()
            stage.close()
            raise
        session.replace(stage)
        lines = [(stage.operator(source), output) for source, output in outputs]
        session.board.add_all(lines, stage.top)

    def _explain(self, capture: int) -> None:
        session, stage = self._session, self._session.stage
        if not stage.seekable:
            raise OperatorError("only a capture of a recording can be explained")
        if session.explanation is not None and session.explanation.running:
            raise OperatorError("a picture is being drawn: wait for it")
        source = stage.source

        def work(_progress: Progress) -> str:
            from bodychan.evaluation import debug_frame

            with tempfile.TemporaryDirectory() as place:
                picture = Path(place) / "stages.png"
                debug_frame.run(source, capture, picture)
                self.explained = picture.read_bytes()
            return f"capture {capture}"

        session.explanation = Background(source, work)


def _wired(parameter: Parameter) -> bool:
    """Say whether a parameter connects the operator: it is no setting that can be reset or carried along."""
    return parameter.kind in (Kind.OPERATOR, Kind.PULSE) or parameter.name in ("sensor", "active")


def _raise_if(problem: str) -> None:
    if problem:
        raise OutputError(problem)


def subject_of(command: c.Commands) -> str:
    """Return the field that a command is about, for an error to stand beside."""
    match command:
        case c.SetParameter(operator, name, _):
            return f"{operator}.{name}"
        case _:
            return ""
