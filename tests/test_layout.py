import tomllib
from pathlib import Path

import pytest

from auditbot import catalogue, layout
from auditbot.catalogue import CatalogueFault

BOT = Path(__file__).resolve().parents[1] / "bot" / "catalogue"
CATALOGUE = catalogue.load(BOT)

SOUND = """
id = "made_up"
name = "A made-up source"
audit = "ae"
shape = "wide"
recognised_by = ["Code"]

[service]
id = "Code"
name = "Name"

[period]
stands_in = "column"
label = "Month"
months = 1

[marks]
"*" = "suppressed"

[columns]
seen = { label = "Seen" }
all = { label = "All" }
band = { label = "Band", holds = "letter" }

[[metric]]
id = "ae_4h"
numerator = "seen"
denominator = ["all"]
"""


def faults(tmp_path: Path, *texts: str) -> list[str]:
    for i, text in enumerate(texts):
        (tmp_path / f"source{i}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueFault) as caught:
        layout.load(tmp_path, CATALOGUE)
    return list(caught.value.faults)


def test_the_layouts_of_the_catalogue_are_sound_and_the_plain_one_is_built_in():
    layouts = layout.load(BOT / "layouts", CATALOGUE)
    assert set(layouts) == {"long", "ae_workbook", "ae_csv", "ssnap_summary"}


def test_every_ssnap_metric_of_the_catalogue_has_its_place():
    placed = {m.id for m in layout.load(BOT / "layouts", CATALOGUE)["ssnap_summary"].metric}
    assert placed == {m.id for m in CATALOGUE.by_audit["ssnap"]}


def test_the_two_ae_layouts_give_the_same_metrics():
    layouts = layout.load(BOT / "layouts", CATALOGUE)
    ids = {m.id for m in CATALOGUE.by_audit["ae"]}
    assert {m.id for m in layouts["ae_csv"].metric} == ids
    assert {m.id for m in layouts["ae_workbook"].metric} == ids


def test_a_name_a_list_and_a_table_are_all_sums(tmp_path):
    (tmp_path / "made_up.toml").write_text(SOUND, encoding="utf-8")
    measure = layout.load(tmp_path, CATALOGUE)["made_up"].metric[0]
    assert measure.numerator == layout.Sum(add=("seen",))
    assert measure.denominator == layout.Sum(add=("all",))
    assert measure.columns == ("seen", "all")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('audit = "ae"', 'audit = "ea"'), "key 'audit': 'ea' is not an audit"),
        (('id = "ae_4h"', 'id = "ae_4hr"'), "'ae_4hr' is not a metric"),
        (('denominator = ["all"]', ""), "a proportion needs 'numerator' and 'denominator'"),
        (('numerator = "seen"', 'numerator = "sen"'), "'sen' is not in [columns]"),
        (('numerator = "seen"', 'numerator = "band"'), "'band' holds letters"),
        (('label = "Month"', ""), "key 'period.label' is missing"),
        (("months = 1", "months = 13"), "key 'period.months'"),
        (('"suppressed"', '"ok"'), "key 'marks'"),
        (('"suppressed"', '"hidden"'), "key 'marks.*'"),
        (('shape = "wide"', 'shape = "tall"'), "key 'shape'"),
        (('name = "A made-up source"', 'colour = "red"'), "key 'colour'"),
        (('id = "ae_4h"', 'id = "ssnap_level"'), "a level needs 'level'"),
        (('id = "ae_4h"', 'id = "ae_attendances"'), "a count needs 'value'"),
        (('id = "made_up"', 'id = "long"'), "'long' is used by another layout"),
        (('id = "made_up"', "id = made up"), "not readable as TOML"),
    ],
)
def test_every_fault_is_a_sentence_with_file_and_key(tmp_path, change, said):
    found = faults(tmp_path, SOUND.replace(*change, 1))
    assert any(f.startswith("source0.toml: ") and said in f for f in found), found
    assert all(f.endswith(".") for f in found)


def test_all_faults_of_all_files_are_told_at_once(tmp_path):
    broken = SOUND.replace('audit = "ae"', 'audit = "ea"')
    found = faults(tmp_path, broken, broken.replace("made_up", "other").replace("ae_4h", "x"))
    assert {f.split(":")[0] for f in found} == {"source0.toml", "source1.toml"}
    assert len(found) == 3


def test_a_wide_layout_without_a_place_for_services_is_refused(tmp_path):
    head = SOUND.split("[service]")[0]
    assert len([f for f in faults(tmp_path, head) if "is missing" in f]) == 3


def test_a_long_layout_may_rename_columns_and_metrics(tmp_path):
    text = """
id = "renamed"
name = "Our registry's export"
shape = "long"
recognised_by = ["hospital", "indicator"]
[long]
service = "hospital"
metric = "indicator"
[metrics]
"4 hours" = "ae_4h"
"""
    (tmp_path / "renamed.toml").write_text(text, encoding="utf-8")
    assert layout.load(tmp_path, CATALOGUE)["renamed"].long.service == "hospital"
    found = faults(tmp_path, text.replace('"ae_4h"', '"ae_5h"').replace("renamed", "other"))
    assert any("'ae_5h' is not a metric" in f for f in found)


def test_no_layout_names_a_file_or_a_person():
    for path in (BOT / "layouts").glob("*.toml"):
        values = str(tomllib.loads(path.read_text(encoding="utf-8")))
        assert "@" not in values
        assert "Contact" not in values
