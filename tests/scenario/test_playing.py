from __future__ import annotations

import pytest

from tests.scenario.stories import EXPECT, PHONE, PUSH, played, step, unmet

AWAY = step('device = { network = "none" }', "10 s")
BACK = step('device = { network = "wifi" }', "1 h")


def test_a_push_to_a_phone_that_is_there_arrives_at_once() -> None:
    outcome = played(
        PUSH,
        step('expect = { push = "Hello", status = 200, delivered = true, within = "1 s" }'),
        step('expect = { push = "Hello", from_storage = false, presentation = "shown" }'),
        step('expect = { push = "Hello", state = "Delivered to Device", detail = "alert" }'),
        step('expect = { app = "com.example.chat", received = ["Hello"] }'),
        step("expect = { online = true }"),
    )
    assert unmet(outcome) == []
    assert len(outcome.verdicts) == 9
    assert outcome.is_met


def test_time_is_that_of_the_phones() -> None:
    outcome = played(PUSH, EXPECT, step("expect = { online = true }", "6 h"))
    assert outcome.is_met
    assert outcome.seconds == 6 * 3600
    assert outcome.real_seconds < outcome.seconds / 100


def test_a_provider_that_is_quiet_for_hours_goes_on_pushing() -> None:
    push = 'push = { app = "com.example.chat", name = "later", alert = "Hello" }'
    later = step('expect = { push = "later", status = 200, delivered = true }')
    assert played(PUSH, EXPECT, step(push, "5 h"), later).is_met


@pytest.mark.parametrize(
    ("expected", "claim", "happened"),
    [
        ("status = 410", "answered 410", "the gateway answered 200"),
        ('reason = "Unregistered"', "refused for Unregistered", "the gateway answered 200"),
        ("delivered = true", "delivered", "0 of 1 arrived"),
        ("delivered = 3", "3 delivered", "0 of 1 arrived"),
        ('within = "1 s"', "delivered within 1 s", "it has not arrived"),
        (
            'later_than = "1 s"',
            "delivered no sooner than after 1 s",
            "it has not arrived",
        ),
        ('together = "1 s"', "all delivered within 1 s of each other", "only 0 of 1 have arrived"),
        ("from_storage = true", "from storage", "it has not arrived"),
        ('presentation = "shown"', "shown", "it has not arrived"),
        ('detail = "alert"', "because alert", "it has not arrived"),
        ("handled = true", "some code of the app runs", "no code of the app has run"),
        ('handler = "willPresent"', "handed to willPresent", "it has not arrived"),
        (
            'state = "Delivered to Device"',
            "Delivered to Device",
            "its timeline has Received by APNs, Stored - Device Offline",
        ),
    ],
)
def test_what_did_not_come_is_told_with_the_life_of_the_push(
    expected: str, claim: str, happened: str
) -> None:
    outcome = played(AWAY, PUSH, step(f'expect = {{ push = "Hello", {expected} }}', "2 min"))
    [verdict] = outcome.verdicts
    assert not outcome.is_met
    assert verdict.claim == f'"Hello": {claim}'
    assert verdict.happened.startswith(happened)
    assert verdict.near == [
        (
            '"Hello", sent 1 min after the start',
            "  +0 ms        Received by APNs",
            "  +0 ms        Stored - Device Offline",
        )
    ]
    assert (verdict.step, verdict.at) == (3, 120)


def test_what_a_person_sees_can_be_expected() -> None:
    badge = 'push = { app = "com.example.chat", name = "badge", payload = { aps = { badge = 3 } } }'
    outcome = played(
        step('device = { power = "locked" }'),
        PUSH,
        step(badge),
        step('expect = { lock_screen = ["Hello"] }'),
        step('expect = { app = "com.example.chat", badge = 3 }'),
        step("expect = { lock_screen = [] }"),
        step('expect = { app = "com.example.chat", badge = 0 }'),
    )
    assert unmet(outcome) == [
        ("phone: lock screen empty", 'there is "Hello"'),
        ("com.example.chat: badge 0", "it is 3"),
    ]


def test_what_an_app_may_do_can_be_changed() -> None:
    denied = step('app = { app = "com.example.chat", permission = "denied", state = "suspended" }')
    expect = 'expect = { push = "Hello", delivered = false, state = "Discarded - Disabled" }'
    assert played(denied, PUSH, step(expect)).is_met


@pytest.mark.parametrize(
    ("expected", "happened"),
    [
        ("delivered = false", '1 of 1 arrived: "Hello"'),
        ('within = "1 min"', "it took 59 min"),
        ('later_than = "2 h"', "it took only 59 min"),
        ("from_storage = false", "it came from storage"),
        ('presentation = "not-shown"', "it was shown (alert)"),
        ('detail = "sound"', "it was shown (alert)"),
        ("handled = true", "no code of the app has run"),
        ('handler = "willPresent"', "no code of the app has run"),
    ],
)
def test_what_came_otherwise_is_told_as_it_came(expected: str, happened: str) -> None:
    outcome = played(AWAY, PUSH, BACK, step(f'expect = {{ push = "Hello", {expected} }}', "61 min"))
    assert [each.happened for each in outcome.verdicts] == [happened]


