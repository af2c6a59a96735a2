"""What tables are in this file? Bytes in, tables out, within limits; nothing in it is trusted."""

import codecs
import csv
import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from python_calamine import CalamineError

from auditbot.ingest.personal import without_numbers
from auditbot.ingest.refusal import Refused

MOST_TEXT_BYTES = 600_000_000  # several million rows of the plain layout
MOST_WORKBOOK_BYTES = 50_000_000  # a published workbook has half a megabyte
MOST_UNPACKED_BYTES = 500_000_000  # a workbook is a zip: what it claims to unpack to
MOST_UNPACKED_RATIO = 200  # real workbooks reach 30; a bomb reaches 1,000
MOST_ENTRIES = 2_000  # files inside the zip
MOST_SHEETS = 60
MOST_CELLS = 8_000_000  # of one sheet, as a rectangle: one stray far cell must not fill the memory
MOST_ROWS = 5_000_000  # kept as numbers, some 60 bytes a row
MOST_TABLE_ROWS = 100_000  # of a wide or transposed table, which is read cell by cell
HEAD_ROWS = 80  # enough to recognise a layout, and to see what the columns are
CHUNK_ROWS = 250_000
TEXT = ""  # the name of the only sheet of a text file

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # how an OLE directory names that stream
_BLOCK = 1 << 20
_CELL = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')


@dataclass(frozen=True)
class Opened:
    """A file that was found sound enough to look into."""

    path: Path
    name: str  # without an identifier of a person
    sha256: str
    stamp: tuple[int, int]  # size and time of change, to see that it stood still meanwhile
    kind: Literal["text", "workbook"]
    heads: Mapping[str, list[list[Any]]]  # sheet -> its first rows
    encoding: str = ""
    separator: str = ""


def open_file(path: Path) -> Opened:
    """Hash a file, tell what it is from its bytes, and read the first rows of each table.

    Raises Refused for what is not a table: folders, empty, encrypted, broken or foreign files, web
    pages named .xls, and anything beyond the limits above.
    """
    name = without_numbers(path.name)
    try:
        if not path.is_file():
            raise Refused(f"{name}: is not a file; name a CSV file or an Excel workbook.")
        size = path.stat().st_size
        if size > MOST_TEXT_BYTES:
            raise _too_large(name, f"{size:,} bytes", f"{MOST_TEXT_BYTES:,}")
        with path.open("rb") as f:
            start = f.read(4096)
        if not start.strip(b"\x00\r\n\t ,;\xef\xbb\xbf") and size <= len(start):
            raise Refused(f"{name}: is empty; export it again and load the new file.")
        if start.startswith((_OLE, b"PK\x03\x04", b"PK\x05\x06")):
            if size > MOST_WORKBOOK_BYTES:
                raise _too_large(name, f"{size:,} bytes", f"{MOST_WORKBOOK_BYTES:,} for a workbook")
            return _workbook(path, start)
        return _text(path, start)
    except OSError as e:
        raise Refused(
            f"{name}: cannot be read ({e.strerror or type(e).__name__}); check that it is there "
            "and that it may be read."
        ) from e


def stamp(path: Path) -> tuple[int, int]:
    """Size and time of the last change."""
    try:
        told = path.stat()
    except OSError:
        return (0, 0)
    return told.st_size, told.st_mtime_ns


def table(opened: Opened, sheet: str) -> pd.DataFrame:
    """One whole table without a header, every cell as it stands; row 0 is the file's first row."""
    if opened.kind == "workbook":
        frame: pd.DataFrame = _sheet(opened.path, sheet, None)
        return frame
    rows = _rows(opened, MOST_TABLE_ROWS + 1)
    if len(rows) > MOST_TABLE_ROWS:
        raise _too_large(opened.name, "its table", f"{MOST_TABLE_ROWS:,} rows")
    width = max(map(len, rows), default=0)
    if width * len(rows) > MOST_CELLS:
        raise _too_large(opened.name, f"{width * len(rows):,} cells", f"{MOST_CELLS:,}")
    return pd.DataFrame([r + [""] * (width - len(r)) for r in rows], dtype=object)


