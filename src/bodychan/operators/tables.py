"""The rows of the Common page, which every channel operator has, and those of single operators."""

from bodychan.operators.parameters import Kind, Parameter

_PAGE = "Common"

COMMON = (
    Parameter(
        "timeslice",
        "Time Slice",
        _PAGE,
        Kind.TOGGLE,
        False,
        "Gives the samples since the last cook instead of one; those of 200 ms at most.",
    ),
    Parameter(
        "interp",
        "Interpolation",
        _PAGE,
        Kind.MENU,
        "hold",
        "What a sample between two captures of a slice is: the older's value, or on the line to the newer.",
        menu=(("hold", "Hold"), ("linear", "Linear")),
        ours=True,
    ),
    Parameter(
        "scope", "Scope", _PAGE, Kind.STRING, "*", "Pattern of the channels that come out; the others do not."
    ),
    Parameter(
        "srselect",
        "Sample Rate Match",
        _PAGE,
        Kind.MENU,
        "first",
        "Which rate comes out where several sources have different ones; it acts in the Merge CHOP.",
        menu=(
            ("first", "Resample At First Input's Rate"),
            ("max", "Resample At Maximum Rate"),
            ("min", "Resample At Minimum Rate"),
            ("err", "Error If Rates Differ"),
        ),
    ),
    Parameter(
        "exportmethod",
        "Export Method",
        _PAGE,
        Kind.MENU,
        "autoname",
        "How the channels find what they drive while the operator's flag 'export' is on.",
        menu=(
            ("datindex", "DAT Table by Index"),
            ("datname", "DAT Table by Name"),
            ("autoname", "Channel Name is Path:Parameter"),
        ),
    ),
    Parameter(
        "autoexportroot",
        "Export Root",
        _PAGE,
        Kind.STRING,
        "",
        "Path that the paths of exports are relative to; empty for the project's.",
    ),
    Parameter(
        "exporttable",
        "Export Table",
        _PAGE,
        Kind.STRING,
        "",
        "File of the table methods, .csv or .toml: path, parameter, channel, enable.",
    ),
)

NAMING = Parameter(
    "namingtable",
    "Naming Table",
    "Kinect Azure",
    Kind.STRING,
    "",
    "TOML file with other names for the suffixes and IMU channels whose TouchDesigner names are not certain.",
    ours=True,
)

MERGE = (
    Parameter(
        "chops",
        "CHOPs",
        "Merge",
        Kind.STRING,
        "",
        "Names or patterns of the operators to merge, split by spaces; the first is the first input.",
        ours=True,
    ),
)
