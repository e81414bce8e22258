"""Apps, their topics and tokens."""

from __future__ import annotations

import json

import pytest

from devicesim import apps as apps_module
from devicesim.app import AppError, AppState, Permission, UnknownAppError
from devicesim.apps import AppRegistry
from devicesim.token_keys import TokenKey, to_start, to_update
from protocol.identifiers import DeviceToken, InvalidIdentifierError, Topic

NEWS = "com.example.news"
LIVE = f"{NEWS}.push-type.liveactivity"


def key(topic: str) -> TokenKey:
    return TokenKey(Topic(topic))


def installed(*push_types: str) -> AppRegistry:
    apps = AppRegistry()
    apps.install(NEWS, push_types or ["alert"])
    return apps


def test_an_app_needs_a_token_per_topic() -> None:
    apps = installed("alert", "voip")
    app = apps.require(NEWS)
    assert app.token_keys == (key(NEWS), key(f"{NEWS}.voip"))
    assert apps.mint(app, key(NEWS), DeviceToken(b"a"))
    assert apps.mint(app, key(f"{NEWS}.voip"), DeviceToken(b"v"))
    assert app.tokens.keys() == set(app.token_keys)
    assert apps.of_token(DeviceToken(b"v")) is app


def test_the_same_token_again_changes_nothing_and_another_replaces_it() -> None:
    apps = installed()
    app = apps.require(NEWS)
    apps.mint(app, key(NEWS), DeviceToken(b"a"))
    assert not apps.mint(app, key(NEWS), DeviceToken(b"a"))
    assert apps.mint(app, key(NEWS), DeviceToken(b"b"))
    assert apps.of_token(DeviceToken(b"a")) is None
    assert apps.of_token(DeviceToken(b"b")) is app


def test_installing_again_adds_push_types_and_keeps_tokens() -> None:
    apps = installed("alert")
    app = apps.require(NEWS)
    apps.mint(app, key(NEWS), DeviceToken(b"a"))
    assert apps.install(NEWS, ["voip", "alert"]) is app
    assert [each.value for each in app.push_types] == ["alert", "voip"]
    assert app.tokens == {key(NEWS): DeviceToken(b"a")}
    assert len(apps) == 1


def test_an_uninstalled_apps_tokens_are_doomed_and_its_topics_renewed_next_time() -> None:
    apps = installed()
    apps.mint(apps.require(NEWS), key(NEWS), DeviceToken(b"a"))
    apps.uninstall(NEWS)
    assert list(apps.doomed) == [DeviceToken(b"a")]
    assert apps.of_token(DeviceToken(b"a")) is None
    assert apps.of_topic(Topic(NEWS)) is None
    assert apps.get(NEWS) is None
    assert apps.install(NEWS, ["alert"]).renewing == {key(NEWS)}
    with pytest.raises(UnknownAppError):
        apps.uninstall("com.example.other")


def test_a_topic_has_one_owner() -> None:
    apps = installed("voip")
    with pytest.raises(AppError, match="already belongs to the app com"):
        apps.install(f"{NEWS}.voip", ["alert"])


@pytest.mark.parametrize(
    ("bundle_id", "push_types", "expected"),
    [
        ("no spaces", ["alert"], "bundle id"),
        (NEWS, [], "at least one push type"),
        (NEWS, ["alert", "sms"], "'sms' is no push type"),
    ],
)
def test_nonsense_is_refused(bundle_id: str, push_types: list[str], expected: str) -> None:
    apps = AppRegistry()
    with pytest.raises((AppError, InvalidIdentifierError), match=expected):
        apps.install(bundle_id, push_types)
    assert len(apps) == 0


def test_there_are_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps_module, "MAX_APPS", 1)
    monkeypatch.setattr(apps_module, "MAX_TOPICS_LENGTH", 40)
    monkeypatch.setattr(apps_module, "MAX_RETIRED_KEYS", 1)
    apps = installed()
    with pytest.raises(AppError, match="1 apps are installed"):
        apps.install("com.example.other", ["alert"])
    with pytest.raises(AppError, match="over 40 characters"):
        apps.install(NEWS, ["voip", "location"])
    apps.install(NEWS, ["alert"])
    apps.uninstall(NEWS)
    apps.install("a", ["alert"])
    apps.uninstall("a")
    assert apps.install(NEWS, ["alert"]).renewing == set(), "only the newest is remembered"