def chunks(
    opened: Opened,
    sheet: str,
    texts: Mapping[int, str],
    numbers: Mapping[int, str],
    longest: int = 0,
) -> Iterator[tuple[int, pd.DataFrame]]:
    """A table with its header in the first row, in pieces: (spreadsheet row, frame).

    `texts` and `numbers` name the columns of use by their places; others come as "column 7".
    `longest` is the number of cells of the longest row, where that is more than the header has.
    Number columns come as numbers where every cell of the piece is one (an empty cell is NaN), else
    as they stand.
    """
    names = {**texts, **numbers}
    if opened.kind == "workbook":
        frame = _sheet(opened.path, sheet, None).iloc[1:]
        yield 2, frame.set_axis([names.get(i, _extra(i)) for i in range(frame.shape[1])], axis=1)
        return
    width = max(len(opened.heads[sheet][0]), 1 + max(names), longest)
    everything = [names.get(i, _extra(i)) for i in range(width)]
    row = 2
    try:
        reader = pd.read_csv(
            opened.path,
            header=None,  # with its own header pandas holds rows to that length
            skiprows=1,
            names=everything,
            index_col=False,
            dtype=dict.fromkeys(texts.values(), "category"),
            keep_default_na=False,
            na_values={c: [""] for c in numbers.values()},
            skip_blank_lines=False,
            skipinitialspace=True,
            chunksize=CHUNK_ROWS,
            low_memory=False,
            sep=opened.separator,
            encoding=opened.encoding,
            encoding_errors="replace",
        )
        with reader:
            for frame in reader:
                if row - 2 + len(frame) > MOST_ROWS:
                    raise _too_large(opened.name, "it", f"{MOST_ROWS:,} rows")
                yield row, frame
                row += len(frame)
    except pd.errors.ParserError as e:
        where = re.search(r"in line (\d+)|at row (\d+)", str(e))
        at = f" at row {where[1] or int(where[2]) + 1}" if where else f" after row {row - 1}"
        raise Refused(
            f"{opened.name}: the table breaks{at}, where cells are too many or a quotation mark is "
            "left open; mend that row and load the file again."
        ) from e


def _extra(at: int) -> str:
    return f"column {at + 1}"


def _too_large(name: str, what: str, limit: str) -> Refused:
    return Refused(f"{name}: {what} is more than the limit of {limit}; split the file and load it.")


def _text(path: Path, start: bytes) -> Opened:
    """A text file: which encoding, which separator, its first rows."""
    name, before = without_numbers(path.name), stamp(path)
    if start.startswith((b"%PDF", b"\x1f\x8b", b"{\\rtf")):
        raise Refused(f"{name}: is neither text nor a workbook; save it as CSV and load that.")
    utf16 = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    plain = start.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if plain.startswith((b"<!doctype", b"<html", b"<table", b"<?xml", b"<meta", b"<head")):
        raise Refused(
            f"{name}: is a web page, whatever its name says; open it, save it as CSV or as an "
            "Excel workbook, and load that."
        )
    if b"\x00" in start and not utf16:
        raise Refused(f"{name}: is neither text nor a workbook; save it as CSV and load that.")
    digest, encoding = hashlib.sha256(), "utf-16" if utf16 else "utf-8-sig"
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as f:
        while block := f.read(_BLOCK):
            digest.update(block)
            if encoding != "cp1252":
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    encoding = "cp1252"  # how Excel for Windows saves "CSV"
    first = start.decode(encoding, errors="replace").split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    opened = Opened(path, name, digest.hexdigest(), before, "text", {}, encoding, separator)
    heads = {TEXT: _rows(opened, HEAD_ROWS)}
    return replace(opened, heads=heads)


def _rows(opened: Opened, most: int) -> list[list[Any]]:
    """The first records of a text file; a cell may hold line breaks."""
    try:
        with opened.path.open(encoding=opened.encoding, newline="", errors="replace") as f:
            return list(islice(csv.reader(f, delimiter=opened.separator), most))
    except (csv.Error, UnicodeError) as e:
        raise Refused(
            f"{opened.name}: is not a readable table ({e}); save it as CSV again and load that."
        ) from e


def _workbook(path: Path, start: bytes) -> Opened:
    """A workbook: is it safe to unpack, and how does each sheet begin?"""
    if start.startswith(b"PK"):
        _check_zip(path)
    before = stamp(path)
    content = path.read_bytes()
    if start.startswith(_OLE) and _ENCRYPTED in content:
        raise _locked(without_numbers(path.name))
    with _book(path) as book:
        names = [str(n) for n in book.sheet_names]
        if len(names) > MOST_SHEETS:
            raise _too_large(without_numbers(path.name), f"{len(names)} sheets", f"{MOST_SHEETS}")
        heads = {n: _cells(path, book, n, HEAD_ROWS) for n in names}
    return Opened(
        path,
        without_numbers(path.name),
        hashlib.sha256(content).hexdigest(),
        before,
        "workbook",
        heads,
    )


