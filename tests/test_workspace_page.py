"""The practice workspace's page in a real browser, at a desk and on a phone."""

import shutil
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient

from tests.test_workspace import MODAL, bolt, web, words, workspace

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
DESK = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 800}


def png(width: int, height: int) -> bytes:
    """A plain picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        head = struct.pack(">I", len(data)) + name + data
        return head + struct.pack(">I", zlib.crc32(name + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    lines = zlib.compress((b"\0" + b"\x60" * width) * height)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size)
    return start + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def blocks(file: str) -> list[dict[str, Any]]:
    cells = [
        [{"type": "raw_text", "text": t} for t in row]
        for row in (("Audit", "In 100"), ("Scan", "72"))
    ]
    more = [{"text": words(t), "value": t} for t in ("How do I read this?", "Where is this from?")]
    elements = [
        {"type": "button", "action_id": "try", "text": words("What could we try?")},
        {"type": "overflow", "action_id": "more", "options": more},
    ]
    return [
        {"type": "header", "text": words("Stroke · Fernhill Hospital")},
        {
            "type": "section",
            "text": mrkdwn("*72 in 100* _patients_ &lt;b&gt;now&lt;/b&gt; :clap:\n> quoted"),
        },
        {"type": "image", "alt_text": "The chart rises.", "slack_file": {"id": file}},
        {"type": "table", "rows": cells},
        {"type": "actions", "elements": elements},
        {"type": "context", "elements": [mrkdwn("Source: fictional")]},
    ]


def answering(client: WebClient) -> App:
    """A bot that answers every mention with a picture, and fills modals and its Home."""
    app = App(client=client)
    made = client.files_upload_v2(filename="chart.png", content=png(600, 300), title="chart")
    file = made["files"][0]["id"]

    @app.event("app_mention")
    def mention(event: dict[str, Any], client: WebClient) -> None:
        thread = event.get("thread_ts") or event["ts"]
        post = {"channel": event["channel"], "thread_ts": thread}
        client.chat_postMessage(**post, text="72 in 100 &amp; rising", blocks=blocks(file))

    @app.action("try")
    def opened(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("line")
    def line(ack: Any, view: dict[str, Any]) -> None:
        said = view["state"]["values"]["line"]["text"]["value"]
        if "943" in said:
            ack(response_action="errors", errors={"line": "Please leave out the number."})
        else:
            ack()

    @app.action("more")
    def chosen(ack: Any, action: dict[str, Any], respond: Any) -> None:
        ack()
        value = action["selected_option"]["value"]
        respond(text=f"About: {value}", response_type="ephemeral")

    @app.event("app_home_opened")
    def home(event: dict[str, Any], client: WebClient) -> None:
        block = {"type": "section", "text": mrkdwn("*Your* channels")}
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [block]})

    return app


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        one = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield one
        one.close()


@contextmanager
def opened(browser: Any, folder: Path, size: dict[str, int]) -> Iterator[Any]:
    """The page in front of a workspace with a bot; afterwards nothing was wrong or left it."""
    wrong: list[str] = []
    with workspace(folder, burst=50) as running, bolt(running, answering(web(running))):
        page = browser.new_page(viewport=size)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
        page.on(
            "request", lambda r: r.url.startswith((running.url, "data:")) or wrong.append(r.url)
        )
        page.goto(f"{running.url}/#C0STROKE")
        page.wait_for_selector("#bot.on")
        if page.locator("#menu").is_visible():  # on a phone the side is a drawer
            page.click("#menu")
        page.select_option("#who", "U0LEAD")
        page.keyboard.press("Escape")
        try:
            yield page
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        finally:
            page.close()
    assert wrong == []


def ask(page: Any, text: str) -> None:
    page.locator("#box").press_sequentially(text)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_question_is_asked_and_its_answer_read_with_a_picture(
    browser: Any, tmp_path: Path, size: dict[str, int]
) -> None:
    with opened(browser, tmp_path, size) as page:
        assert "a stand-in for Slack on this computer" in page.inner_text(".top")
        page.locator("#box").press_sequentially("@aud")
        page.wait_for_selector("#names li[aria-selected=true]")
        page.keyboard.press("Enter")  # takes the name
        ask(page, "how <i>are</i> we & is it real?")
        page.get_by_role("button", name="1 reply").click()
        picture = page.wait_for_selector("#replies .block.image img")
        page.wait_for_function("img => img.complete && img.naturalWidth === 600", arg=picture)
        assert picture.get_attribute("alt") == "The chart rises."
        box = picture.bounding_box()
        assert box is not None
        assert box["width"] <= size["width"]
        question, answer = page.locator("#replies article").all()
        assert "@auditbot how <i>are</i> we & is it real?" in question.inner_text()
        assert answer.locator("strong").first.inner_text() == "72 in 100"
        assert "<b>now</b>" in answer.inner_text()  # what looks like markup is only text
        assert page.locator("#replies b, #replies script, #replies i").count() == 0
        assert answer.get_by_role("heading").inner_text() == "Stroke · Fernhill Hospital"
        assert answer.locator("blockquote").inner_text() == "quoted"
        assert answer.get_by_role("columnheader").all_inner_texts() == ["Audit", "In 100"]
        assert page.inner_text("#phone-text") == "72 in 100 & rising"  # as a lock screen has it


def test_buttons_dots_modal_and_home(browser: Any, tmp_path: Path) -> None:
    with opened(browser, tmp_path, DESK) as page:
        ask(page, "@auditbot hello")
        page.get_by_role("button", name="1 reply").click()
        replies = page.locator("#replies")
        replies.get_by_label("More choices").click()
        replies.get_by_role("button", name="Where is this from?").click()
        page.locator("#messages").get_by_text("About: Where is this from?").wait_for()
        assert page.get_by_text("Only you can see this").count() == 1

        replies.get_by_role("button", name="What could we try?").click()
        dialog = page.get_by_role("dialog", name="Add a line")
        dialog.get_by_role("button", name="Add").click()
        dialog.get_by_text("Please complete this required field.").wait_for()
        dialog.get_by_label("Your line").fill("patient 943 476 5919")
        dialog.get_by_role("button", name="Add").click()
        dialog.get_by_text("Please leave out the number.").wait_for()
        assert dialog.get_by_label("Your line").input_value() == "patient 943 476 5919"
        dialog.get_by_label("Your line").fill("The scanner was down.")
        dialog.get_by_role("button", name="Add").click()
        dialog.wait_for(state="hidden")

        page.locator("#directs button").click()
        page.get_by_role("tab", name="Home").click()
        page.locator("#home").get_by_text("Your channels").wait_for()

        page.select_option("#who", "U0AUDIT")
        page.locator("#channels button", has_text="stroke").click()
        page.get_by_role("button", name="1 reply").wait_for()
        assert page.get_by_text("Only you can see this").count() == 0
        assert page.locator("#channels").get_by_text("leads").count() == 0  # private


def test_the_keyboard_is_enough_and_everything_has_a_name(browser: Any, tmp_path: Path) -> None:
    with opened(browser, tmp_path, PHONE) as page:
        ask(page, "@auditbot hello")
        page.get_by_role("button", name="1 reply").focus()
        page.keyboard.press("Enter")
        page.locator("#replies article").nth(1).wait_for()
        assert page.evaluate("document.activeElement.id") == "thread-name"
        page.locator("#reply-box").focus()
        page.keyboard.type("@auditbot and last year?")
        page.keyboard.press("Enter")
        page.locator("#replies article").nth(3).wait_for()
        page.get_by_role("button", name="Close thread").press("Enter")
        page.locator("#menu").press("Enter")
        assert page.evaluate("document.activeElement.id") == "who"
        page.keyboard.press("Escape")
        nameless = page.evaluate(
            """[...document.querySelectorAll("button, select, textarea, input, img, summary")]
            .filter((n) => !(n.labels && n.labels.length) && !n.getAttribute("aria-label")
                && !n.textContent.trim() && !n.alt && n.closest("dialog") === null)
            .map((n) => n.outerHTML)"""
        )
        assert nameless == []


CONTRAST = """(selector) => {
  const node = document.querySelector(selector);
  const part = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  let back = node;
  while (back && part(getComputedStyle(back).backgroundColor)[3] === 0) back = back.parentElement;
  const [a, b] = [part(getComputedStyle(node).color), part(getComputedStyle(back).backgroundColor)]
    .map(light).sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
}"""


def test_words_stand_out_from_their_ground(browser: Any, tmp_path: Path) -> None:
    with opened(browser, tmp_path, DESK) as page:
        ask(page, "@auditbot hello")
        page.get_by_role("button", name="1 reply").click()
        page.locator("#replies .block.context").wait_for()
        page.locator("#phone").wait_for()
        for selector in (
            ".top .what", ".bot", ".side h2", "#channels button", ".when", ".badge", ".mention",
            ".hint", ".go", ".push", ".phone-what", "#phone-where", ".block.context", ".replies",
        ):  # fmt: skip
            assert page.evaluate(CONTRAST, selector) >= 4.5, selector
