"""What every operator shares: a name, parameters, and cooking at most once per frame."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from bodychan.errors import BodychanError
from bodychan.operators.parameters import Parameter, Parameters

if TYPE_CHECKING:
    from bodychan.operators.project import Project


class Operator(ABC):
    """An operator of a project. Make one with `project.create`."""

    parameters: ClassVar[tuple[Parameter, ...]]
    """THE parameter table of this kind of operator."""

    par: Parameters

    def __init__(self, project: "Project", name: str, **values: object) -> None:
        self.project = project
        self.name = name
        self.par = Parameters(type(self).__name__, self.parameters)
        self._errors: list[str] = []
        self._warnings: list[str] = []
        self._cooked: tuple[int, int] | None = None
        for parameter, value in values.items():
            setattr(self.par, parameter, value)

    @property
    def path(self) -> str:
        """Where the operator lives in its project."""
        return f"{self.project.path}/{self.name}"

    def cook(self, force: bool = False) -> None:
        """Bring the operator up to the project's frame, unless that has been done already.

        What goes wrong does not raise: it stands in `errors()` and `warnings()`, and the channels are 0.
        With `force` the operator cooks again; it repeats the same frame.
        """
        if self._cooked == self._state() and not force:
            return
        self._cooked = self._state()
        self._errors, self._warnings = [], []
        try:
            self._cook()
        except BodychanError as error:
            self._errors.append(str(error))

    def errors(self) -> str:
        """Say what kept the last cook from working, one line each; empty when nothing did."""
        return "\n".join(self._errors)

    def warnings(self) -> str:
        """Say what was odd in the last cook, one line each; empty when nothing was."""
        return "\n".join(self._warnings)

    def close(self) -> None:  # noqa: B027 - most operators hold nothing
        """Let go of devices and files."""

    def _state(self) -> tuple[int, int]:
        """Give what the result of a cook depends on: the frame, and the parameters."""
        return self.project.frame, self.par.changes

    @abstractmethod
    def _cook(self) -> None:
        """Do the work of one frame."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path}>"