@contextmanager
def _book(path: Path) -> Iterator[pd.ExcelFile]:
    """An open workbook; whatever a broken one makes the reader do becomes Refused."""
    try:
        with closing(pd.ExcelFile(path, engine="calamine")) as book:
            yield book
    except (Refused, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as e:  # the reader is Rust: its panic is no Exception
        raise _broken(without_numbers(path.name), e) from e


def _cells(path: Path, book: Any, sheet: str, most: int) -> list[list[Any]]:
    return _frame(path, book, sheet, most).to_numpy(dtype=object).tolist()


def _sheet(path: Path, sheet: str, most: int | None) -> pd.DataFrame:
    with _book(path) as book:
        return _frame(path, book, sheet, most)


def _frame(path: Path, book: Any, sheet: str, most: int | None) -> pd.DataFrame:
    """Cells of one sheet; "n/a" and "*" survive only with these two options."""
    if sheet not in book.book.sheet_names:
        return pd.DataFrame()
    measured = book.book.get_sheet_by_name(sheet)
    if measured.total_height * measured.total_width > MOST_CELLS:
        cells = f"{measured.total_height * measured.total_width:,} cells"
        raise Refused(
            f"{without_numbers(path.name)}: sheet '{sheet}': {cells} is more than the limit of {MOST_CELLS:,}; "
            "delete the empty rows and columns at its edges and load the file again."
        )
    frame: pd.DataFrame = pd.read_excel(
        book, sheet_name=sheet, header=None, dtype=object, keep_default_na=False, nrows=most
    )
    return frame.astype(object).where(frame.notna(), "")


def _check_zip(path: Path) -> None:
    """Refuse what would not unpack to a workbook of sane size."""
    name = without_numbers(path.name)
    try:
        with zipfile.ZipFile(path) as packed:
            entries = packed.infolist()
            if any(e.flag_bits & 1 for e in entries):
                raise _locked(name)
            if "xl/workbook.xml" not in packed.namelist():
                raise Refused(
                    f"{name}: is a packed file and not an Excel workbook (.xlsx); unpack it, or "
                    "save it as .xlsx or CSV, and load that."
                )
            size = sum(e.file_size for e in entries)
            if len(entries) > MOST_ENTRIES or size > MOST_UNPACKED_BYTES:
                raise _too_large(name, f"{size:,} bytes unpacked", f"{MOST_UNPACKED_BYTES:,}")
            if size > 1_000_000 and size > MOST_UNPACKED_RATIO * path.stat().st_size:
                raise Refused(
                    f"{name}: unpacks to {size:,} bytes, more than {MOST_UNPACKED_RATIO} times its "
                    "own size, as no real workbook does; save its table as CSV and load that."
                )
            for entry in entries:
                if re.fullmatch(r"xl/worksheets/[^/]+\.xml", entry.filename, re.IGNORECASE):
                    _check_extent(name, packed, entry)
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        EOFError,
        RuntimeError,
        zlib.error,
    ) as e:
        raise _broken(name, e) from e


def _check_extent(name: str, packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """A sheet is unpacked as a rectangle: find its far corner before that is done."""
    rows = columns = unpacked = 0
    with packed.open(entry) as f:
        tail = b""
        while block := f.read(_BLOCK):
            unpacked += len(block)
            if unpacked > MOST_UNPACKED_BYTES:  # the directory may lie about sizes
                raise _too_large(name, "the unpacked workbook", f"{MOST_UNPACKED_BYTES:,} bytes")
            text = tail + block
            for letters, digits in set(_CELL.findall(text)):
                rows = max(rows, int(digits))
                columns = max(columns, _column_number(letters))
            tail = text[-32:]
    if rows * columns > MOST_CELLS:
        raise Refused(
            f"{name}: a sheet reaches to row {rows:,} and column {columns:,}, more than the limit "
            f"of {MOST_CELLS:,} cells; delete what stands far out and load the file again."
        )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def _locked(name: str) -> Refused:
    return Refused(f"{name}: is locked with a password; save it without one and load that.")


def _broken(name: str, error: BaseException) -> Refused:
    if isinstance(error, CalamineError) and "password" in str(error).lower():
        return _locked(name)
    return Refused(
        f"{name}: cannot be opened as a workbook; it may be damaged or cut short. "
        "Fetch it again, or save it as .xlsx or CSV and load that."
    )
