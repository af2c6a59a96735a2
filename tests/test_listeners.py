"""Slack's envelopes become arrivals, and what is not for us is left alone."""

from bot.slack.listeners import arrival_of

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


def test_the_forms_of_a_lead_are_opened_at_once_and_not_queued():
    assert arrival_of(press("hold#0", value="{}")) is None


def test_a_submitted_form_keeps_what_it_is_about():
    body = {
        "type": "view_submission",
        "user": {"id": "U0LEAD"},
        "view": {
            "id": "V1",
            "callback_id": "hold",
            "private_metadata": '{"concern": "{\\"concern\\": 7}"}',
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
    assert found.payload == {"form": "hold", "concern": '{"concern": 7}', "days": 3}
