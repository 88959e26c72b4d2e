"""THE parameter tables of the operators that are not the Kinect Azure's, and the page that all CHOPs have."""

from bodychan.operators.parameters import Parameters, file, menu, reference, text, toggle

# fmt: off
_RATES = (
    ("first", "Resample At First Input's Rate"), ("max", "Resample At Maximum Rate"),
    ("min", "Resample At Minimum Rate"), ("err", "Error If Rates Differ"),
)
_EXPORTS = (
    ("datindex", "DAT Table by Index"), ("datname", "DAT Table by Name"),
    ("autoname", "Channel Name is Path:Parameter"),
)


class CommonPage(Parameters, page="Common"):
    timeslice      = toggle("Time Slice", False, "Gives the samples since the last cook instead of one; those of 200 ms at most.")
    interp         = menu("Interpolation", (("hold", "Hold"), ("linear", "Linear")), "hold", "What a sample between two captures of a slice is: the older's value, or on the line to the newer.", ours=True)
    scope          = text("Scope", "*", "Pattern of the channels that come out; the others do not.")
    srselect       = menu("Sample Rate Match", _RATES, "first", "Which rate comes out where several sources have different ones; it acts in the Merge CHOP.")
    exportmethod   = menu("Export Method", _EXPORTS, "autoname", "How the channels find what they drive while the operator's flag 'export' is on.")
    autoexportroot = text("Export Root", "", "Path that the paths of exports are relative to; empty for the project's.")
    exporttable    = file("Export Table", "", "File of the table methods, .csv or .toml: path, parameter, channel, enable.")


class InfoPage(Parameters, page="Info"):
    op     = reference("Operator", "Name of the operator to describe.")
    iscope = text("Scope", "*", "Pattern of the Info channels to give.")


class MergePage(Parameters, page="Merge", ours=True):
    chops = text("CHOPs", "", "Names or patterns of the operators to merge, split by spaces; the first is the first input.")


class NetworkPage(Parameters, page="Network", ours=True):
    address = text("Address", "", "Whose channels: zenoh://KEY, where the key may hold * and **.")


class NetworkTable(NetworkPage, CommonPage):
    """Of the Network CHOP."""


class InfoTable(InfoPage, CommonPage):
    """Of the Info CHOP."""


class MergeTable(MergePage, CommonPage):
    """Of the Merge CHOP."""
