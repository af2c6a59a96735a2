import os

import pytest
from sqlalchemy import create_engine, text

from bot.settings import Settings, SettingsFault, SourceTable, Surroundings
from bot.watch import Found, arrivals, exported, files_in


def test_folders_are_searched_in_name_order_and_lock_files_passed_over(tmp_path):
    for name in ("b.csv", "a.xls", "~$a.xls", ".hidden.csv", "notes.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "c.CSV").write_text("x")
    assert [p.name for p in files_in([tmp_path])] == ["a.xls", "b.csv", "c.CSV"]


def test_a_path_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SettingsFault, match="no such file or folder"):
        files_in([tmp_path / "nothing"])


def test_a_shared_folder_lets_the_file_tell_its_source(tmp_path):
    (tmp_path / "incoming").mkdir()
    file = tmp_path / "incoming" / "a.csv"
    file.write_text("x")
    settings = Settings(
        source=(
            SourceTable(id="long", path="incoming/"),
            SourceTable(id="ae_csv", path="incoming/", publication="internal"),
        )
    )
    found = arrivals(settings, Surroundings("sqlite://"), tmp_path)
    assert found == [Found(file, None, "internal")]


def test_a_file_still_being_copied_waits(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("x")
    os.utime(file, (1000.0, 1000.0))
    around = Surroundings("sqlite://", incoming=tmp_path)
    assert arrivals(Settings(), around, tmp_path, now=1001.0) == []
    assert arrivals(Settings(), around, tmp_path, now=1002.0) == [Found(file, None)]


def test_a_query_arrives_as_a_file_in_the_plain_layout(tmp_path):
    url = f"sqlite:///{tmp_path}/results.db"
    engine = create_engine(url)
    with engine.begin() as conn:
        conn.execute(text("create table r (service text, value integer)"))
        conn.execute(text("insert into r values ('fernhill', 1), ('westport', 2)"))
    engine.dispose()
    source = SourceTable(id="warehouse", url=url, query="select * from r order by service")
    with exported(source) as found:
        assert found.source == "long"
        assert found.path.read_text() == "service,value\nfernhill,1\nwestport,2\n"
    assert not found.path.exists()


def test_a_failing_query_is_one_sentence_without_the_address(tmp_path):
    source = SourceTable(
        id="w", url=f"sqlite:///{tmp_path}/secret-name.db", query="select * from no"
    )
    with pytest.raises(SettingsFault) as e, exported(source):
        pass
    assert "source 'w': the query failed" in str(e.value)
    assert "secret-name" not in str(e.value)
