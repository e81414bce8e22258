from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from apnsim.scenario import plan
from apnsim.scenario.steps.pushes import Push
from apnsim.toml.source import BadFileError
from gateway.choices import Auth
from tests.scenario.stories import EXPECT, HEAD, PHONE, PUSH, STORY, step, story


def faults(text: str) -> list[str]:
    with pytest.raises(BadFileError) as caught:
        plan.load("story.toml", text)
    return list(map(str, caught.value.faults))


def test_a_scenario_has_devices_and_steps_on_one_timeline() -> None:
    scenario = plan.load("story.toml", STORY)
    assert scenario.title == "A story"
    assert scenario.start == datetime.datetime(2026, 3, 2, 17, 14, 56, tzinfo=datetime.UTC)
    assert [phone.name for phone in scenario.phones] == ["phone"]
    assert [(each.verb, each.at) for each in scenario.steps] == [("push", 60), ("expect", 60)]
    push = scenario.steps[0].action
    assert isinstance(push, Push)
    assert (push.app, push.alert, push.names) == ("com.example.chat", "Hello", ("Hello",))


def test_a_start_without_a_zone_is_utc() -> None:
    scenario = plan.load("story.toml", STORY.replace("17:14:56Z", "17:14:56"))
    assert scenario.start.tzinfo is datetime.UTC


def test_the_gateway_can_be_set_up() -> None:
    settings = plan.load("s.toml", STORY + '[gateway]\nauth = "lenient"\n').settings
    assert settings.auth is Auth.LENIENT


def test_what_is_not_toml_is_told_with_its_line() -> None:
    [fault] = faults('title = "A story"\nstart =\n')
    assert fault.startswith("story.toml:2: not TOML: ")


