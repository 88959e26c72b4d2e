"""What to fill in: the parameters of each kind of operator, and the options of each kind of output."""

from bodychan.operators.operator import Operator
from bodychan.operators.parameters import Parameter
from bodychan.viewer.events import Field, Form, Setting


def settings_of(kind: type[Operator]) -> tuple[Setting, ...]:
    """Return the parameters of a kind of operator, row by row of its table."""
    return tuple(_setting(parameter) for parameter in kind.parameters)


def _setting(row: Parameter) -> Setting:
    names = {name for name, _ in row.menu}
    more = tuple((name, name) for name in row.more() if name not in names) if row.more else ()
    return Setting(
        row.name,
        row.label,
        row.page,
        row.kind.value,
        row.help,
        row.default,
        row.unit,
        row.minimum,
        row.maximum,
        row.soft,
        row.menu + more,
    )


_TABLE = "One column per channel, one row per frame, from now until it is removed."
_BODIES = "People and how they move, from now until it is removed."
_FILES = (
    ("Parquet table", _TABLE, ".parquet"),
    ("CSV table", _TABLE, ".csv"),
    ("TouchDesigner .chan", "Rows of numbers without names, for a File In CHOP.", ".chan"),
    ("Houdini and TouchDesigner .clip", "Named channels with rate and start.", ".clip"),
    ("BVH", _BODIES, ".bvh"),
    ("glTF", _BODIES, ".glb"),
    ("C3D", _BODIES, ".c3d"),
    ("TRC", _BODIES, ".trc"),
    ("JSON of Microsoft's offline processor", _BODIES, ".json"),
)
"""What a file's form is called, what it holds, and its suffix."""

FORMS = (
    Form(
        "OSC",
        "Messages over UDP, an address for each channel, such as /p1/head:tx.",
        "osc://{host}:{port}{prefix}{options}",
        (
            Field("host", "Host", "127.0.0.1"),
            Field("port", "Port", "7000"),
            Field("prefix", "Address prefix, such as /stage", ""),
            Field("options", "Layout and other options, such as ?layout=vmc", ""),
        ),
    ),
    Form(
        "OSC over TCP",
        "The same in one connection, for receivers that must miss nothing.",
        "osc+tcp://{host}:{port}{prefix}{options}",
        (
            Field("host", "Host", "127.0.0.1"),
            Field("port", "Port", "7000"),
            Field("prefix", "Address prefix, such as /stage", ""),
            Field("options", "Layout and other options, such as ?layout=vmc", ""),
        ),
    ),
    Form(
        "WebSocket",
        "For web pages: names once, then numbers, to all who connect to this port of this machine.",
        "ws://{host}:{port}",
        (Field("host", "Address to listen at", "127.0.0.1"), Field("port", "Port", "9980")),
    ),
    Form(
        "PosiStageNet",
        "For stage lighting: every player is a tracker.",
        "psn://{host}:{port}?joint={joint}",
        (
            Field("host", "Host or multicast group", "236.10.10.10"),
            Field("port", "Port", "56565"),
            Field("joint", "Joint", "pelvis"),
        ),
    ),
    Form(
        "Shared memory",
        "The newest rows for other programs on this machine.",
        "shm://{name}",
        (Field("name", "Name", "bodychan"),),
    ),
    Form(
        "Lab Streaming Layer",
        "A stream of type MoCap for LabRecorder and others on the local network.",
        "lsl://{name}",
        (Field("name", "Name", "bodychan"),),
    ),
    Form(
        "Zenoh",
        "Channels and bodies for other machines, and the viewers on them, by a key of yours.",
        "zenoh://{key}",
        (Field("key", "Key", "stage/left"),),
    ),
    *(
        Form(kind, told, "{name}" + suffix, (Field("name", "File name", "channels"),))
        for kind, told, suffix in _FILES
    ),
    Form(
        "Other",
        "What another package has registered: a URL, or a file with its suffix.",
        "{target}",
        (Field("target", "Target", ""),),
    ),
)
