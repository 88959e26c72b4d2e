"""A project: operators with names, and the timeline that they follow."""

from os import PathLike
from pathlib import Path
from typing import Protocol

from bodychan.atomic import replace_file
from bodychan.channels.channels import Channels
from bodychan.errors import OperatorError
from bodychan.operators.close_all import close_all
from bodychan.operators.operator import Network
from bodychan.operators.project_file import OutputLine, ProjectFile, dump


class ChannelSource(Protocol):
    """An operator that has channels."""

    @property
    def channels(self) -> Channels:
        """The channels at the project's frame."""


class Sink(Protocol):
    """What channels can be written to."""

    def write(self, channels: Channels) -> None:
        """Take the channels of one frame."""


class Project(Network):
    """Operators at paths, and a timeline of frames counted from 1.

    `fps` frames make a second. With `realtime` a camera delivers the newest capture and drops older ones, as
    a live show wants it; without, every capture is tracked, and the result does not depend on how fast the
    machine is. `outputs` tells whoever runs a saved project where its channels are to go.
    """

    def __init__(self, fps: float = 60.0, *, realtime: bool = False) -> None:
        super().__init__(fps, realtime=realtime)
        self.outputs: list[OutputLine] = []
        self._sinks: list[tuple[ChannelSource, Sink]] = []

    def attach(self, source: ChannelSource, sink: Sink) -> None:
        """Write the channels of an operator to a sink at every frame."""
        self._sinks.append((source, sink))

    def _cook_frame(self) -> None:
        for operator in self._operators.values():
            operator.export_now()
        for source, sink in self._sinks:
            sink.write(source.channels)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the project to a TOML file, which is replaced if it exists.

        It names operators, the parameters that differ from their defaults, and `outputs`. Paths of files are
        written as the new file finds them: relative to its folder where they lie in it, absolute elsewhere.
        If it cannot be written, what was there before stays.

        Raises:
            OperatorError: the file cannot be written.
        """
        try:
            replace_file(Path(path), dump(self, self.outputs, Path(path).parent).encode())
        except (OSError, UnicodeEncodeError) as error:
            raise OperatorError(f"{path} cannot be written: {error}") from error

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Project":
        """Make the project that a TOML file describes.

        Relative paths in it are looked up from its folder.

        Raises:
            OperatorError: the file cannot be read, is no TOML, or names what does not exist; the message
                says in which line, and what is near.
        """
        try:
            text = Path(path).read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise OperatorError(f"{path} cannot be read: {error}") from error
        file = ProjectFile(text, str(path))
        project = cls(file.fps, realtime=file.realtime)
        try:
            project.outputs = file.fill(project, Path(path).parent)
        except OperatorError:
            project.close()
            raise
        return project

    def close(self) -> None:
        """Close every operator, whatever closing one of them raises; a second call does nothing."""
        close_all(*self._operators.values())
