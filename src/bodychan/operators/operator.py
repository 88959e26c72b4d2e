"""What every operator shares: name, parameters, cooking once a frame; and the network of operators."""

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar

from bodychan.channels.patterns import match
from bodychan.errors import BodychanError, OperatorError, did_you_mean
from bodychan.operators.parameters import Kind, Parameter, Parameters, Value
from bodychan.operators.timeline import Timeline
from bodychan.tracking.k4abt.claims import HardwareClaims

_Op = TypeVar("_Op", bound="Operator")
_NAME = re.compile(r"[A-Za-z_]\w*")


class Operator(ABC):
    """An operator of a project. Make one with `project.create`."""

    table: ClassVar[type[Parameters]]
    """THE parameter table of this kind of operator; `par` is annotated with it too, for type checkers."""
    parameters: ClassVar[tuple[Parameter, ...]]
    """The rows of the table."""
    attributes: ClassVar[tuple[str, ...]] = ()
    """Settings beside the parameters, which `create` takes and a project file holds too."""

    par: Any
    """The values of this operator's parameters; what `project.op` finds may be of any kind."""

    def __init_subclass__(cls) -> None:
        if hasattr(cls, "table"):
            cls.parameters = cls.table.rows

    def __init__(self, project: "Network", name: str) -> None:
        self.project = project
        self.name = name
        self.par = self.table(type(self).__name__, on_change=self._changed, on_pulse=self._pulse)
        self.cooking = False
        self._listeners: list[Callable[[str, Value], None]] = []
        self.failure: BodychanError | None = None
        """What kept the last cook from working; None when nothing did."""
        self._warnings: list[str] = []
        self._kept_warnings: list[str] = []
        self._cooked: tuple[int, int] | None = None
        self.totalCooks = 0
        self.cookFrame = 0
        self.cookAbsFrame = 0
        self.cookStartTime = 0.0
        self.cookEndTime = 0.0

    @property
    def path(self) -> str:
        """Where the operator lives in its project."""
        return f"{self.project.path}/{self.name}"

    def pars(self, pattern: str = "*") -> list[tuple[Parameter, Value]]:
        """Return the parameters whose names match a pattern: the row of the table and the value.

        Raises:
            PatternError: the pattern does not parse.
        """
        chosen = set(match(pattern, (parameter.name for parameter in self.parameters)))
        return [(parameter, value) for parameter, value in self.par if parameter.name in chosen]

    def reset(self, *names: str) -> None:
        """Set parameters back to their defaults; all of them when none is named.

        Raises:
            ParameterError: the operator has no parameter of that name.
        """
        defaults = {p.name: p.default for p in self.parameters if p.kind is not Kind.PULSE}
        for name in names or defaults:
            setattr(self.par, name, defaults.get(name, False))

    def on_change(self, callback: Callable[[str, Value], None]) -> Callable[[], None]:
        """Call back with name and value when a parameter gets a new value; return what ends that.

        What the callback raises reaches whoever set the parameter; the value stays set.
        """
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def _changed(self, name: str) -> None:
        self.project.note_change(name)
        for listener in tuple(self._listeners):
            listener(name, getattr(self.par, name))

    def cook(self, force: bool = False) -> None:
        """Bring the operator up to the project's frame, unless that has been done already.

        It never raises: `errors()` and `warnings()` say what went wrong, and the channels are 0 then. With
        `force` the operator cooks the same frame again. A call while it is cooking does nothing.
        """
        if self.cooking or (self._cooked == self._state() and not force):
            return
        self._cooked = self._state()
        self.failure, self._warnings = None, []
        began = time.perf_counter()
        self.cooking = True
        try:
            self._cook()
        except Exception as error:
            self.failure = self._reportable(error)
        finally:
            self.cooking = False
        self._count_cook(began)

    def _reportable(self, error: Exception) -> BodychanError:
        """Return the error to report; an unexpected one becomes its cause, so that a traceback shows it."""
        if isinstance(error, BodychanError):
            return error
        told = OperatorError(f"{self.path}: {type(error).__name__}: {error}")
        told.__cause__ = error
        return told

    def _count_cook(self, began: float) -> None:
        self.totalCooks += 1
        self.cookFrame, self.cookAbsFrame = self.project.frame, self.project.absFrame
        self.cookStartTime = 1000.0 * (began - self.project.frame_began)
        self.cookEndTime = 1000.0 * (time.perf_counter() - self.project.frame_began)

    @property
    def cpuCookTime(self) -> float:
        """Duration of the last cook, ms, with what it made others cook."""
        return self.cookEndTime - self.cookStartTime

    @property
    def cookedThisFrame(self) -> bool:
        """Whether the operator was cooked in the project's present frame."""
        return self.totalCooks > 0 and self.cookAbsFrame == self.project.absFrame

    def info(self) -> dict[str, float]:
        """Return the Info channels: what an Info CHOP shows of this operator, by name."""
        return {
            "total_cooks": self.totalCooks,
            "cook_time": self.cpuCookTime,
            "cook_frame": self.cookFrame,
            "cook_abs_frame": self.cookAbsFrame,
            "cook_start_time": self.cookStartTime,
            "cook_end_time": self.cookEndTime,
            "cooked_this_frame": float(self.cookedThisFrame),
            "warnings": len(self._warnings) + len(self._kept_warnings),
            "errors": int(self.failure is not None),
        }

    def errors(self) -> str:
        """Describe what kept the last cook from working; empty when nothing did."""
        return "" if self.failure is None else str(self.failure)

    def warnings(self) -> str:
        """Describe what was unusual in the last cook or export, one line each; empty when nothing was."""
        return "\n".join([*self._warnings, *self._kept_warnings])

    def export_now(self) -> None:  # noqa: B027 - only channel operators export
        """Set what the operator drives."""

    def close(self) -> None:  # noqa: B027 - most operators hold nothing
        """Release devices and files."""

    def _state(self) -> tuple[int, int]:
        """Return what the result of a cook depends on: the frame, and the project's parameters."""
        return self.project.frame, self.project.changes

    def _pulse(self, name: str) -> None:  # noqa: B027 - few operators have pulses
        """Do what the pulse parameter of that name does."""

    @abstractmethod
    def _cook(self) -> None:
        """Do the work of one frame."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path}>"


class Network(Timeline):
    """Operators at paths, on one timeline. `Project` is the network that its users see."""

    path = "/project1"

    def __init__(self, fps: float = 60.0, *, realtime: bool = False) -> None:
        super().__init__(fps, realtime=realtime)
        self.claims = HardwareClaims()
        self._objects: dict[str, object] = {}
        self._operators: dict[str, Operator] = {}

    def create(self, kind: type[_Op], name: str, **values: object) -> _Op:
        """Make an operator and set its parameters, and its `attributes`.

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
        operator = kind(self, name)
        for key, value in values.items():
            setattr(operator if key in kind.attributes else operator.par, key, value)
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
        """Return the operators whose names or paths match one of the patterns, in the order they were made.

        Raises:
            PatternError: a pattern does not parse.
        """
        chosen = {name for pattern in patterns for name in match(self._name_of(pattern), self._operators)}
        return [operator for name, operator in self._operators.items() if name in chosen]

    def listed(self, text: str) -> Iterator[tuple[str, "Operator"]]:
        """Yield the operators of a list of names and patterns, each with the term that chose it.

        Raises:
            OperatorError: a name is none of an operator.
            PatternError: a pattern does not parse.
        """
        for term in text.replace(",", " ").split():
            for operator in self.ops(term) if set(term) & set("*?[^") else [self.op(term)]:
                yield term, operator

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
