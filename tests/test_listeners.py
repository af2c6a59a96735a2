"""Slack's envelopes become arrivals, and what is not for us is left alone."""

import json

import pytest
from slack_bolt import BoltContext

from bot.slack import modals
from bot.slack.listeners import arrival_of, register
from bot.slack.modals import FORMS
from bot.workspace.check import view_faults
from tests.saying import WORDS

OWN = [{"user_id": "U0BOT"}]


def event(**fields):
    return {
        "type": "event_callback",
        "event_id": "Ev1",
        "authorizations": OWN,
        "event": {"user": "U0NURSE", "channel": "C0AE", "ts": "1.1", **fields},
    }


def test_a_mention_becomes_a_question_without_our_name():
    body = event(type="app_mention", text="<@U0BOT> how are we   doing &amp; why?")
    found = arrival_of(body)
    assert (found.event_id, found.kind, found.text) == ("Ev1", "mention", "how are we doing & why?")
    assert found.thread_ts is None


def test_somebody_elses_name_stays_for_the_guard_to_see():
    body = event(type="app_mention", text="<@U0BOT> how is <@U0LEAD> doing?")
    assert arrival_of(body).text == "how is <@U0LEAD> doing?"


def test_a_link_that_slack_made_is_read_as_its_words():
    body = event(type="app_mention", text="<@U0BOT> what about <http://st.marys|st.marys>?")
    assert arrival_of(body).text == "what about st.marys?"


def test_direct_messages_are_questions_but_bots_edits_and_channels_are_not():
    assert arrival_of(event(type="message", channel_type="im", text="4hr?")).kind == "message"
    assert arrival_of(event(type="message", channel_type="channel", text="4hr?")) is None
    assert arrival_of(event(type="message", channel_type="im", bot_id="B1", text="x")) is None
    assert arrival_of(event(type="message", channel_type="im", subtype="message_changed")) is None
    assert arrival_of(event(type="message", channel_type="im", user="U0BOT", text="x")) is None


def test_only_our_own_joining_is_greeted():
    assert arrival_of(event(type="member_joined_channel", user="U0BOT")).kind == "joined"
    assert arrival_of(event(type="member_joined_channel", user="U0NURSE")) is None


def test_a_shared_channel_is_marked():
    body = event(type="app_mention", text="<@U0BOT> hi") | {"is_ext_shared_channel": True}
    assert arrival_of(body).payload == {"shared": True}


def press(action_id, **fields):
    return {
        "type": "block_actions",
        "user": {"id": "U0NURSE"},
        "channel": {"id": "C0AE"},
        "container": {"message_ts": "5.5", "channel_id": "C0AE"},
        "message": {"ts": "5.5", "thread_ts": "4.4"},
        "actions": [{"action_id": action_id, "action_ts": "9.9", **fields}],
    }


def test_a_button_carries_its_value_and_its_thread():
    found = arrival_of(press("ask_improve#0", value='{"metric":"ae_4h"}'))
    assert found.payload == {"action": "ask_improve", "value": '{"metric":"ae_4h"}', "place": None}
    assert (found.ts, found.thread_ts) == ("5.5", "4.4")


def test_an_option_behind_the_dots_names_its_place():
    found = arrival_of(press("more", selected_option={"value": "ask_source#2"}))
    assert found.payload == {"action": "ask_source", "value": "", "place": "2"}


def test_the_same_press_delivered_twice_has_the_same_id():
    body = press("ask_improve#0", value="{}")
    assert arrival_of(body).event_id == arrival_of(body).event_id
    later = press("ask_improve#0", value="{}")
    later["actions"][0]["action_ts"] = "10.0"
    assert arrival_of(later).event_id != arrival_of(body).event_id


@pytest.mark.parametrize("form", FORMS)
def test_what_opens_a_form_is_answered_at_once_and_not_queued(form):
    assert arrival_of(press(f"{form}#0", value="{}")) is None
    assert arrival_of(press("more", selected_option={"value": f"{form}#2"})) is None


def test_a_submitted_form_keeps_what_it_is_about():
    body = {
        "type": "view_submission",
        "user": {"id": "U0LEAD"},
        "view": {
            "id": "V1",
            "callback_id": "hold",
            "private_metadata": '{"concern": 7}',
            "state": {
                "values": {
                    "words": {"words": {"value": " Scanner was down. "}},
                    "days": {"days": {"selected_option": {"value": "3"}}},
                }
            },
        },
    }
    found = arrival_of(body)
    assert found.kind == "submit"
    assert found.text == "Scanner was down."
    assert found.payload == {"form": "hold", "concern": 7, "days": "3"}


