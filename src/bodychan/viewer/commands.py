"""What pages ask for: what is decoded here is valid, and the page's own types derive from it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

Text = Annotated[str, Meta(max_length=1000)]
Value = bool | int | float | Text
Mark = Annotated[int, Meta(ge=0)]
Cloud = Literal["off", "depth", "color"]


class Command(Struct, tag_field="do", forbid_unknown_fields=True):
    """What a page asks for."""


class Watch(Command, tag="watch"):
    """What the page shows now; a hidden page shows nothing and gets nothing."""

    skeletons: bool = False
    channels: bool = False
    info: bool = False
    cloud: Cloud = "off"
    image: Text = ""


class Seen(Command, tag="seen"):
    """The page has drawn a frame: the next one may come."""

    serial: Mark


class Match(Command, tag="match"):
    """Ask which channels a pattern chooses."""

    pattern: Text


class ListSources(Command, tag="list"):
    """Ask what there is to open."""


class OpenSource(Command, tag="open"):
    """Show another camera, recording or scene; empty closes the one that is open."""

    source: Text


class SetParameter(Command, tag="set"):
    """Return a parameter a value."""

    operator: Text
    name: Text
    value: Value


class ResetParameters(Command, tag="reset"):
    """Return parameters their defaults; without names, all of the operator's."""

    operator: Text
    names: tuple[Text, ...] = ()


class Play(Command, tag="play"):
    """Let the timeline run, or let it stand."""

    playing: bool


class Step(Command, tag="step"):
    """Go some captures forward or back."""

    captures: Annotated[int, Meta(ge=-1000, le=1000)]


class Seek(Command, tag="seek"):
    """Go to a second of the recording."""

    seconds: Annotated[float, Meta(ge=0, le=1e6)]


class Speed(Command, tag="speed"):
    """Play a recording so many times as fast."""

    factor: Annotated[float, Meta(ge=0.05, le=20)]


class Loop(Command, tag="loop"):
    """Play a recording again and again, or once."""

    on: bool


class ShowChannels(Command, tag="show"):
    """Choose the operator whose channels the page lists."""

    operator: Text


class AddOutput(Command, tag="add-output"):
    """Send the channels of an operator to one more target."""

    source: Text
    target: Text
    overwrite: bool = False


class RemoveOutput(Command, tag="remove-output"):
    """Close an output."""

    number: int


class Record(Command, tag="record"):
    """Record what the camera delivers to an .mkv file."""

    path: Text
    overwrite: bool = False


class StopRecording(Command, tag="stop-recording"):
    """Finish the recording."""


class Export(Command, tag="export"):
    """Track the whole recording and write its channels to a file."""

    path: Text
    overwrite: bool = False


class CancelExport(Command, tag="cancel-export"):
    """Return the export up."""


class SaveProject(Command, tag="save"):
    """Write operators, parameters and outputs to a .toml file."""

    path: Text
    overwrite: bool = False


class OpenProject(Command, tag="open-project"):
    """Replace operators, parameters and outputs by those of a .toml file; its outputs may replace files."""

    path: Text
    overwrite: bool = False


class Explain(Command, tag="explain"):
    """Draw what the tracker did with a capture."""

    capture: Annotated[int, Meta(ge=1)]


Commands = (
    Watch
    | Seen
    | Match
    | ListSources
    | OpenSource
    | SetParameter
    | ResetParameters
    | Play
    | Step
    | Seek
    | Speed
    | Loop
    | ShowChannels
    | AddOutput
    | RemoveOutput
    | Record
    | StopRecording
    | Export
    | CancelExport
    | SaveProject
    | OpenProject
    | Explain
)


_decoder = msgspec.json.Decoder(Commands)


def decode(text: str | bytes) -> Commands:
    """Read a command.

    Raises:
        msgspec.ValidationError: it is none; the message says where.
        msgspec.DecodeError: it is no JSON.
    """
    command: Commands = _decoder.decode(text)
    return command
