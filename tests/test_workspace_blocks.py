"""Block Kit as the practice workspace checks it: accepted at each limit, refused one beyond."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.workspace.check import (
    MESSAGE_CHARACTERS,
    characters,
    message_faults,
    view_faults,
)

Made = Callable[[int], Any]


def plain(n: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": "x" * n}


def mrkdwn(n: int) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": "x" * n}


def section(**parts: Any) -> list[dict[str, Any]]:
    return [{"type": "section", "text": mrkdwn(3), **parts}]


def button(number: int = 0, **parts: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(2), "action_id": f"b{number}", **parts}


def actions(*elements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "actions", "elements": list(elements)}]


def option(number: int = 0, **parts: Any) -> dict[str, Any]:
    return {"text": plain(2), "value": f"o{number}", **parts}


def select(**parts: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "s", "options": [option()], **parts}


def image(**parts: Any) -> list[dict[str, Any]]:
    block = {"type": "image", "alt_text": "words", "slack_file": {"id": "F1"}, **parts}
    return [{k: v for k, v in block.items() if v is not None}]


def cell(n: int = 1) -> dict[str, Any]:
    return {"type": "raw_text", "text": "x" * n}


def rows(r: int, c: int, n: int = 1) -> list[list[dict[str, Any]]]:
    return [[cell(n) for _ in range(c)] for _ in range(r)]


def table(r: int, c: int) -> dict[str, Any]:
    return {"type": "table", "rows": rows(r, c)}


def data_table(**parts: Any) -> list[dict[str, Any]]:
    return [{"type": "data_table", "caption": "words", "rows": rows(3, 2), **parts}]


def bars(series: int = 1, points: int = 2, label: int = 4, **parts: Any) -> dict[str, Any]:
    names = [f"{n:0{label}d}" for n in range(points)]
    data = [{"label": name, "value": 1.5} for name in names]
    chart = {
        "type": "bar",
        "series": [{"name": f"s{n}", "data": data} for n in range(series)],
        "axis_config": {"categories": names, **parts},
    }
    return {"type": "data_visualization", "title": "words", "chart": chart}


def pie(segments: int = 2, value: float = 1.0) -> list[dict[str, Any]]:
    slices = [{"label": f"s{n}", "value": value} for n in range(segments)]
    chart = {"type": "pie", "segments": slices}
    return [{"type": "data_visualization", "title": "words", "chart": chart}]


def modal(**parts: Any) -> dict[str, Any]:
    view = {"type": "modal", "title": plain(5), "blocks": [{"type": "divider"}], **parts}
    return {k: v for k, v in view.items() if v is not None}


def asked(**parts: Any) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": "i"}
    return {"type": "input", "label": plain(5), "element": element, **parts}


MOST: list[tuple[str, int, Made]] = [
    ("blocks in a message", 50, lambda n: [{"type": "divider"}] * n),
    ("section text", 3000, lambda n: section(text=mrkdwn(n))),
    ("section fields", 10, lambda n: section(fields=[mrkdwn(1)] * n)),
    ("section field", 2000, lambda n: section(fields=[mrkdwn(n)])),
    ("header", 150, lambda n: [{"type": "header", "text": plain(n)}]),
    ("context elements", 10, lambda n: [{"type": "context", "elements": [mrkdwn(1)] * n}]),
    ("actions elements", 25, lambda n: actions(*(button(i) for i in range(n)))),
    ("block_id", 255, lambda n: section(block_id="x" * n)),
    ("action_id", 255, lambda n: actions(button(action_id="x" * n))),
    ("button text", 75, lambda n: actions(button(text=plain(n)))),
    ("button value", 2000, lambda n: actions(button(value="x" * n))),
    ("button url", 3000, lambda n: actions(button(url="x" * n))),
    ("button label", 75, lambda n: actions(button(accessibility_label="x" * n))),
    ("image alt_text", 2000, lambda n: image(alt_text="x" * n)),
    ("image url", 3000, lambda n: image(slack_file=None, image_url="x" * n)),
    ("image title", 2000, lambda n: image(title=plain(n))),
    (
        "overflow options",
        5,
        lambda n: actions(
            {"type": "overflow", "action_id": "o", "options": [option(i) for i in range(n)]}
        ),
    ),
    ("select options", 100, lambda n: actions(select(options=[option(i) for i in range(n)]))),
    ("select placeholder", 150, lambda n: actions(select(placeholder=plain(n)))),
    ("option text", 75, lambda n: actions(select(options=[option(text=plain(n))]))),
    ("option value", 150, lambda n: actions(select(options=[option(value="x" * n)]))),
    ("option description", 75, lambda n: actions(select(options=[option(description=plain(n))]))),
    (
        "confirm title",
        100,
        lambda n: actions(
            button(
                confirm={
                    "title": plain(n),
                    "text": plain(2),
                    "confirm": plain(3),
                    "deny": plain(2),
                }
            )
        ),
    ),
    (
        "radio options",
        10,
        lambda n: actions(
            {"type": "radio_buttons", "action_id": "r", "options": [option(i) for i in range(n)]}
        ),
    ),
    ("markdown", 12_000, lambda n: [{"type": "markdown", "text": "x" * n}]),
    (
        "markdown over all",
        12_000,
        lambda n: [
            {"type": "markdown", "text": "x" * 6000},
            {"type": "markdown", "text": "x" * (n - 6000)},
        ],
    ),
    ("table rows", 100, lambda n: [table(n, 2)]),
    ("table columns", 20, lambda n: [table(2, n)]),
    ("tables in a message", 1, lambda n: [table(2, 2)] * n),
    ("table column settings", 20, lambda n: [{**table(2, 2), "column_settings": [{}] * n}]),
    ("data_table rows", 101, lambda n: data_table(rows=rows(n, 2))),
    ("data_table columns", 20, lambda n: data_table(rows=rows(2, n))),
    ("data_table page", 100, lambda n: data_table(page_size=n)),
    ("data_table row header", 1, lambda n: data_table(row_header_column_index=n)),
    (
        "data_table characters",
        10_000,
        lambda n: data_table(rows=[*rows(9, 1, 1000), [cell(n - 9000)]]),
    ),
    ("chart title", 50, lambda n: [{**bars(), "title": "x" * n}]),
    ("chart series", 6, lambda n: [bars(series=n)]),
    ("chart categories", 20, lambda n: [bars(points=n)]),
    ("chart labels", 20, lambda n: [bars(label=n)]),
    ("chart axis label", 50, lambda n: [bars(x_label="x" * n)]),
    ("pie segments", 6, pie),
    ("charts in a message", 2, lambda n: [bars()] * n),
]


@pytest.mark.parametrize(("name", "most", "made"), MOST, ids=[case[0] for case in MOST])
def test_a_message_is_taken_at_the_limit_and_refused_beyond(
    name: str, most: int, made: Made
) -> None:
    assert message_faults(made(most)) == []
    faults = message_faults(made(most + 1))
    assert len(faults) >= 1, f"{name}: {most + 1} was taken"
    assert all(fault.pointer.startswith("/blocks") for fault in faults)


VIEW_MOST: list[tuple[str, int, Made]] = [
    ("title", 24, lambda n: modal(title=plain(n))),
    ("submit", 24, lambda n: modal(submit=plain(n))),
    ("close", 24, lambda n: modal(close=plain(n))),
    ("blocks", 100, lambda n: modal(blocks=[{"type": "divider"}] * n)),
    ("home blocks", 100, lambda n: {"type": "home", "blocks": [{"type": "divider"}] * n}),
    ("private_metadata", 3000, lambda n: modal(private_metadata="x" * n)),
    ("callback_id", 255, lambda n: modal(callback_id="x" * n)),
    ("input label", 2000, lambda n: modal(submit=plain(3), blocks=[asked(label=plain(n))])),
    ("alert", 200, lambda n: modal(blocks=[{"type": "alert", "text": mrkdwn(n)}])),
]


@pytest.mark.parametrize(("name", "most", "made"), VIEW_MOST, ids=[case[0] for case in VIEW_MOST])
def test_a_view_is_taken_at_the_limit_and_refused_beyond(name: str, most: int, made: Made) -> None:
    assert view_faults(made(most)) == []
    faults = view_faults(made(most + 1))
    assert len(faults) == 1, f"{name}: {most + 1} was taken"
    assert faults[0].pointer.startswith("/view")


REFUSED: list[tuple[str, Any, str, str]] = [
    ("no list", {"type": "divider"}, "/blocks", "must provide an array"),
    ("nothing", [], "/blocks", "no less than 1 items allowed"),
    ("no block", ["words"], "/blocks/0/type", "unsupported type"),
    ("unknown block", [{"type": "sparkline"}], "/blocks/0/type", "unsupported type: sparkline"),
    ("unknown key", section(colour="red"), "/blocks/0", "invalid additional property: colour"),
    ("empty section", [{"type": "section"}], "/blocks/0", "text or fields"),
    ("empty text", section(text=mrkdwn(0)), "/blocks/0/text/text", "more than 0 characters"),
    (
        "blank text",
        section(text={"type": "mrkdwn", "text": " \n"}),
        "/blocks/0/text/text",
        "more than 0",
    ),
    ("text as a string", section(text="words"), "/blocks/0/text/type", "unsupported type"),
    (
        "text not a string",
        section(text={"type": "mrkdwn", "text": 5}),
        "/blocks/0/text/text",
        "string",
    ),
    (
        "emoji in mrkdwn",
        section(text={**mrkdwn(2), "emoji": True}),
        "/blocks/0/text",
        "invalid additional property: emoji",
    ),
    (
        "header in mrkdwn",
        [{"type": "header", "text": mrkdwn(3)}],
        "/blocks/0/text/type",
        "unsupported type: mrkdwn",
    ),
    ("no alt_text", image(alt_text=None), "/blocks/0", "missing required field: alt_text"),
    ("empty alt_text", image(alt_text=""), "/blocks/0/alt_text", "more than 0"),
    ("two pictures", image(image_url="https://x"), "/blocks/0", "exactly one of"),
    ("no picture", image(slack_file=None), "/blocks/0", "exactly one of"),
    (
        "file by id and url",
        image(slack_file={"id": "F", "url": "x"}),
        "/blocks/0/slack_file",
        "one",
    ),
    ("button in mrkdwn", actions(button(text=mrkdwn(2))), "/blocks/0/elements/0/text/type", "type"),
    ("button style", actions(button(style="loud")), "/blocks/0/elements/0/style", "must be one of"),
    (
        "input in actions",
        actions({"type": "plain_text_input", "action_id": "i"}),
        "/blocks/0/elements/0/type",
        "unsupported type",
    ),
    (
        "one option behind the dots",
        actions({"type": "overflow", "action_id": "o", "options": [option()]}),
        "/blocks/0/elements/0/options",
        "no less than 2",
    ),
    (
        "no options",
        actions({"type": "static_select", "action_id": "s"}),
        "/blocks/0/elements/0",
        "exactly one of: options, option_groups",
    ),
    (
        "a first choice that is not offered",
        actions(select(initial_option=option(9))),
        "/blocks/0/elements/0",
        "initial_option must match",
    ),
    ("twice a block_id", section(block_id="a") * 2, "/blocks/1/block_id", '"a" already exists'),
    (
        "twice an action_id",
        actions(button(1), button(1)),
        "/blocks/0/elements/1/action_id",
        "exists",
    ),
    (
        "twice an action_id in two blocks",
        actions(button(1)) + actions(button(1)),
        "/blocks/1/elements/0/action_id",
        "exists",
    ),
    ("uneven data_table", data_table(rows=[[cell()], [cell(), cell()]]), "/blocks/0/rows", "same"),
    (
        "data_table without caption",
        [{"type": "data_table", "rows": rows(2, 2)}],
        "/blocks/0",
        "caption",
    ),
    ("data_table of one row", data_table(rows=rows(1, 2)), "/blocks/0/rows", "no less than 2"),
    (
        "rich text in a head",
        data_table(
            rows=[
                [
                    {
                        "type": "rich_text",
                        "elements": [{"type": "rich_text_section", "elements": []}],
                    }
                ],
                [cell()],
            ]
        ),
        "/blocks/0/rows/0",
        "header row",
    ),
    (
        "a number as text",
        [{"type": "table", "rows": [[{"type": "raw_number", "value": "5"}]]}],
        "/blocks/0/rows/0/0/value",
        "number",
    ),
    ("pie of nothing", pie(value=0), "/blocks/0/chart/segments/0/value", "between"),
    ("pie of NaN", pie(value=math.nan), "/blocks/0/chart/segments/0/value", "between"),
    (
        "a series with a gap",
        [{**bars(), "chart": {**bars()["chart"], "axis_config": {"categories": ["0000"]}}}],
        "/blocks/0/chart/series/0/data",
        "every category",
    ),
    (
        "alert in a message",
        [{"type": "alert", "text": mrkdwn(3)}],
        "/blocks/0/type",
        "type: alert",
    ),
    (
        "unknown rich text",
        [{"type": "rich_text", "elements": [{"type": "rich_text_poem", "elements": []}]}],
        "/blocks/0/elements/0/type",
        "rich_text_poem",
    ),
]


@pytest.mark.parametrize(
    ("blocks", "pointer", "words"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_what_slack_refuses_is_refused_with_its_place(
    blocks: Any, pointer: str, words: str
) -> None:
    faults = message_faults(blocks)
    assert [f for f in faults if f.pointer == pointer and words in f.words], faults
    assert str(faults[0]).endswith(f"[json-pointer:{faults[0].pointer}]")


TAKEN: list[Any] = [
    section(accessory=button()),
    section(accessory={"type": "image", "alt_text": "w", "slack_file": {"id": "F"}}),
    section(fields=[plain(2)]),
    image(slack_file=None, image_url="https://example.org/a.png"),
    image(slack_file={"url": "http://127.0.0.1/files/F1/a.png"}),
    [
        {
            "type": "context",
            "elements": [plain(2), {"type": "image", "alt_text": "w", "image_url": "x"}],
        }
    ],
    actions(select(initial_option=option()), {"type": "datepicker", "action_id": "d"}),
    [asked()],
    [{"type": "table", "rows": [[cell(), {"type": "raw_number", "value": 5.5}]]}],
    pie(),
    [{**bars(), "chart": {**bars()["chart"], "type": "line"}}],
    [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [
                                {"type": "text", "text": "bold", "style": {"bold": True}},
                                {"type": "user", "user_id": "U1"},
                                {"type": "link", "url": "https://example.org"},
                            ],
                        }
                    ],
                }
            ],
        }
    ],
    [
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "f",
                    "positive_button": {"text": plain(3), "value": "yes"},
                    "negative_button": {"text": plain(3), "value": "no"},
                }
            ],
        }
    ],
]


@pytest.mark.parametrize("blocks", TAKEN, ids=[str(b[0]["type"]) for b in TAKEN])
def test_what_slack_takes_is_taken(blocks: Any) -> None:
    assert message_faults(blocks) == []


@pytest.mark.parametrize(
    "blocks",
    [[table(2, 2)], data_table(), pie(), [{"type": "markdown", "text": "x"}]],
    ids=["table", "data_table", "data_visualization", "markdown"],
)
def test_a_workspace_may_not_have_the_newer_blocks(blocks: Any) -> None:
    assert message_faults(blocks) == []
    assert [f.pointer for f in message_faults(blocks, newer=False)] == ["/blocks/0/type"]


@pytest.mark.parametrize(
    ("view", "pointer"),
    [
        (None, "/view/type"),
        ({"type": "popover", "blocks": []}, "/view/type"),
        (modal(title=None), "/view"),
        (modal(title=mrkdwn(3)), "/view/title/type"),
        (modal(blocks=None), "/view"),
        (modal(blocks=[asked()]), "/view"),  # inputs without a submit button
        (modal(blocks=[{"type": "input", "label": plain(2)}], submit=plain(2)), "/view/blocks/0"),
        (modal(blocks=[table(1, 1)]), "/view/blocks/0/type"),
        (modal(blocks=[asked(element=button())], submit=plain(2)), "/view/blocks/0/element/type"),
        ({"type": "home", "title": plain(3), "blocks": [{"type": "divider"}]}, "/view"),
    ],
)
def test_a_faulty_view_is_refused(view: Any, pointer: str) -> None:
    assert pointer in [fault.pointer for fault in view_faults(view)]


def test_the_length_of_a_message_counts_its_words_and_something_for_each_further_block() -> None:
    assert characters(section(text=mrkdwn(100))) == 100
    assert characters(section(text=mrkdwn(100)) * 3) == 300 + 2 * 125
    quiet = actions(button(value="x" * 500, text=plain(4)))
    assert characters(quiet) == 4
    whole = [*section(text=mrkdwn(3000)) * 4, *section(text=mrkdwn(700))]
    assert characters(whole) == MESSAGE_CHARACTERS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "text",
                    "elements",
                    "blocks",
                    "options",
                    "option_groups",
                    "initial_option",
                    "initial_options",
                    "rows",
                    "chart",
                    "series",
                    "data",
                    "label",
                    "value",
                    "axis_config",
                    "categories",
                    "element",
                    "label",
                    "title",
                    "name",
                ]
            ),
            inner
            | st.sampled_from(
                [
                    "section",
                    "plain_text",
                    "mrkdwn",
                    "actions",
                    "static_select",
                    "checkboxes",
                    "data_table",
                    "table",
                    "bar",
                    "pie",
                    "data_visualization",
                    "input",
                    "modal",
                    "home",
                    "rich_text",
                    "context",
                    "image",
                ]
            ),
            max_size=4,
        )
    ),
    max_leaves=25,
)


@given(JSON)
@settings(deadline=None, max_examples=300)
def test_whatever_comes_is_judged_and_never_breaks_the_judge(thing: Any) -> None:
    for fault in [*message_faults(thing), *view_faults(thing)]:
        assert fault.pointer.startswith(("/blocks", "/view"))