def test_the_code_that_runs_for_a_push_can_be_expected() -> None:
    outcome = played(
        step('launch = { app = "com.example.chat" }'),
        PUSH,
        step('expect = { push = "Hello", handled = true, handler = "willPresent" }'),
        step('expect = { push = "Hello", handled = false }'),
        step('expect = { push = "Hello", handler = "pushRegistry" }'),
    )
    told = "userNotificationCenter(_:willPresent:withCompletionHandler:) was called"
    assert [each[1] for each in unmet(outcome)] == [told, told]


def test_of_several_pushes_those_are_told_that_did_not_come_as_expected() -> None:
    outcome = played(
        PUSH,
        step('push = { app = "com.example.chat", alert = "Bye" }', "2 min"),
        step('expect = { push = ["Hello", "Bye"], reason = "Unregistered" }'),
        step('expect = { push = ["Hello", "Bye"], together = "10 s" }'),
        step('expect = { app = "com.example.chat", received = ["Bye", "Hello"] }'),
        step("expect = { online = false }"),
    )
    both = '"Hello": the gateway answered 200; "Bye": the gateway answered 200'
    assert [each.happened for each in outcome.verdicts] == [
        both,
        "1 min passed from the first to the last",
        'it has received "Hello", "Bye"',
        "its link is up",
    ]


def test_an_app_that_misses_something_is_told_where_that_is() -> None:
    outcome = played(
        AWAY, PUSH, step('expect = { app = "com.example.chat", received = ["Hello"] }')
    )
    [verdict] = outcome.verdicts
    assert verdict.happened == "it has received nothing"
    assert verdict.near[0][0] == '"Hello", sent 1 min after the start'


def test_what_is_pushed_only_later_cannot_have_come() -> None:
    early = step('expect = { push = "Hello", delivered = true }', "30 s")
    assert unmet(played(early, PUSH)) == [
        ('"Hello": delivered', "nothing of this name has been pushed yet")
    ]


def test_several_pushes_of_one_step_are_numbered() -> None:
    outcome = played(
        step('push = { app = "com.example.chat", alert = "Hello", times = 3 }'),
        step('expect = { push = "Hello", delivered = 3 }'),
        step('expect = { app = "com.example.chat", received = ["Hello 1", "Hello 2", "Hello 3"] }'),
        step('expect = { push = "Hello 2", delivered = true }'),
    )
    assert outcome.is_met


def test_a_step_that_cannot_be_done_is_a_verdict_too() -> None:
    voip = 'push = { app = "com.example.chat", type = "voip" }'
    twice = step('uninstall = { app = "com.example.chat" }')
    outcome = played(step(voip), twice, twice, EXPECT.replace("Hello", "voip"))
    assert [each[0] for each in unmet(outcome)] == [
        "push can be done",
        "uninstall can be done",
        '"voip": delivered',
    ]
    first, second, _ = unmet(outcome)
    assert "has no token for voip pushes to phone: give the app the type voip" in first[1]
    assert second[1] == "no app 'com.example.chat' is installed on this device"


def test_an_app_that_is_not_there_cannot_be_opened() -> None:
    gone = step('uninstall = { app = "com.example.chat" }')
    outcome = played(
        gone, step('launch = { app = "com.example.chat" }'), step("expect = { online = true }")
    )
    assert [each[0] for each in unmet(outcome)] == ["launch can be done"]


@pytest.mark.parametrize(
    ("given", "payload"),
    [
        ('alert = "Hello"', "alert"),
        ('name = "Hello", payload = { aps = { badge = 3 } }', "badge 3"),
    ],
)
def test_what_is_in_a_push_can_be_given(given: str, payload: str) -> None:
    push = f'push = {{ app = "com.example.chat", {given} }}'
    assert played(step(push), step(f'expect = {{ push = "Hello", detail = "{payload}" }}')).is_met


def test_the_log_is_told_in_the_time_of_the_phones() -> None:
    lines = played(AWAY, PUSH, BACK, EXPECT).lines
    start = 1_772_471_696.0
    said = [(line.at - start, line.process, line.device, line.message) for line in lines]
    assert said[0] == (10, "scenario", "", "phone: network none")
    assert (60, "provider", "", 'pushes "Hello" to com.example.chat (alert)') in said
    assert (60, "apns", "", '"Hello": Stored - Device Offline') in said
    assert (3600, "SpringBoard", "phone", 'com.example.chat: "Hello" shown: alert') in said
    assert said[-1] == (3600, "expected", "", '✓ "Hello": delivered')
    assert any(process == "apsd" and who == "phone" for _, process, who, _ in said)


