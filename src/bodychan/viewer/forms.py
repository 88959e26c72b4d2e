"""What to fill in: the parameters of each kind of operator, and the options of each kind of output."""

from bodychan.model.skeleton import Joint
from bodychan.operators.operator import Operator
from bodychan.operators.parameters import Parameter
from bodychan.outputs.joint_names import NAMES
from bodychan.outputs.osc import LAYOUTS
from bodychan.outputs.table import Table
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


_HOST = Field("host", "Host", "127.0.0.1")
_NAME = Field("name", "File name", "channels")
_JOINTS = Field("joints", "Joint names", NAMES[0], NAMES)
_LAYOUTS = tuple(LAYOUTS)
_LABELS = {"empty": "Where nobody is", "long": "One row for each body"}


def _osc(kind: str, scheme: str, help: str) -> Form:  # noqa: A002
    fields = (
        _HOST,
        Field("port", "Port", "7000"),
        Field("prefix", "Address prefix, such as /stage", ""),
        Field("layout", "Layout", _LAYOUTS[0], _LAYOUTS),
    )
    return Form(kind, help, f"{scheme}://{{host}}:{{port}}{{prefix}}?layout={{layout}}", fields)


def _table(kind: str, suffix: str) -> Form:
    fields = tuple(
        Field(name, _LABELS.get(name, name), values[0], values) for name, values in Table.OPTIONS.items()
    )
    options = "&".join(f"{field.name}={{{field.name}}}" for field in fields)
    told = "One column per channel, one row per frame, from now until it is removed."
    return Form(kind, told, f"{{name}}{suffix}?{options}", (_NAME, *fields))


def _file(kind: str, suffix: str, help: str, *, joints: bool = False) -> Form:  # noqa: A002
    template = f"{{name}}{suffix}" + ("?names={joints}" if joints else "")
    return Form(
        kind,
        f"{help} It gets its name when it is removed.",
        template,
        (_NAME, _JOINTS) if joints else (_NAME,),
    )


FORMS = (
    _osc("OSC", "osc", "Messages over UDP, an address for each channel, such as /p1/head:tx."),
    _osc("OSC over TCP", "osc+tcp", "The same over a connection: nothing gets lost, and late is possible."),
    Form(
        "WebSocket",
        "For web pages: names once, then numbers, to all who connect to this port of this machine.",
        "ws://{host}:{port}",
        (Field("host", "Address to listen at", "127.0.0.1"), Field("port", "Port", "9980")),
    ),
    Form(
        "PosiStageNet",
        "Where each person is, for stage lighting: every player is a tracker.",
        "psn://{host}:{port}?joint={joint}",
        (
            Field("host", "Host or multicast group", "236.10.10.10"),
            Field("port", "Port", "56565"),
            Field("joint", "Joint", "pelvis", tuple(joint.channel for joint in Joint)),
        ),
    ),
    Form(
        "Shared memory", "For programs on this computer.", "shm://{key}", (Field("key", "Name", "bodychan"),)
    ),
    Form("LSL", "A stream of the Lab Streaming Layer.", "lsl://{key}", (Field("key", "Name", "bodychan"),)),
    Form(
        "Zenoh",
        "Channels and bodies for other machines, and the viewers on them, by a key of yours.",
        "zenoh://{key}",
        (Field("key", "Key", "stage/left"),),
    ),
    _table("Parquet table", ".parquet"),
    _table("CSV table", ".csv"),
    _file("TouchDesigner .chan", ".chan", "Plain numbers, one column per channel."),
    _file("TouchDesigner .clip", ".clip", "Channels with their names and rate."),
    _file("BVH animation", ".bvh", "A file for each body.", joints=True),
    _file("glTF animation", ".glb", "A file for each body.", joints=True),
    _file("USD animation", ".usda", "A file for each body.", joints=True),
    _file("USD animation, binary", ".usdc", "A file for each body.", joints=True),
    _file("C3D markers", ".c3d", "A file for each body."),
    _file("TRC markers", ".trc", "A file for each body."),
    _file("XDF", ".xdf", "A stream of type MoCap, as LabRecorder writes it."),
    _file("MCAP", ".mcap", "Channels, joints as frames and bodies as lines, for Foxglove."),
    _file("Bodies as JSON", ".json", "As Microsoft's offline processor lays them out."),
    Form(
        "Other",
        "What another package has registered: a URL, or a file with its suffix.",
        "{target}",
        (Field("target", "Target", ""),),
    ),
)
