"""Would Slack take these blocks? Every limit is in blocks.toml; this module reads it strictly.

Faults carry a JSON pointer and words close to Slack's own, so that a bot's log reads as it would
there. Unknown types and keys, limits, missing parts and repeated ids are all faults.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

MESSAGE_CHARACTERS = 13_200  # over all blocks; measured by others, Slack names no figure
BLOCK_OVERHEAD = 125  # what each further block was measured to cost of it
MARKDOWN_CHARACTERS = 12_000  # over all markdown blocks of a message
TABLE_CHARACTERS = 10_000  # over all cells of a data_table
QUIET = {"type", "block_id", "action_id", "value", "url", "image_url", "slack_file"}

Kit = Mapping[str, Mapping[str, Sequence[str]]]


class Fault(NamedTuple):
    """What is wrong and where."""

    pointer: str
    words: str

    def __str__(self) -> str:
        return f"{self.words} [json-pointer:{self.pointer}]"


@dataclass
class _Sheet:
    """What one check has met so far."""

    surface: str  # message, modal or home
    newer: bool  # whether this workspace has the newer blocks
    faults: list[Fault] = field(default_factory=list)
    ids: set[tuple[str, str]] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)

    def fault(self, at: str, words: str) -> None:
        self.faults.append(Fault(at, words))

    def once(self, at: str, name: str, value: Any) -> None:
        if isinstance(value, str):
            if (name, value) in self.ids:
                self.fault(f"{at}/{name}", f'{name} "{value}" already exists')
            self.ids.add((name, value))

    def at_most(self, at: str, name: str, amount: int, most: int, words: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + amount
        if self.counts[name] > most:
            self.fault(at, words)


@cache
def _kit() -> Kit:
    kit: Kit = tomllib.loads(Path(__file__).with_name("blocks.toml").read_text("utf-8"))
    return kit


def message_faults(blocks: Any, *, newer: bool = True) -> list[Fault]:
    """Every fault of a message's blocks. `newer=False`: a workspace without the newer blocks."""
    sheet = _Sheet("message", newer)
    _judge(["some", "1", "50", "typed", "block"], blocks, "/blocks", sheet)
    return sheet.faults


def view_faults(view: Any, *, newer: bool = True) -> list[Fault]:
    """Every fault of a modal or of a Home view. `newer` as for a message."""
    kind = str(view.get("type")) if isinstance(view, Mapping) else ""
    sheet = _Sheet(kind, newer)
    _judge(["typed", "view"], view, "/view", sheet)
    if kind == "modal" and "submit" not in view and "input" in _types(view.get("blocks")):
        sheet.fault("/view", "missing required field: submit (a view with input blocks needs it)")
    return sheet.faults


def characters(blocks: Any) -> int:
    """How much of `MESSAGE_CHARACTERS` a message takes up.

    The rule is not documented. Measured by others: about 13,200 characters of text, and about
    125 fewer for each block after the first.
    """
    return _length(blocks) + BLOCK_OVERHEAD * max(len(blocks) - 1, 0)


