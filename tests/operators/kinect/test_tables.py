from bodychan.operators.kinect import tables
from bodychan.operators.parameters import Kind
from bodychan.operators.tables import InfoTable, MergeTable

# The names of the pages Kinect Azure, Color and Timing of TouchDesigner's operator.
TOP_PAGES = {
    "Kinect Azure": "active library sensor fps colorres depthmode modelpath proccessingmode gpu orientation "
    "image remapimage bodyimage mirrorimage cpu",
    "Color": "resetcolors enablecolors manualexposure exposure manualwhitebalance whitebalance brightness "
    "contrast saturation sharpness gain backlight powerfreq",
    "Timing": "depthdelay syncmode subdelay",
}
IMAGES = (
    "color colorremap depth depthremap ir irremap playerindex playerindexremap pointcloud pointcloudremap"
)


def test_the_top_has_every_parameter_of_its_pages_and_the_choice_of_a_tracker() -> None:
    for page, names in TOP_PAGES.items():
        ours = [p.name for p in tables.TopTable.rows if p.page == page and not p.ours]
        assert ours == names.split(), page
    assert "tracker" in {p.name for p in tables.TopTable.rows}


def test_menus_have_the_documented_items() -> None:
    menus = {p.name: [name for name, _ in p.menu] for p in tables.TopTable.rows if p.kind is Kind.MENU}
    assert menus["image"] == IMAGES.split()
    assert menus["library"] == ["microsoft", "orbbec"]
    assert menus["fps"] == ["fps5", "fps15", "fps30"]
    assert menus["proccessingmode"] == ["gpudefault", "cpu", "directml"]
    assert menus["orientation"] == ["default", "cw90", "ccw90", "flipped"]
    assert menus["syncmode"] == ["standalone", "master", "subordinate"]
    assert menus["powerfreq"] == ["50hz", "60hz"]
    assert set(menus["depthmode"]) == {
        "narrowunbinned",
        "widebinned",
        "narrowbinned",
        "wideunbinned",
        "passiveir",
    }
    assert len(menus["colorres"]) == 6


def test_the_select_top_has_its_six() -> None:
    names = [p.name for p in tables.SelectTable.rows]
    assert names == ["active", "top", "image", "remapimage", "bodyimage", "mirrorimage"]


def test_every_image_has_a_counterpart_in_the_other_camera() -> None:
    for name in IMAGES.split():
        assert tables.OTHER_CAMERA[tables.OTHER_CAMERA[name]] == name
        assert tables.image_camera(name) != tables.image_camera(tables.OTHER_CAMERA[name])
    assert tables.image_camera("colorremap") == "depth"
    assert tables.image_camera("pointcloudremap") == "color"


def test_names_are_unique_and_every_row_has_help() -> None:
    for table in (tables.TopTable, tables.SelectTable, tables.ChopTable, InfoTable, MergeTable):
        assert len({p.name for p in table.rows}) == len(table.rows)
        assert all(p.label and p.page and p.help.endswith(".") for p in table.rows)


def test_a_slider_shows_a_part_of_the_range() -> None:
    for row in tables.ChopTable.rows:
        if row.soft is not None:
            assert row.minimum is not None
            assert row.maximum is not None
            assert row.minimum <= row.soft[0] <= float(row.default) <= row.soft[1] <= row.maximum
            assert row.soft != (row.minimum, row.maximum)
