"""A project: operators with names, and the timeline that they follow."""

import re
import time
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from bodychan.capture import Capture
from bodychan.channels import Channels
from bodychan.closing import Closing
from bodychan.errors import OperatorError, did_you_mean
from bodychan.operators.base import Operator
from bodychan.patterns import match
from bodychan.tracking.hardware import HardwareClaims

_Op = TypeVar("_Op", bound=Operator)
_NAME = re.compile(r"[A-Za-z_]\w*")


class ChannelSource(Protocol):
    """An operator that has channels."""

    @property
    def channels(self) -> Channels:
        """The channels at the project's frame."""


class CaptureSink(Protocol):
    """What captures can be written to."""

    def write(self, capture: Capture) -> None:
        """Take one capture."""


class Sink(Protocol):
    """What channels can be written to."""

    def write(self, channels: Channels) -> None:
        """Take the channels of one frame."""


class OutputLine(NamedTuple):
    """Where the channels of an operator are to go: its name, and what `open_output` takes."""

    source: str
    target: str


class Project(Closing):
    """Operators at paths, and a timeline of frames counted from 1.

    `fps` frames make a second. With `realtime` a camera delivers the newest capture and drops older ones, as
    a live show wants it; without, every capture is tracked, and the result does not depend on how fast the
    machine is. `outputs` tells whoever runs a saved project where its channels are to go.
    """

    path = "/project1"

    def __init__(self, fps: float = 60.0, *, realtime: bool = False) -> None:
        self.jumps = 0
        self._fps = fps
        self.realtime = realtime
        self.frame = 0
        self.absFrame = 0
        self.changes = 0
        self.frame_began = time.perf_counter()
        self.playing = False
        self.outputs: list[OutputLine] = []
        self.claims = HardwareClaims()
        self._objects: dict[str, object] = {}
        self._operators: dict[str, Operator] = {}
        self._sinks: list[tuple[ChannelSource, Sink]] = []

    @property
    def fps(self) -> float:
        """Frames per second; a new value makes another time of the same frame, as a jump does."""
        return self._fps

    @fps.setter
    def fps(self, fps: float) -> None:
        if fps != self._fps:
            self._fps = fps
            self.jumps += 1
            self.changes += 1

    @property
    def seconds(self) -> float:
        """Time since frame 1 began."""
        return max(self.frame - 1, 0) / self.fps

    def note_change(self, _parameter: str) -> None:
        """Note that a parameter has a new value, so that what is read next cooks again in this frame."""
        self.changes += 1

    def create(self, kind: type[_Op], name: str, **values: object) -> _Op:
        """Make an operator and set its parameters.

        Raises:
            OperatorError: the name is taken, or is not one.
            ParameterError: it has no such parameter, or the value is outside its range.
        """
        if not _NAME.fullmatch(name):
            raise OperatorError(
                f"'{name}' cannot name an operator: use letters, digits and _, no digit first"
            )
        if name in self._operators or name in self._objects:
            raise OperatorError(f"{self.path}/{name} exists already: choose another name")
        operator = kind(self, name, **values)
        self._operators[name] = operator
        return operator

    def op(self, path: str) -> Operator:
        """Find an operator by its name or its path, or the first that a pattern chooses.

        Raises:
            OperatorError: there is none; the message says which are near.
            PatternError: a pattern does not parse.
        """
        name = self._name_of(path)
        if name in self._operators:
            return self._operators[name]
        found = self.ops(path) if set(name) & set("*?[^|&~(") else []
        if not found:
            known = did_you_mean(name, self._operators) if self._operators else "the project is empty"
            raise OperatorError(f"no operator '{path}': {known}")
        return found[0]

    def ops(self, *patterns: str) -> list[Operator]:
        """Give the operators whose names or paths match one of the patterns, in the order they were made.

        Raises:
            PatternError: a pattern does not parse.
        """
        chosen = {name for pattern in patterns for name in match(self._name_of(pattern), self._operators)}
        return [operator for name, operator in self._operators.items() if name in chosen]

    def _name_of(self, path: str) -> str:
        return path.removeprefix(f"{self.path}/")

    def reference(self, operator: Operator, parameter: str, kind: type[_Op]) -> _Op:
        """Find the operator that a parameter of `operator` names.

        Raises:
            OperatorError: the parameter is empty, or names none, or one of another kind.
        """
        path = getattr(operator.par, parameter)
        if not path:
            raise OperatorError(f"{operator.path}: set its parameter '{parameter}' to a {kind.__name__}")
        found = self.op(path)
        if not isinstance(found, kind):
            raise OperatorError(
                f"{operator.path}: {found.path} is a {type(found).__name__}, not a {kind.__name__}"
            )
        return found

    def register(self, path: str, target: object) -> None:
        """Put a plain Python object at a path, so that exports can set its attributes.

        Raises:
            OperatorError: something is there already.
        """
        if self.target(path, "") is not None:
            raise OperatorError(f"{path} exists already: choose another path")
        self._objects[self._name_of(path)] = target

    def target(self, path: str, root: str) -> object | None:
        """Find what an export drives: the operator or registered object at a path, None if there is none.

        Args:
            path: from the root `/`, or relative to `root`.
            root: a path in the project; empty for the project's own.
        """
        if not path.startswith("/") and root.strip("/"):
            path = f"{root.rstrip('/')}/{path}"
        name = self._name_of(path)
        return self._operators.get(name, self._objects.get(name))

    def attach(self, source: ChannelSource, sink: Sink) -> None:
        """Write the channels of an operator to a sink at every frame."""
        self._sinks.append((source, sink))

    def step(self, frames: int = 1) -> None:
        """Go forward on the timeline and cook what is asked for: here, what is attached to a sink."""
        self.absFrame += frames
        self._go_to(self.frame + frames)

    def jump(self, frame: int) -> None:
        """Go to a frame of the timeline, forward or back, and cook what is asked for.

        Recordings and scenes go there too. Time slices begin again: what lies between is not covered.

        Raises:
            OperatorError: there is no such frame; they count from 1.
        """
        if frame < 1:
            raise OperatorError(f"no frame {frame}: the timeline counts from 1")
        self.jumps += 1
        self.absFrame += 1
        self._go_to(frame)

    def _go_to(self, frame: int) -> None:
        self.frame = frame
        self.frame_began = time.perf_counter()
        for operator in self._operators.values():
            operator.export_now()
        for source, sink in self._sinks:
            sink.write(source.channels)

    def play(self, until: Callable[[], bool] = lambda: False) -> None:
        """Go on in real time until `until` says so, or until `pause` is called by what a step calls.

        It returns then; the timeline stands, and a further `play` goes on from there.
        """
        from bodychan.live import play

        play(self, until)

    def pause(self) -> None:
        """Let `play` end after the present frame."""
        self.playing = False

    def save(self, path: str | PathLike[str]) -> None:
        """Write the project to a TOML file, which is replaced if it exists.

        It names operators, the parameters that differ from their defaults, and `outputs`. Paths in
        parameters stay as they are.

        Raises:
            OperatorError: the file cannot be written.
        """
        from bodychan.operators.project_file import dump

        try:
            Path(path).write_bytes(dump(self).encode())
        except (OSError, UnicodeEncodeError) as error:
            raise OperatorError(f"{path} cannot be written: {error}") from error

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Project":
        """Make the project that a TOML file describes.

        Raises:
            OperatorError: the file cannot be read, is no TOML, or names what does not exist; the message
                says in which line, and what is near.
        """
        from bodychan.operators.project_file import parse

        try:
            text = Path(path).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise OperatorError(f"{path} cannot be read: {error}") from error
        return parse(text, str(path))

    def close(self) -> None:
        """Close every operator; a second call does nothing."""
        for operator in self._operators.values():
            operator.close()
