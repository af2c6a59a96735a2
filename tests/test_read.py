import datetime
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from auditbot.ingest import read
from auditbot.ingest.refusal import Refused

HEADER = "service,service_name,metric,period_start,period_end,numerator,denominator,value\n"


def refused(path: Path) -> str:
    with pytest.raises(Refused) as caught:
        read.open_file(path)
    sentence = str(caught.value)
    assert sentence.startswith(path.name)
    assert sentence.endswith(".")
    return sentence


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def workbook(path: Path, rows: list[list[object]], sheet: str = "Sheet") -> Path:
    book = Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.save(path)
    book.close()
    return path


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf\r\n", b" , ,\n"])
def test_an_empty_file_is_refused(tmp_path, content):
    assert "is empty" in refused(written(tmp_path / "a.csv", content))


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    assert "is not a file" in refused(tmp_path)
    assert "is not a file" in refused(tmp_path / "gone.csv")


@pytest.mark.parametrize(
    "content",
    [
        b"<html><table><tr><td>1</td></tr></table></html>",
        b"\xef\xbb\xbf  <!DOCTYPE html><html>",
        b'<?xml version="1.0"?><Workbook/>',
    ],
)
def test_a_web_page_named_xls_is_refused(tmp_path, content):
    assert "is a web page" in refused(written(tmp_path / "a.xls", content))


@pytest.mark.parametrize(
    "content",
    [
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"junk" * 400,
        b"PK\x03\x04" + b"junk" * 400,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    ],
)
def test_a_broken_workbook_is_refused(tmp_path, content):
    assert "cannot be opened as a workbook" in refused(written(tmp_path / "a.xls", content))


def test_a_cut_short_workbook_is_refused(tmp_path):
    whole = workbook(tmp_path / "a.xlsx", [["a", "b"]]).read_bytes()
    refused(written(tmp_path / "b.xlsx", whole[: len(whole) // 2]))


def test_a_locked_workbook_is_refused(tmp_path):
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    locked += "EncryptedPackage".encode("utf-16-le") + b"\0" * 600
    assert "locked with a password" in refused(written(tmp_path / "a.xlsx", locked))


def test_binary_pdf_and_other_packed_files_are_refused(tmp_path):
    assert "neither text" in refused(written(tmp_path / "a.csv", b"a,b\x00\x01\x02"))
    assert "neither text" in refused(written(tmp_path / "a.csv", b"%PDF-1.7 abc"))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("a.csv", HEADER)
    assert "not an Excel workbook" in refused(tmp_path / "a.zip")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["a"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet9.xml", b" " * 30_000_000)
    assert "times its own size" in refused(path)


def test_one_far_cell_is_refused_before_it_fills_the_memory(tmp_path):
    book = Workbook()
    book.active["A1"] = "service"
    book.active.cell(row=1_048_576, column=16_384, value=1)
    book.save(tmp_path / "a.xlsx")
    book.close()
    assert "row 1,048,576 and column 16,384" in refused(tmp_path / "a.xlsx")


def test_limits_of_size_sheets_and_rows(tmp_path, monkeypatch):
    path = written(tmp_path / "a.csv", (HEADER + "x,y,z,1,2,3,4,5\n" * 50).encode())
    monkeypatch.setattr(read, "MOST_TABLE_ROWS", 20)
    with pytest.raises(Refused, match="limit of 20 rows"):
        read.table(read.open_file(path), read.TEXT)
    monkeypatch.setattr(read, "MOST_ROWS", 20)
    with pytest.raises(Refused, match="limit of 20 rows"):
        list(read.chunks(read.open_file(path), read.TEXT, {0: "service"}, {7: "value"}))
    monkeypatch.setattr(read, "MOST_SHEETS", 0)
    assert "1 sheets" in refused(workbook(tmp_path / "a.xlsx", [["a"]]))
    monkeypatch.setattr(read, "MOST_WORKBOOK_BYTES", 10)
    assert "for a workbook" in refused(tmp_path / "a.xlsx")
    monkeypatch.setattr(read, "MOST_TEXT_BYTES", 100)
    assert "limit of 100" in refused(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators(tmp_path, encoding, separator):
    text = "service,name\nydd,Ysbyty Dôl\n".replace(",", separator)
    opened = read.open_file(written(tmp_path / "a.csv", text.encode(encoding)))
    assert opened.heads[read.TEXT] == [["service", "name"], ["ydd", "Ysbyty Dôl"]]
    (row, frame), *_ = read.chunks(opened, read.TEXT, {0: "service", 1: "name"}, {})
    assert row == 2
    assert frame["name"].tolist() == ["Ysbyty Dôl"]


def test_cells_come_as_they_stand(tmp_path):
    rows = [
        ["a", None],
        ["n/a", "*"],
        ["-", "NA"],
        [46113, datetime.date(2026, 4, 1)],
        ["*", 1.5],
    ]
    opened = read.open_file(workbook(tmp_path / "a.xlsx", rows, "Figures"))
    assert opened.kind == "workbook"
    told = read.table(opened, "Figures").to_numpy().tolist()
    assert told[:3] == [["a", ""], ["n/a", "*"], ["-", "NA"]]
    assert told[3][0] == 46113
    assert told[3][1] == datetime.datetime(2026, 4, 1)
    assert told[4] == ["*", 1.5]


def test_a_quotation_mark_left_open_and_a_row_too_long_are_refused(tmp_path):
    for row in ('x,"y,z,1,2,3,4,5\n', "x,y,z,1,2,3,4,5,6,7,8,9\n"):
        content = HEADER + "x,y,z,1,2,3,4,5\n" + row + "x,y,z,1,2,3,4,5\n"
        opened = read.open_file(written(tmp_path / "a.csv", content.encode()))
        with pytest.raises(Refused, match="the table breaks at row"):
            list(read.chunks(opened, read.TEXT, {0: "service"}, {7: "value"}))


def test_the_hash_is_of_the_bytes(tmp_path):
    one = read.open_file(written(tmp_path / "a.csv", b"a,b\n1,2\n"))
    same = read.open_file(written(tmp_path / "b.csv", b"a,b\n1,2\n"))
    other = read.open_file(written(tmp_path / "c.csv", b"a,b\n1,3\n"))
    assert one.sha256 == same.sha256 != other.sha256
