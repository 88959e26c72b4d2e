import json
from pathlib import Path

import pytest

import bodychan
from bodychan.errors import OperatorError
from bodychan.operators.catalog import KINDS, json_schema, kind_of, listing, text
from bodychan.operators.kinect.chop import KinectAzureCHOP
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.operator import Operator

PAGE = Path(__file__).resolve().parents[2] / "docs" / "parameters.md"


def test_the_page_of_the_docs_is_up_to_date() -> None:
    made = listing(KINDS.values(), "markdown") + "\n"
    assert PAGE.read_text(encoding="utf-8") == made, (
        "run: bodychan params --format markdown > docs/parameters.md"
    )


def test_every_public_operator_is_registered() -> None:
    public = (getattr(bodychan, name) for name in bodychan.__all__)
    kinds = {kind for kind in public if isinstance(kind, type) and issubclass(kind, Operator)}
    assert kinds == set(KINDS.values())


def test_an_unknown_kind_is_refused_with_the_near_ones() -> None:
    with pytest.raises(OperatorError, match="no kind of operator 'KinectCHOP': did you mean"):
        kind_of("KinectCHOP")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_schema_has_every_parameter_with_its_type_default_and_limits(kind: type[Operator]) -> None:
    properties = json_schema(kind)["properties"]
    assert isinstance(properties, dict)
    assert list(properties) == [parameter.name for parameter in kind.parameters]
    python = {"boolean": bool, "integer": int, "number": float, "string": str}
    for parameter in kind.parameters:
        row = properties[parameter.name]
        assert type(row["default"]) is python[row["type"]]
        assert row.get("enum", [row["default"]]).count(row["default"]) == 1
        assert row.get("minimum", row["default"]) == row["default"] or row["minimum"] <= row["default"]


def test_a_schema_is_json_and_tells_range_and_menu() -> None:
    schemas = json.loads(listing([KinectAzureCHOP, KinectAzureTOP], "schema"))
    players = schemas["KinectAzureCHOP"]["properties"]["maxplayers"]
    assert (players["type"], players["minimum"], players["maximum"]) == ("integer", 1, 16)
    assert schemas["KinectAzureTOP"]["properties"]["fps"]["enum"] == ["fps5", "fps15", "fps30"]


def test_text_tells_name_label_type_default_and_range_of_every_parameter() -> None:
    told = text(KinectAzureCHOP)
    assert "maxplayers        Max Players" in told
    assert "int; default 1; 1 to 16" in told
    assert all(f" {parameter.name} " in told for parameter in KinectAzureCHOP.parameters)