def _length(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(_length(part) for name, part in value.items() if name not in QUIET)
    if isinstance(value, list):
        return sum(_length(part) for part in value)
    return len(value) if isinstance(value, str) else 0


def _types(parts: Any) -> list[Any]:
    parts = parts if isinstance(parts, list) else []
    return [part.get("type") for part in parts if isinstance(part, Mapping)]


def _judge(rule: Sequence[str], value: Any, at: str, sheet: _Sheet) -> None:
    """Hold a value against one rule of blocks.toml."""
    match rule:
        case ["any"]:
            pass
        case ["flag"]:
            if not isinstance(value, bool):
                sheet.fault(at, "must provide a boolean")
        case ["string", most, *least]:
            _string(value, at, sheet, int(most), int(least[0]) if least else 1)
        case ["plain" | "text" as kind, most]:
            _text(value, at, sheet, int(most), plain=kind == "plain")
        case ["whole" | "number" as kind, low, high]:
            if isinstance(value, bool) or not isinstance(
                value, int if kind == "whole" else int | float
            ):
                sheet.fault(at, f"must provide a {'whole ' * (kind == 'whole')}number")
            elif not float(low) <= value <= float(high):  # also true of NaN
                sheet.fault(at, f"must be between {low} and {high}")
        case ["one", *choices]:
            if value not in choices:
                sheet.fault(at, f"must be one of: {', '.join(choices)}")
        case ["some", least, most, *each]:
            if not isinstance(value, list):
                sheet.fault(at, "must provide an array")
                return
            if len(value) > int(most):
                sheet.fault(at, f"no more than {most} items allowed")
            if len(value) < int(least):
                sheet.fault(at, f"no less than {least} items allowed")
            for number, part in enumerate(value):
                _judge(each, part, f"{at}/{number}", sheet)
        case ["typed", group, *names]:
            _typed(group, names, value, at, sheet)
        case [shape]:
            _shape(_kit()["shape"][shape], value, at, sheet)


def _string(value: Any, at: str, sheet: _Sheet, most: int, least: int) -> None:
    if not isinstance(value, str):
        sheet.fault(at, "must provide a string")
    elif len(value) > most:
        sheet.fault(at, f"must be less than {most + 1} characters")
    elif len(value.strip()) < least:
        sheet.fault(at, f"must be more than {least - 1} characters")


def _text(value: Any, at: str, sheet: _Sheet, most: int, *, plain: bool) -> None:
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind not in (("plain_text",) if plain else ("plain_text", "mrkdwn")):
        sheet.fault(f"{at}/type", f"unsupported type: {kind}")
        return
    looks = "emoji flag" if kind == "plain_text" else "verbatim flag"
    _shape(["type! any", f"text! string {most}", looks], value, at, sheet)


def _typed(group: str, names: Sequence[str], value: Any, at: str, sheet: _Sheet) -> None:
    kit = _kit()
    kind = str(value.get("type")) if isinstance(value, Mapping) else "none"
    sets = kit["sets"]
    allowed = {n for name in names for n in (sets[name[1:]] if name[0] == "$" else [name])}
    known = kind in kit[group] and (not allowed or kind in allowed)
    if group == "block" and known:
        known = sheet.newer or kind not in kit["newer"]["blocks"]
        known = known and sheet.surface in kit["surface"].get(kind, [sheet.surface])
    if not known:
        sheet.fault(f"{at}/type", f"unsupported type: {kind}")
        return
    fields = [*kit[group][kind], *UNDERSTOOD.get(group, ())]
    _shape(fields, value, at, sheet)
    sheet.once(at, "block_id", value.get("block_id"))
    sheet.once(at, "action_id", value.get("action_id"))
    if value.get("focus_on_load") is True:
        sheet.at_most(at, "focus", 1, 1, "only one element may have focus_on_load")
    if kind in FURTHER:
        FURTHER[kind](value, at, sheet)


def _shape(fields: Sequence[str], value: Any, at: str, sheet: _Sheet) -> None:
    if not isinstance(value, Mapping):
        sheet.fault(at, "must provide an object")
        return
    known = {}
    for line in fields:
        name, *rule = line.split()
        if name == "exactly":
            if sum(part in value for part in rule[1:]) != 1:
                sheet.fault(at, f"must define exactly one of: {', '.join(rule[1:])}")
            continue
        known[name.rstrip("!")] = rule
        if name.endswith("!") and name[:-1] not in value:
            sheet.fault(at, f"missing required field: {name[:-1]}")
    for name, part in value.items():
        if name in known:
            _judge(known[name], part, f"{at}/{name}", sheet)
        else:
            sheet.fault(at, f"invalid additional property: {name}")


# -- what one field alone cannot tell --------------------------------------------------------------


def _section(value: Any, at: str, sheet: _Sheet) -> None:
    if "text" not in value and "fields" not in value:
        sheet.fault(at, "missing required field: text or fields")


def _offered(value: Any, at: str, sheet: _Sheet) -> None:
    """What is chosen at first must be on offer."""
    groups = value.get("option_groups") or [value]
    try:
        options = [option for group in groups for option in group.get("options", [])]
        chosen = [*value.get("initial_options", []), value.get("initial_option", options[0])]
    except (AttributeError, IndexError, TypeError):
        return  # told already
    if any(option not in options for option in chosen):
        sheet.fault(at, "initial_option must match one of the options")


def _markdown(value: Any, at: str, sheet: _Sheet) -> None:
    words = f"must be less than {MARKDOWN_CHARACTERS + 1} characters over all markdown blocks"
    sheet.at_most(f"{at}/text", "markdown", _length(value), MARKDOWN_CHARACTERS, words)


def _table(value: Any, at: str, sheet: _Sheet) -> None:
    sheet.at_most(at, "tables", 1, 1, "only one table allowed")


def _data_table(value: Any, at: str, sheet: _Sheet) -> None:
    rows = value.get("rows")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        return  # told already
    if len({len(row) for row in rows}) > 1:
        sheet.fault(f"{at}/rows", "all rows must have the same number of cells")
    if "rich_text" in _types(rows[0]):
        sheet.fault(f"{at}/rows/0", "rich_text is not allowed in the header row")
    if _length(rows) > TABLE_CHARACTERS:
        words = f"must be less than {TABLE_CHARACTERS + 1} characters over all cells"
        sheet.fault(f"{at}/rows", words)
    header = value.get("row_header_column_index", 0)
    if isinstance(header, int) and header >= len(rows[0]):
        sheet.fault(f"{at}/row_header_column_index", "must name a column of the table")


def _chart(value: Any, at: str, sheet: _Sheet) -> None:
    words = "no more than 2 data_visualization blocks allowed"
    sheet.at_most(at, "charts", 1, 2, words)


def _series(value: Any, at: str, sheet: _Sheet) -> None:
    """Every series has one value for each category, under a name of its own."""
    try:
        categories = sorted(value["axis_config"]["categories"])
        series = [(s["name"], sorted(p["label"] for p in s["data"])) for s in value["series"]]
        names, distinct = {name for name, _ in series}, set(categories)
    except (KeyError, TypeError):
        return  # told already
    if len(distinct) != len(categories):
        sheet.fault(f"{at}/axis_config/categories", "must be unique")
    if len(names) != len(series):
        sheet.fault(f"{at}/series", "names must be unique")
    for number, (_, labels) in enumerate(series):
        if labels != categories:
            sheet.fault(f"{at}/series/{number}/data", "must cover every category exactly once")


FURTHER: dict[str, Callable[[Any, str, _Sheet], None]] = {
    "section": _section,
    "static_select": _offered,
    "multi_static_select": _offered,
    "checkboxes": _offered,
    "radio_buttons": _offered,
    "markdown": _markdown,
    "table": _table,
    "data_table": _data_table,
    "data_visualization": _chart,
    "bar": _series,
    "line": _series,
    "area": _series,
}
UNDERSTOOD = {
    "block": ("type! any", "block_id string 255"),
    "element": ("type! any", "action_id string 255", "confirm confirm", "focus_on_load flag"),
    "view": ("type! any",),
}
