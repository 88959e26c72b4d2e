"""What the server tells pages, as JSON text; the page's own types derive from it."""

from typing import Literal

import msgspec
from msgspec import Struct

from bodychan.operators.parameters import Value

Light = Literal["idle", "sending", "failing"]
Phase = Literal["none", "connecting", "running", "ended", "failed"]


class Event(Struct, tag_field="tell", kw_only=True):
    """What the server says."""


class JointRow(Struct, frozen=True):
    """A row of the joint table."""

    name: str
    parent: int


class Form(Struct, frozen=True):
    """A kind of output: what to fill in, and the target that becomes of it.

    `template` holds `{field}` where a field's text goes.
    """

    kind: str
    help: str
    template: str
    fields: tuple["Field", ...]


class Field(Struct, frozen=True):
    """One thing to fill in; with `choices` it is a menu."""

    name: str
    label: str
    default: str
    choices: tuple[str, ...] = ()


class Setting(Struct, frozen=True):
    """A parameter as a form shows it: a row of the operator's table.

    `low` and `high` are hard limits, `soft` the range of a slider, `choices` a menu's items, name and label.
    """

    name: str
    label: str
    page: str
    kind: str
    help: str
    default: Value
    unit: str = ""
    low: float | None = None
    high: float | None = None
    soft: tuple[float, float] | None = None
    choices: tuple[tuple[str, str], ...] = ()


class Hello(Event, tag="hello"):
    """What does not change while the server runs. `settings` are the parameters by kind of operator."""

    version: str
    folder: str
    joints: tuple[JointRow, ...]
    images: tuple[tuple[str, str], ...]
    settings: dict[str, tuple[Setting, ...]]
    forms: tuple[Form, ...]


class Operator(Struct, frozen=True):
    """An operator and the values of its parameters."""

    name: str
    type: str
    values: dict[str, Value]
    errors: str
    warnings: str


class Source(Struct, frozen=True):
    """What is shown. `seekable` has a timeline, of `duration` seconds; `problem` says what to do."""

    name: str = ""
    phase: Phase = "none"
    live: bool = False
    seekable: bool = False
    fps: float = 0.0
    duration: float = 0.0
    problem: str = ""
    warnings: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    frustum: tuple[tuple[float, float, float], ...] = ()


class OutputLight(Struct, frozen=True):
    """An output and how it does."""

    number: int
    source: str
    target: str
    light: Light
    sent: int
    problem: str = ""


class Job(Struct, frozen=True):
    """Something that takes a while. `expected` is 0 where it is not known."""

    path: str
    running: bool
    done: int
    expected: int = 0
    message: str = ""
    failed: bool = False


class Presence(Struct, frozen=True):
    """When a body was there, in seconds of the recording."""

    id: int
    spans: tuple[tuple[float, float], ...]


class State(Event, tag="state"):
    """All that is set. What the page shows is this and nothing else."""

    source: Source
    operators: tuple[Operator, ...]
    shown: str
    playing: bool
    speed: float
    loop: bool
    outputs: tuple[OutputLight, ...]
    recording: Job | None
    export: Job | None
    explanation: Job | None
    presence: tuple[Presence, ...]
    command: str
    project: str


class Names(Event, tag="names"):
    """The names of the channels that follow in frames of the same revision."""

    revision: int
    names: tuple[str, ...]


class Info(Event, tag="info"):
    """Info channels by operator, and what this page's connection does."""

    values: dict[str, dict[str, float]]


class Matched(Event, tag="matched"):
    """The channels that a pattern chooses; `problem` if it does not parse."""

    pattern: str
    names: tuple[str, ...] = ()
    problem: str = ""


class Found(Struct, frozen=True):
    """Something that can be opened, or what keeps it from being opened."""

    source: str
    label: str
    problem: str = ""


class Sources(Event, tag="sources"):
    """What there is to open."""

    cameras: tuple[Found, ...]
    recordings: tuple[Found, ...]
    scenes: tuple[Found, ...]
    projects: tuple[Found, ...]


class Failed(Event, tag="failed"):
    """A command could not be done. `subject` is the field it was about, as far as there is one."""

    command: str
    subject: str
    message: str


Events = Hello | State | Names | Info | Matched | Sources | Failed


def encode(event: Event) -> str:
    """Write an event."""
    return msgspec.json.encode(event).decode()