def command(text):
    return {
        "command": "/audit",
        "text": text,
        "user_id": "U0NURSE",
        "channel_id": "C0AE",
        "trigger_id": "1.2.abc",
        "response_url": "https://example.org/hook",
    }


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("ask how are we doing?", "how are we doing?"),
        ("Ask  how are we doing?", "how are we doing?"),
        ("how are we doing?", "how are we doing?"),  # as people will type it
        ("ask asking for a friend", "asking for a friend"),
        ("help", ""),
        ("HELP", ""),
        ("", ""),
        ("ask", ""),
        ("help me with the stroke figures", "help me with the stroke figures"),
        ("ask <@U0BOT|auditbot> 4hr &amp; why", "4hr & why"),
        ("ask how is <@U0LEAD|kim>?", "how is <@U0LEAD|kim>?"),
    ],
)
def test_a_command_is_a_question_or_a_call_for_help(typed, asked):
    found = arrival_of(command(typed), "U0BOT")
    assert (found.kind, found.text) == ("command", asked)


def test_a_command_is_answered_in_private_and_known_by_its_trigger():
    found = arrival_of(command("ask 4hr?"), "U0BOT")
    assert (found.event_id, found.channel, found.channel_type) == ("command:1.2.abc", "", "im")
    assert found.payload == {"typed_in": "C0AE"}
    later = command("ask 4hr?") | {"trigger_id": "1.3.abc"}
    assert arrival_of(later, "U0BOT").event_id != found.event_id
    assert "example.org" not in str(found)  # the address to answer at is a secret


@pytest.mark.parametrize("typed", ["words", " WORDS "])
def test_the_audit_teams_command_opens_a_form_and_is_not_a_question(typed):
    assert arrival_of(command(typed), "U0BOT") is None
    assert arrival_of(command("words we use"), "U0BOT").text == "words we use"


class Slack:
    """A client that notes which view was opened with which trigger."""

    def __init__(self):
        self.opened = []

    def views_open(self, *, trigger_id, view):
        self.opened.append((trigger_id, view))


def pressing(body, about):
    """Send a press through the listeners as Bolt would; (kept, opened)."""
    slack, kept, handlers = Slack(), [], []

    class App:
        def middleware(self, f):
            handlers.insert(0, f)

        def event(self, _name):
            return lambda f: f

        view = command = event

        def action(self, _pattern):
            return handlers.append

    register(App(), WORDS, kept.append, about)
    insert_first, acted = handlers
    insert_first(body, BoltContext(bot_user_id="U0BOT"), lambda: None)
    acked = []
    acted(lambda: acked.append(True), body | {"trigger_id": "T1"}, slack)
    assert acked == [True]
    return kept, slack.opened


def test_a_form_opens_with_its_trigger_and_what_it_is_about():
    kept, opened = pressing(
        press("more", selected_option={"value": "dispute#2"}), lambda press: {"metric": press.ts}
    )
    ((trigger, view),) = opened
    assert (kept, trigger, view["callback_id"]) == ([], "T1", "dispute")
    assert json.loads(view["private_metadata"]) == {"metric": "5.5"}


def test_a_form_that_is_not_for_somebody_does_not_open():
    assert pressing(press("answer_dispute#0", value="{}"), lambda _: None) == ([], [])


def test_a_press_that_opens_no_form_is_kept_and_nothing_opens():
    kept, opened = pressing(press("ask_improve#0", value="{}"), lambda _: {})
    assert ([a.payload["action"] for a in kept], opened) == (["ask_improve"], [])


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_one_that_slack_takes(form):
    assert view_faults(modals.view(WORDS, form, {"channel": "C0AE"})) == []


def test_the_form_for_what_looks_wrong_asks_for_a_reason_and_may_have_a_line():
    reason, line = modals.view(WORDS, "dispute", {})["blocks"]
    offered = {o["value"]: o["text"]["text"] for o in reason["element"]["options"]}
    assert list(offered) == ["coding", "patients", "pathway", "other"]
    assert len(set(offered.values())) == 4
    assert "initial_option" not in reason["element"]
    assert (line["optional"], line["element"]["max_length"]) == (True, 200)


def test_a_choice_that_the_form_does_not_offer_is_left_out():
    state = {"values": {"reason": {"reason": {"selected_option": {"value": "blame"}}}}}
    assert modals.chosen({"callback_id": "dispute", "state": state}) == {}
