"""What every operator shares: name, parameters, cooking once a frame; and the network of operators."""

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, TypeVar

from bodychan.channels.patterns import match
from bodychan.errors import BodychanError, OperatorError, did_you_mean
from bodychan.operators.parameters import Kind, Parameter, Parameters, Value
from bodychan.operators.timeline import Timeline
from bodychan.tracking.k4abt.claims import HardwareClaims

_Op = TypeVar("_Op", bound="Operator")
_NAME = re.compile(r"[A-Za-z_]\w*")


class Operator(ABC):
    """An operator of a project. Make one with `project.create`."""

    parameters: ClassVar[tuple[Parameter, ...]]
    """THE parameter table of this kind of operator."""

    par: Parameters

    def __init__(self, project: "Network", name: str, **values: object) -> None:
        self.project = project
        self.name = name
        self.par = Parameters(
            type(self).__name__, self.parameters, on_change=self._changed, on_pulse=self._pulse
        )
        self._listeners: list[Callable[[str, Value], None]] = []
        self._errors: list[str] = []
        self.failure: BodychanError | None = None
        """What kept the last cook from working, as it was raised; None when nothing did."""
        self._warnings: list[str] = []
        self._kept_warnings: list[str] = []
        self._cooking = False
        self._cooked: tuple[int, int] | None = None
        self.totalCooks = 0
        self.cookFrame = 0
        self.cookAbsFrame = 0
        self.cookStartTime = 0.0
        self.cookEndTime = 0.0
        for parameter, value in values.items():
            setattr(self.par, parameter, value)

    @property
    def path(self) -> str:
        """Where the operator lives in its project."""
        return f"{self.project.path}/{self.name}"

    def pars(self, pattern: str = "*") -> list[tuple[Parameter, Value]]:
        """Give the parameters whose names match a pattern: the row of the table and the value.

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
        """Call back with name and value when a parameter gets a new value; give what ends that.

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

        What goes wrong does not raise: it stands in `errors()` and `warnings()`, and the channels are 0.
        With `force` the operator cooks again; it repeats the same frame.

        Raises:
            OperatorError: the operator is cooking now, and what it refers to refers back to it; this is an
                error of the operator that closes the circle.
        """
        if self._cooking:
            raise OperatorError(f"references go round in a circle: {self.path} depends on itself; cut one")
        if self._cooked == self._state() and not force:
            return
        self._cooked = self._state()
        self._errors, self._warnings = [], []
        self.failure = None
        began = time.perf_counter()
        self._cooking = True
        try:
            self._cook()
        except BodychanError as error:
            self._errors.append(str(error))
            self.failure = error
        finally:
            self._cooking = False
        self._count_cook(began)

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
        """Give the Info channels: what an Info CHOP shows of this operator, by name."""
        return {
            "total_cooks": self.totalCooks,
            "cook_time": self.cpuCookTime,
            "cook_frame": self.cookFrame,
            "cook_abs_frame": self.cookAbsFrame,
            "cook_start_time": self.cookStartTime,
            "cook_end_time": self.cookEndTime,
            "cooked_this_frame": float(self.cookedThisFrame),
            "warnings": len(self._warnings) + len(self._kept_warnings),
            "errors": len(self._errors),
        }

    def errors(self) -> str:
        """Say what kept the last cook from working, one line each; empty when nothing did."""
        return "\n".join(self._errors)

    def warnings(self) -> str:
        """Say what was odd in the last cook or export, one line each; empty when nothing was."""
        return "\n".join([*self._warnings, *self._kept_warnings])

    def export_now(self) -> None:  # noqa: B027 - only channel operators export
        """Set what the operator drives."""

    def close(self) -> None:  # noqa: B027 - most operators hold nothing
        """Let go of devices and files."""

    def _state(self) -> tuple[int, int]:
        """Give what the result of a cook depends on: the frame, and the project's parameters."""
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
