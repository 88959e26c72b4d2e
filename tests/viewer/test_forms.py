import pytest

from bodychan.operators.catalog import KINDS
from bodychan.outputs.registry import OUTPUTS
from bodychan.viewer.forms import FORMS, settings_of


@pytest.mark.parametrize("name", KINDS)
def test_a_form_has_every_row_of_the_table(name: str) -> None:
    rows = {setting.name: setting for setting in settings_of(KINDS[name])}
    assert list(rows) == [parameter.name for parameter in KINDS[name].parameters]
    for parameter in KINDS[name].parameters:
        row = rows[parameter.name]
        assert (row.label, row.page, row.help, row.default) == (
            parameter.label,
            parameter.page,
            parameter.help,
            parameter.default,
        )
        assert (row.low, row.high, row.soft) == (parameter.minimum, parameter.maximum, parameter.soft)
        assert row.choices[: len(parameter.menu)] == parameter.menu


def test_every_form_fills_its_template() -> None:
    for form in FORMS:
        filled = form.template.format(**{field.name: field.default for field in form.fields})
        assert "{" not in filled


def test_every_kind_of_output_has_a_form() -> None:
    templates = [form.template for form in FORMS]
    for kind in set(OUTPUTS.names()) - {"terminal"}:
        assert any(f"}}{kind}" in t or t.startswith(f"{kind}://") for t in templates), kind
