"""The whole bot, running, with people who talk to it in the practice workspace."""

import shutil
import threading
import time
from datetime import UTC, datetime

import pytest

from bot import app, turnover
from bot.demo.__main__ import prepare
from bot.workspace import Running
from bot.workspace.state import BOT_USER

MONDAY = datetime(2026, 10, 12, 9, 0, tzinfo=UTC)
CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]
PATIENCE = 60_000  # milliseconds: a slow machine is not a fault


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """The demonstration, its digests posted, and the bot listening."""
    place = prepare(tmp_path_factory.mktemp("run"))
    turnover.once(place, MONDAY)
    stop, up, at = threading.Event(), threading.Event(), []

    def ready(url):
        at.append(url.rstrip("/"))
        up.set()

    bot = threading.Thread(target=app.run, args=(place, stop), kwargs={"port": 0, "ready": ready})
    bot.start()
    try:
        assert up.wait(30), "the bot did not come up"
        yield Running(at[0], "xoxb-practice", "xapp-practice")
    finally:
        stop.set()
        bot.join(20)
        place.house.engine.dispose()
    assert not bot.is_alive()


def words(message):
    return (
        " ".join(b["text"]["text"] for b in message["blocks"] or () if b["type"] == "section")
        or message["text"]
    )


def waited(look, *, seconds=20.0):
    """What `look` gives once it gives something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("nothing came")


def replies(workspace, channel, ts):
    """Our replies in a thread."""
    found = workspace.look("messages", channel=channel, thread_ts=ts)
    return [m for m in found if m["ts"] != ts and m["user"] == BOT_USER]


def ask(workspace, text, *, user="U0NURSE", channel="C0HIP", thread_ts=None):
    """Ask in a channel, and the answer in the thread."""
    said = workspace.act(
        "say", user=user, channel=channel, text=f"<@{BOT_USER}> {text}", thread_ts=thread_ts
    )
    ts = thread_ts or said["ts"]
    before = len(replies(workspace, channel, ts)) if thread_ts else 0
    return waited(lambda: replies(workspace, channel, ts)[before:])[0]


def digest_in(workspace, channel):
    return next(m for m in workspace.look("messages", channel=channel) if m["blocks"])


def test_a_named_measure_is_answered_in_the_thread_with_its_number(workspace):
    answer = ask(workspace, "how quick are we getting hips to theatre?")
    assert "29 of 35 patients had surgery by the next day" in words(answer).replace("*", "")


def test_how_are_we_doing_gives_an_overview(workspace):
    answer = ask(workspace, "how are we doing?", channel="C0AE")
    assert "64 in 100 A&amp;E visits" in str(answer["blocks"])


def test_what_an_audit_is_and_where_a_figure_is_from(workspace):
    assert "broken hip" in words(ask(workspace, "what is the hip fracture audit?"))
    assert "fictional" in str(ask(workspace, "where is the prompt surgery figure from?")).lower()


def test_what_cannot_be_answered_says_so_and_offers_choices(workspace):
    answer = ask(workspace, "what is the capital of France?")
    assert "Paris" not in str(answer)
    assert any(b["type"] == "actions" for b in answer["blocks"])


def test_a_direct_message_is_answered(workspace):
    said = workspace.act("say", user="U0NURSE", channel=BOT_USER, text="help")
    answer = waited(lambda: replies(workspace, said["channel"], said["ts"]))[0]
    assert words(answer)


def test_in_private_a_talk_goes_on_without_threads(workspace):
    said = workspace.act("say", user="U0LEAD", channel=BOT_USER, text="four hour performance?")
    waited(lambda: replies(workspace, said["channel"], said["ts"]))
    more = workspace.act("say", user="U0LEAD", channel=BOT_USER, text="and type 1 only?")
    answer = waited(lambda: replies(workspace, more["channel"], more["ts"]))[0]
    assert "48 in 100 visits to major A&E" in str(answer["blocks"]).replace("&amp;", "&")


def test_a_patients_number_is_not_kept_and_is_not_repeated(workspace):
    answer = ask(workspace, "was 943 476 5919 scanned in time?")
    assert "943" not in str(answer["blocks"])
    assert "delete" in words(answer)


@pytest.mark.parametrize("place", ["button", "dots"])
def test_every_button_of_a_digest_has_a_handler(workspace, place):
    message = digest_in(workspace, "C0HIP")
    elements = [e for b in message["blocks"] if b["type"] == "actions" for e in b["elements"]]
    pressed = 0
    for e in elements:
        # what opens a form is pressed further down
        options = [
            o["value"] for o in e.get("options", ()) if not o["value"].startswith("dispute")
        ] or [None]
        if (e["type"] == "overflow") is not (place == "dots"):
            continue
        for value in options:
            before = len(replies(workspace, "C0HIP", message["ts"]))
            press = {"user": "U0NURSE", "action_id": e["action_id"], "value": value}
            workspace.act("press", channel="C0HIP", ts=message["ts"], **press)
            answers = waited(
                lambda before=before: replies(workspace, "C0HIP", message["ts"])[before:]
            )
            assert words(answers[0])
            pressed += 1
    assert pressed


def test_joining_a_channel_is_greeted_once(workspace):
    workspace.act("channel", id="C0NEW", name="new-place", members=["U0NURSE"])
    workspace.act("add", channel="C0NEW", user=BOT_USER, by="U0NURSE")
    (hello,) = waited(
        lambda: [m for m in workspace.look("messages", channel="C0NEW") if m["blocks"]]
    )
    assert "audit" in words(hello)
    workspace.act("remove", channel="C0NEW", user=BOT_USER)
    workspace.act("add", channel="C0NEW", user=BOT_USER, by="U0NURSE")
    ask(workspace, "help", channel="C0NEW")
    assert (
        len(
            [
                m
                for m in workspace.look("messages", channel="C0NEW")
                if m["user"] == BOT_USER and not m.get("thread_ts")
            ]
        )
        == 1
    )


def concern_for(workspace, user):
    mine = [c for c in workspace.look("channels", user=user) if c["kind"] == "im"]
    (message, *_) = [m for m in workspace.look("messages", channel=mine[0]["id"]) if m["blocks"]]
    return mine[0]["id"], message


def test_a_lead_adds_a_line_and_holds_through_forms(workspace):
    channel, message = concern_for(workspace, "U0LEAD")
    for form, values in (
        ("add_line", {"words": "The scanner was down for most of May."}),
        ("hold", {"words": "We want to meet first.", "days": "2"}),
    ):
        at = next(
            e["action_id"]
            for b in message["blocks"]
            if b["type"] == "actions"
            for e in b["elements"]
            if e["action_id"].startswith(form)
        )
        workspace.act("press", user="U0LEAD", channel=channel, ts=message["ts"], action_id=at)
        (view,) = waited(lambda: workspace.look("views", user="U0LEAD"))
        before = len(workspace.look("messages", channel=channel))
        workspace.act("submit", user="U0LEAD", view_id=view["id"], values=values)
        after = waited(lambda before=before: workspace.look("messages", channel=channel)[before:])
        assert "C0AE" in str(after[-1]["blocks"])


def test_the_form_is_for_the_lead_alone(workspace):
    channel, message = concern_for(workspace, "U0LEAD")
    at = next(
        e["action_id"]
        for b in message["blocks"]
        if b["type"] == "actions"
        for e in b["elements"]
        if e["action_id"].startswith("hold")
    )
    workspace.act("person", id="U0OTHER", name="other")
    workspace.act("channel", id=channel, members=["U0OTHER"])
    press = {"channel": channel, "ts": message["ts"], "action_id": at}
    workspace.act("press", user="U0OTHER", **press)
    workspace.act("press", user="U0LEAD", **press)
    waited(lambda: workspace.look("views", user="U0LEAD"))
    assert workspace.look("views", user="U0OTHER") == []


def private_messages(workspace, user):
    """What the bot told somebody in private."""
    mine = [c["id"] for c in workspace.look("channels", user=user) if c["kind"] == "im"]
    return [m for c in mine for m in workspace.look("messages", channel=c) if m["blocks"]]


def placed(message, action):
    """How to press a button, or an option behind the dots."""
    for e in (e for b in message["blocks"] if b["type"] == "actions" for e in b["elements"]):
        if e["action_id"].startswith(f"{action}#"):
            return {"action_id": e["action_id"]}
        for option in e.get("options", ()):
            if option["value"].startswith(f"{action}#"):
                return {"action_id": e["action_id"], "value": option["value"]}
    raise AssertionError(f"{action} is not there")


def test_what_looks_wrong_reaches_the_audit_team_and_comes_back_answered(workspace):
    message = digest_in(workspace, "C0HIP")
    at = {"channel": "C0HIP", "ts": message["ts"], **placed(message, "dispute")}
    workspace.act("press", user="U0NURSE", **at)
    (view,) = waited(lambda: workspace.look("views", user="U0NURSE"))
    values = {"reason": "coding", "words": "Transfers are coded as admissions."}
    workspace.act("submit", user="U0NURSE", view_id=view["id"], values=values)
    waited(lambda: [m for m in private_messages(workspace, "U0NURSE") if "Thank you" in words(m)])
    (asked,) = waited(
        lambda: [m for m in private_messages(workspace, "U0AUDIT") if "looks wrong" in words(m)]
    )
    assert "Transfers are coded as admissions." in words(asked)
    assert "U0NURSE" not in str(asked["blocks"])

    (room,) = [c["id"] for c in workspace.look("channels", user="U0AUDIT") if c["kind"] == "im"]
    press = {"channel": room, "ts": asked["ts"], **placed(asked, "answer_dispute")}
    workspace.act("press", user="U0AUDIT", **press)
    (view,) = waited(lambda: workspace.look("views", user="U0AUDIT"))
    values = {"outcome": "corrected", "words": "We found 14 of them."}
    workspace.act("submit", user="U0AUDIT", view_id=view["id"], values=values)
    (answer,) = waited(
        lambda: [m for m in private_messages(workspace, "U0NURSE") if "We found 14" in words(m)]
    )
    assert "it will be corrected" in words(answer)


def test_words_that_are_not_understood_are_shown_by_consent_and_taught_for_review(workspace):
    answer = ask(workspace, "blorb the frobnicator please?")
    (ts,) = {answer["thread_ts"]}
    press = {"channel": "C0HIP", "ts": answer["ts"], **placed(answer, "show_words")}
    workspace.act("press", user="U0LEAD", **press)
    waited(
        lambda: [m for m in private_messages(workspace, "U0LEAD") if "somebody else" in words(m)]
    )
    workspace.act("press", user="U0NURSE", **press)
    waited(
        lambda: [
            m for m in private_messages(workspace, "U0NURSE") if "without your name" in words(m)
        ]
    )
    assert len(replies(workspace, "C0HIP", ts)) == 1  # the channel sees nothing of it

    command = {"channel": "C0HIP", "text": "/audit words"}
    workspace.act("say", user="U0NURSE", **command)
    waited(
        lambda: [
            m for m in private_messages(workspace, "U0NURSE") if "for the audit team" in words(m)
        ]
    )
    assert workspace.look("views", user="U0NURSE") == []
    workspace.act("say", user="U0AUDIT", **command)
    (view,) = waited(lambda: workspace.look("views", user="U0AUDIT"))
    assert "blorb the frobnicator please?" in str(view["blocks"])
    assert "U0NURSE" not in str(view)
    values = {"words": "frobnicator", "means": "Hip fracture"}
    workspace.act("submit", user="U0AUDIT", view_id=view["id"], values=values)
    waited(lambda: [m for m in private_messages(workspace, "U0AUDIT") if "frobnicator" in words(m)])


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_in_a_browser_somebody_says_that_a_figure_looks_wrong(workspace):
    sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(workspace.url)
        page.get_by_role("link", name="a-and-e-fernhill").or_(
            page.get_by_role("button", name="a-and-e-fernhill")
        ).first.click()
        page.get_by_label("More choices").first.click()
        page.get_by_role("button", name="This looks wrong").first.click()
        form = page.get_by_role("dialog", name="This looks wrong")
        form.get_by_role("button", name="Send").click()
        form.get_by_text("Please complete this required field.").wait_for()
        form.get_by_label("What looks wrong about it?").select_option("patients")
        form.get_by_label("One line, if it helps (optional)").fill("Two wards are left out.")
        form.get_by_role("button", name="Send").click()
        form.wait_for(state="hidden")
        waited(
            lambda: [
                m
                for m in private_messages(workspace, "U0AUDIT")
                if "Two wards are left out." in words(m)
            ]
        )
        browser.close()


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_in_a_browser_somebody_asks_and_reads_the_answer(workspace):
    sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(workspace.url)
        page.get_by_role("link", name="a-and-e-fernhill").or_(
            page.get_by_role("button", name="a-and-e-fernhill")
        ).first.click()
        page.get_by_text("A&E · Fernhill Hospital").first.wait_for()
        page.locator("#box").press_sequentially("@auditbot what is our four hour performance?")
        page.get_by_role("button", name="Send").first.click()
        page.get_by_role("button", name="1 reply").last.click(timeout=20_000)
        page.locator("#replies").get_by_text("64 in 100 A&E visits").first.wait_for(timeout=20_000)
        browser.close()


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_in_a_browser_a_person_has_a_whole_conversation(workspace):
    """Five questions, a follow-up, a choice pressed and a command, each answered where it belongs."""
    sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.set_default_timeout(PATIENCE)
        page.goto(f"{workspace.url}/#C0AE")
        page.wait_for_selector("#bot.on")
        page.select_option("#who", "U0NURSE")
        room = page.locator("#messages")
        thread = page.locator("#replies")

        def reply(text):
            page.locator("#reply-box").fill(text)
            page.keyboard.press("Enter")

        asked = "@auditbot what is our four hour performance, please?"
        page.locator("#box").fill(asked)
        page.keyboard.press("Enter")
        mine = room.locator("article").filter(has_text="four hour performance, please?")
        mine.get_by_role("button", name="1 reply").click()
        thread.get_by_text("64 in 100 A&E visits").first.wait_for()
        reply("@auditbot and type 1 only?")
        thread.get_by_text("48 in 100 visits to major A&E").first.wait_for()
        reply("@auditbot where is this from?")
        thread.get_by_text("Open Government Licence").first.wait_for()
        reply("@auditbot and how does westport do?")
        thread.get_by_text("Which one do you mean?").first.wait_for()
        thread.get_by_role("button", name="Westport General").click()
        thread.get_by_text("Westport General · September 2026").first.wait_for()

        page.locator("#box").fill("/audit ask how are we doing?")
        page.keyboard.press("Enter")
        room.get_by_text("The answer comes to you alone").wait_for()
        room.get_by_text("Only you can see this").wait_for()
        page.locator("#directs button").click()
        room.get_by_text("Fernhill Hospital: A&E").first.wait_for()
        page.locator("#box").fill("what is the hip fracture audit?")
        page.keyboard.press("Enter")
        mine = room.locator("article").filter(has_text="what is the hip fracture audit?")
        mine.get_by_role("button", name="1 reply").click()
        thread.get_by_text("broken hip").first.wait_for()

        page.select_option("#who", "U0CHAMP")  # nobody else sees any of what was private
        page.locator("#channels button", has_text="a-and-e-fernhill").click()
        room.locator("article").filter(has_text="four hour performance, please?").wait_for()
        assert page.get_by_text("The answer comes to you alone").count() == 0
        assert page.get_by_text("/audit ask").count() == 0
        browser.close()