def test_a_gateway_that_hangs_up_on_the_provider_is_a_verdict_too() -> None:
    bad = 'app = "com.example.chat", name = "Bad", type = "background", priority = 10, times = 2'
    settings = "[gateway]\nmax_errors = 1\nmax_connections_per_minute = 1\n"
    phone = settings + PHONE.replace('"alert"', '"background"')
    outcome = played(
        step(f"push = {{ {bad} }}"), step("expect = { online = true }", "1 min"), phone=phone
    )
    [(claim, happened)] = unmet(outcome)
    assert claim == "push can be done"
    assert happened.startswith("the gateway hung up: ")


TWO = PHONE + PHONE.replace('"phone"', '"tablet"')


def _row(verb: str, organisation: str, device: str, more: str = "") -> str:
    who = f'app = "com.example.chat", user = "anna", device = "{device}"'
    return step(f'{verb} = {{ {who}, organisation = "{organisation}"{more} }}')


def _notify(organisation: str) -> str:
    what = f'app = "com.example.chat", organisation = "{organisation}", alert = "{organisation}"'
    return step(f"push = {{ {what} }}")


BOTH = [
    _row("sign_in", org, device) for org in ("acme", "globex") for device in ("phone", "tablet")
]


@pytest.mark.parametrize(
    ("habit", "acme", "globex"),
    [("deletes-the-row", 1, 2), ("revokes-the-token", 1, 1), ("does-nothing", 2, 2)],
)
def test_who_leaves_an_organisation_on_one_phone_gets_what_the_backend_makes_of_it(
    habit: str, acme: int, globex: int
) -> None:
    out = _row("sign_out", "acme", "phone", f', backend = "{habit}"')
    notified = [
        step(f'expect = {{ push = "{org}", sent = {count}, delivered = {count} }}')
        for org, count in (("acme", acme), ("globex", globex))
    ]
    outcome = played(*BOTH, out, _notify("acme"), _notify("globex"), *notified, phone=TWO)
    assert unmet(outcome) == []


def test_signing_in_twice_makes_no_second_row() -> None:
    expect = step('expect = { push = "acme", sent = 3 }')
    outcome = played(*BOTH, *BOTH, _notify("acme"), expect, phone=TWO)
    assert unmet(outcome) == [('"acme": sent to 3', "it was sent to 2")]


def test_a_410_cleans_the_rows_of_its_token_and_no_others() -> None:
    gone = step('uninstall = { app = "com.example.chat", device = "phone" }')
    expect = step('expect = { push = "globex", sent = 1, delivered = 1 }')
    outcome = played(*BOTH, gone, _notify("acme"), _notify("globex"), expect, phone=TWO)
    assert outcome.is_met
    assert any("deletes the rows of the dead token: 2" in line.message for line in outcome.lines)


def test_a_network_takes_its_time() -> None:
    outcome = played(
        step("device = { conditions = { latency_seconds = 0.25 } }"),
        PUSH,
        step('expect = { push = "Hello", delivered = false }'),
        step('expect = { push = "Hello", delivered = true, later_than = "250 ms" }', "2 min"),
        step('expect = { push = "Hello", within = "300 ms" }'),
    )
    assert unmet(outcome) == []


def test_what_happens_to_a_connection_may_leave_the_phone_without_one() -> None:
    dead = step('device = { network = "half-open" }', "10 s")
    event = step('network = { event = "hand-over" }', "11 s")
    outcome = played(dead, event, step("expect = { online = false }", "1 min"))
    assert outcome.is_met
    assert any(line.message == "phone: hand-over" for line in outcome.lines)


def test_a_phone_that_gives_up_is_found_restricted_and_can_be_woken() -> None:
    outcome = played(
        step('device = { network = "none", power = "locked" }', "10 s"),
        step('expect = { assertion_policy = "full" }'),
        step('expect = { assertion_policy = "full" }', "5 min"),
        step('device = { network = "wifi" }'),
        step('wake = { reason = "cellular-call" }', "6 min"),
        step('expect = { assertion_policy = "full", online = true }'),
        step('device = { assertion_policy = "restricted" }'),
        step('expect = { assertion_policy = "restricted" }'),
    )
    assert unmet(outcome) == [("phone: assertion policy full", "it is restricted")]


def test_a_person_opens_a_notification() -> None:
    tap = step('tap = { push = "Hello" }')
    outcome = played(
        step('device = { power = "locked" }'),
        PUSH,
        step('expect = { lock_screen = ["Hello"] }'),
        tap,
        step("expect = { lock_screen = [] }"),
        tap,
    )
    assert unmet(outcome) == [("tap can be done", '"Hello" is not on the screen of phone')]


def test_an_app_that_wants_no_token_has_none() -> None:
    unregistered = step('app = { app = "com.example.chat", registered = false }')
    expect = step('expect = { push = "Hello", status = 410, reason = "Unregistered" }')
    assert played(unregistered, PUSH, expect).is_met