def test_all_faults_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = (
        'title = ""\nlern = "x"\n'
        '[[device]]\nname = "phone"\nnetwork = "string"\n'
        '[[step]]\nat = "soon"\npush = { app = "com.example.chat", prio = 10 }\n'
        "[[step]]\nexpect = { deliverd = true }\n"
        "[[step]]\ndance = {}\n"
        "[gateway]\nauth = 7\ncourier_port = 5\n"
    )
    told = faults(text)
    assert [fault.split(": ")[0] for fault in told] == [
        f"story.toml:{line}" for line in (1, 2, 5, 7, 8, 10, 12, 14, 15)
    ]
    assert told[0] == "story.toml:1: title: expected a text, not ''"
    assert told[1] == "story.toml:2: lern: there is no such key; did you mean learn?"
    assert "device 1, network: expected one of wifi, " in told[2]
    assert "step 1, at: expected when: " in told[3]
    assert "step 1, push.prio: there is no such key; did you mean priority?" in told[4]
    assert "step 2, expect.deliverd: there is no such key; did you mean delivered?" in told[5]
    assert "step 3, dance: there is no such step; there are push, expect, " in told[6]
    assert told[7].endswith("gateway, auth: expected one of strict, lenient, not 7")
    assert told[8].endswith(
        "gateway, courier_port: there is no such setting; see apnsim serve --help"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "title is missing: one line: what it is about"),
        (HEAD + PUSH + EXPECT, "device: expected at least one [[device]]"),
        (HEAD + PHONE, "step: expected at least one [[step]]"),
        (HEAD + PHONE + "[step]\nat = 1\n", "step: expected at least one [[step]]"),
        (HEAD + "device = [1]" + PUSH + EXPECT, "device 1: expected a table of name, network, "),
        (HEAD + "step = [1]" + PHONE, "step 1: expected a table"),
        (story(PUSH), "step: no step expects anything: add one with expect = { … }"),
        ("gateway = 1\n" + STORY, "gateway: expected a table of settings"),
        ('start = "noon"\n' + PHONE, "start: expected a date and time such as 2026-"),
        (
            story(PUSH, EXPECT) + PHONE.replace('"phone"', '"Phone"'),
            "device 2, name: there is another device called 'phone'",
        ),
        (
            story(PUSH, EXPECT, step("restore = {}", "30 s")),
            "story.toml:17: step 3, at: it is before the step above it, which is at 1 min after",
        ),
        (story(PUSH, EXPECT, '\n[[step]]\nat = "2 min"\n'), "step 3: expected at and one of push"),
        (story(PUSH, EXPECT, step("restore = 5")), "step 3, restore: expected a table of device"),
        (story(PUSH, EXPECT, step("expect = { }")), "nothing is expected here: give a condition"),
        (
            story(PUSH, step('expect = { push = "Bye", delivered = true }')),
            "step 2, expect: no step pushes 'Bye'; see the names of the push steps",
        ),
        (story(PUSH, EXPECT, step('tap = { push = "Bye" }')), "step 3, tap: no step pushes 'Bye'"),
        (story(PUSH, step("expect = { delivered = true }")), "push is missing: which ones are"),
        (story(PUSH, step("expect = { received = [] }")), "app is missing: which one is meant"),
        (
            story(PUSH, step('expect = { online = true, device = "pad" }')),
            "there is no device 'pad'; there are 'phone'",
        ),
        (
            story(PUSH, EXPECT, step('uninstall = { app = "com.example.mail" }')),
            "no device ever has the app 'com.example.mail'; there are 'com.example.chat'",
        ),
        (
            story(PUSH, EXPECT, step("restore = {}")) + PHONE.replace('"phone"', '"pad"'),
            "step 3, restore: device is missing: which one of 'phone', 'pad'?",
        ),
        (
            story(PUSH, EXPECT) + PHONE.replace('"phone"', '"pad"'),
            "step 1, push: device is missing: which one of 'phone', 'pad'?",
        ),
        (
            story(step('push = { app = "com.example.chat", device = "pad" }'))
            + '[[device]]\nname = "pad"\n',
            "the app 'com.example.chat' is never on 'pad'",
        ),
        (
            story(step('push = { app = "com.example.chat", priority = 7 }'), EXPECT),
            "step 1, push.priority: expected one of 10, 5, 1, not 7",
        ),
        (
            story(step('push = { app = "chat box", alert = "Hello" }'), EXPECT),
            "push.app: expected a bundle id, such as com.example.app, not 'chat box'",
        ),
        (
            story(step('push = { app = "com.example.chat", payload = 4 }'), EXPECT),
            "push.payload: expected a table, not 4",
        ),
        (
            story(step("device = { conditions = { latency = 1 } }"), EXPECT),
            "device.conditions: no such condition: latency, not {'latency': 1}",
        ),
        (
            story(step("device = { conditions = { latency_seconds = -1 } }"), EXPECT),
            "device.conditions: latency_seconds cannot be -1, not",
        ),
        (story(step('restore = { to = "pad" }'), EXPECT), "there is no device 'pad': give it a [["),
        (story(step("network = {}"), EXPECT), "step 1, network: event is missing: what: reset, "),
        (
            story(step('device = { online = "yes" }'), EXPECT),
            "device.online: expected true or false, not 'yes'",
        ),
        (
            story(PUSH, step('expect = { push = [1], delivered = "some" }')),
            "expect.delivered: expected true, false or how many of them, not 'some'",
        ),
        (
            story(PUSH, step("expect = { push = [1], delivered = 1 }")),
            "expect.push: expected a name or a list of names, not [1]",
        ),
    ],
)
def test_what_cannot_be_is_told_with_what_was_expected(text: str, told: str) -> None:
    assert any(told in fault for fault in faults(text)), faults(text)


def test_a_step_may_be_written_over_several_lines() -> None:
    text = story(
        '\n[[step]]\nat = 5\n[step.push]\napp = "com.example.chat"\ntype = "fax"\n', EXPECT
    )
    [fault] = [fault for fault in faults(text) if "fax" in fault]
    line = text.splitlines().index('type = "fax"') + 1
    assert fault.startswith(f"story.toml:{line}: step 1, push.type: expected one of alert, ")


def test_an_app_that_is_installed_later_may_be_spoken_of() -> None:
    text = story(
        step('install = { app = "com.example.new" }'),
        step('push = { app = "com.example.new", alert = "Hello" }'),
        EXPECT,
    )
    assert len(plan.load("s.toml", text).steps) == 3


def test_the_example_of_the_documentation_is_a_scenario() -> None:
    page = (Path(__file__).parents[2] / "docs" / "scenarios" / "README.md").read_text()
    example = page.split("```toml\n")[1].split("```")[0]
    assert plan.load("example.toml", example).steps


def test_a_push_is_sent_no_oftener_than_a_scenario_can_bear() -> None:
    push = step('push = { app = "com.example.chat", alert = "Hello", times = 10001 }')
    [fault] = faults(story(push, EXPECT))
    assert fault.endswith("step 1, push.times: expected a whole number from 1 to 10000, not 10001")