def test_a_registry_survives_its_own_description() -> None:
    apps = installed("alert", "voip")
    app = apps.require(NEWS)
    apps.mint(app, key(NEWS), DeviceToken(b"a"))
    app.state, app.notifications_enabled = AppState.FORCE_QUIT, False
    app.permission, app.reports_calls, app.extension_seconds = Permission.PROVISIONAL, False, 2.0
    app.unreported_calls, app.is_voip_stopped = [1.0, 2.0], True
    apps.renew_all()
    apps.install("gone", ["alert"])
    apps.mint(apps.require("gone"), key("gone"), DeviceToken(b"g"))
    apps.uninstall("gone")

    again = AppRegistry()
    again.restore(json.loads(json.dumps(apps.describe())))
    assert again.describe() == apps.describe()
    assert again.of_token(DeviceToken(b"a")) is again.require(NEWS)
    assert again.require(NEWS).renewing == {key(NEWS), key(f"{NEWS}.voip")}
    assert again.install("gone", ["alert"]).renewing == {key("gone")}


def test_an_app_that_unregisters_loses_the_token_of_its_own_topic_and_gets_another_one() -> None:
    apps = installed("alert", "background", "voip")
    app = apps.require(NEWS)
    apps.mint(app, key(NEWS), DeviceToken(b"a"))
    apps.mint(app, key(f"{NEWS}.voip"), DeviceToken(b"v"))
    apps.unregister(app)
    apps.unregister(app)
    assert app.tokens_by_push_type == {"voip": DeviceToken(b"v")}
    assert apps.doomed == {DeviceToken(b"a"): False}, "unregistered, not expired"
    assert not app.renewing
    assert apps.install(NEWS, ["alert"]).token_keys == (key(f"{NEWS}.voip"),)

    again = AppRegistry()
    again.restore(json.loads(json.dumps(apps.describe())))
    assert again.describe() == apps.describe()
    app = again.require(NEWS)
    again.register(app)
    assert app.renewing == {key(NEWS)}


def test_a_description_from_before_permissions_is_read_as_granted() -> None:
    older = json.loads(json.dumps(installed().describe()))
    newer = ("permission", "is_registered", "reports_calls", "extension_seconds")
    for name in (*newer, "unreported_calls", "is_voip_stopped"):
        del older["apps"][0][name]
    again = AppRegistry()
    again.restore(older)
    app = again.require(NEWS)
    assert (app.permission, app.reports_calls, app.extension_seconds) == ("granted", True, None)
    assert app.is_registered


@pytest.mark.parametrize(
    ("permission", "is_enabled", "may_notify"),
    [
        ("granted", True, True),
        ("provisional", True, True),
        ("not-asked", True, False),
        ("denied", True, False),
        ("granted", False, False),
    ],
)
def test_an_app_may_notify_if_the_person_lets_it(
    permission: str, is_enabled: bool, may_notify: bool
) -> None:
    app = installed().require(NEWS)
    app.permission, app.notifications_enabled = Permission(permission), is_enabled
    assert app.may_notify is may_notify
    # One that has not asked yet may still ask: its topic is not ignored.
    assert app.is_silenced is (not may_notify and permission != "not-asked")


def test_a_description_from_before_live_activities_is_read() -> None:
    apps = installed()
    apps.mint(apps.require(NEWS), key(NEWS), DeviceToken(b"a"))
    older = json.loads(json.dumps(apps.describe()))
    del older["expired"], older["apps"][0]["purposes"]
    older["doomed"] = ["00"]
    again = AppRegistry()
    again.restore(older)
    assert again.require(NEWS).tokens == {key(NEWS): DeviceToken(b"a")}
    assert again.doomed == {DeviceToken(b"\x00"): False}


def test_tokens_for_live_activities_survive_their_own_description() -> None:
    apps = installed("liveactivity")
    app = apps.require(NEWS)
    for purpose in (to_start("Delivery of bread"), to_update("A"), to_update("B")):
        apps.want(app, purpose)
        apps.mint(app, app.activity_key(purpose), DeviceToken(purpose.encode()))
    apps.expire(app, to_update("A"))
    apps.expire(app, to_update("A"))
    apps.renew_all()
    again = AppRegistry()
    again.restore(json.loads(json.dumps(apps.describe())))
    assert again.describe() == apps.describe()
    assert again.doomed == {DeviceToken(b"update A"): True}
    assert again.require(NEWS).push_to_start_tokens.keys() == {"Delivery of bread"}
    start, update = DeviceToken(b"start Delivery of bread"), DeviceToken(b"update B")
    found = [again.key_of(token) for token in (start, update, DeviceToken(b"?"))]
    assert [each and each.attributes_type for each in found] == ["Delivery of bread", None, None]
    assert [each and each.activity_id for each in found] == [None, "B", None]


def test_a_reinstalled_app_gets_another_push_to_start_token() -> None:
    apps = installed("liveactivity")
    for purpose in (to_start("Delivery"), to_update("A")):
        apps.want(apps.require(NEWS), purpose)
    apps.uninstall(NEWS)
    app = apps.install(NEWS, ["liveactivity"])
    apps.want(app, to_start("Delivery"))
    assert app.renewing == {key(LIVE), app.activity_key(to_start("Delivery"))}
