"""The smaller calls: the gateway, its health, time, keys, activation, and the API as a whole."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from certs.device_request import DeviceRequest
from certs.provider_key import ProviderKey
from gateway.records import State
from gateway.store.store import StoreUnavailableError
from tests.builders import NOW

if TYPE_CHECKING:
    from tests.gateway.console.consoles import Console

CLOCK = "/api/v1/clock"
KEYS = "/api/v1/keys"


OPERATIONS = {
    ("GET", "/livez"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/info"),
    ("GET", "/connections"),
    ("GET", "/events"),
    ("GET", "/export"),
    ("GET", "/webhooks"),
    ("POST", "/webhooks"),
    ("DELETE", "/webhooks"),
    ("GET", "/webhooks/{webhook_id}"),
    ("DELETE", "/webhooks/{webhook_id}"),
    ("POST", "/reset"),
    ("GET", "/snapshot"),
    ("PUT", "/snapshot"),
    ("POST", "/activation"),
    ("POST", "/deviceservices/deviceActivation"),
    ("GET", "/devices"),
    ("POST", "/devices"),
    ("GET", "/devices/{device_id}"),
    ("PATCH", "/devices/{device_id}"),
    ("DELETE", "/devices/{device_id}"),
    ("POST", "/devices/{device_id}/restore"),
    ("POST", "/devices/{device_id}/network"),
    ("POST", "/devices/{device_id}/wake"),
    ("GET", "/devices/{device_id}/notifications"),
    ("POST", "/devices/{device_id}/apps"),
    ("PATCH", "/devices/{device_id}/apps/{bundle_id}"),
    ("DELETE", "/devices/{device_id}/apps/{bundle_id}"),
    ("POST", "/devices/{device_id}/refresh"),
    ("GET", "/devices/{device_id}/apps/{bundle_id}/events"),
    ("POST", "/devices/{device_id}/apps/{bundle_id}/channels"),
    ("DELETE", "/devices/{device_id}/apps/{bundle_id}/channels"),
    ("GET", "/channels"),
    ("POST", "/devices/{device_id}/apps/{bundle_id}/activity-types"),
    ("POST", "/devices/{device_id}/apps/{bundle_id}/activities"),
    ("GET", "/devices/{device_id}/apps/{bundle_id}/activities"),
    ("DELETE", "/devices/{device_id}/apps/{bundle_id}/activities/{activity_id}"),
    ("GET", "/devices/{device_id}/screen"),
    ("POST", "/devices/{device_id}/screen/tap"),
    ("POST", "/devices/{device_id}/screen/dismiss"),
    ("POST", "/devices/{device_id}/screen/clear"),
    ("PUT", "/devices/{device_id}/apps/{bundle_id}/badge"),
    ("PUT", "/devices/{device_id}/apps/{bundle_id}/strings"),
    ("GET", "/notifications"),
    ("GET", "/near-misses"),
    ("GET", "/settled"),
    ("GET", "/notifications/{apns_id}"),
    ("GET", "/notifications/{apns_id}/payload"),
    ("POST", "/notifications/{apns_id}/resend"),
    ("POST", "/notifications"),
    ("GET", "/requests"),
    ("POST", "/lint"),
    ("GET", "/clock"),
    ("PUT", "/clock"),
    ("POST", "/clock/advance"),
    ("POST", "/clock/reset"),
    ("GET", "/keys"),
    ("POST", "/keys"),
    ("POST", "/keys/make"),
    ("GET", "/keys/{key_id}"),
    ("GET", "/keys/{key_id}/p8"),
    ("DELETE", "/keys/{key_id}"),
    ("GET", "/rules"),
    ("POST", "/rules"),
    ("DELETE", "/rules"),
    ("GET", "/rules/{rule_id}"),
    ("PATCH", "/rules/{rule_id}"),
    ("DELETE", "/rules/{rule_id}"),
}


# -- the gateway --------------------------------------------------------------------------------


async def test_info_and_connections_are_passed_on(console: Console) -> None:
    async with console.client() as client:
        info = (await client.get("/api/v1/info")).json()
        connections = (await client.get("/api/v1/connections")).json()
    assert info == {
        "version": "1",
        "time": NOW,
        "keys": [],
        "ca_file": "ca",
        "provider_url": "https://127.0.0.1:2197",
    }
    assert connections["provider"] == [{"id": 1}]
    assert connections["courier"][0]["topic"] == "com.example.app"


async def test_reset_is_the_gateways(console: Console) -> None:
    console.accept(1)
    query = {"bundle_id": "com.example.app"}
    async with console.client() as client:
        assert (await client.post("/api/v1/reset", params=query)).status_code == 204
        assert (await client.post("/api/v1/reset")).status_code == 204
        assert (await client.post("/api/v1/reset?bundle_id=a/b")).status_code == 422
    assert console.resets == ["com.example.app", None]
    assert not console.journal.statistics().records


# -- health -------------------------------------------------------------------------------------


async def test_a_gateway_is_ready_until_it_drains(console: Console) -> None:
    async with console.client() as client:
        assert (await client.get("/livez")).text == "ok\n"
        assert (await client.get("/readyz")).text == "ok\n"
        console.is_ready = False
        assert (await client.get("/readyz")).status_code == 503
        console.is_ready = True
        console.parts.closing.set()
        draining = await client.get("/readyz")
        assert (await client.get("/livez")).status_code == 200
    assert draining.json()["detail"] == "the gateway is shutting down"


async def test_metrics_are_prometheus_text(console: Console) -> None:
    console.accept(1, State.STORED_OFFLINE)
    console.reject()
    odd = console.journal.begin(None, "")
    console.journal.rejected(odd, 400, 'odd "reason"\\\n', "")
    console.journal.begin(None, "")
    async with console.client() as client:
        answer = await client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    assert 'apnsim_requests_total{reason="",status="200"} 1.0' in lines
    assert 'apnsim_requests_total{reason="BadDeviceToken",status="400"} 1.0' in lines
    assert 'apnsim_requests_total{reason="other",status="400"} 1.0' in lines
    assert 'apnsim_pushes_total{state="Stored - Device Offline"} 1.0' in lines
    assert 'apnsim_store_pending{kind="memory"} 0.0' in lines
    assert "apnsim_courier_sessions 0.0" in lines
    assert "# TYPE apnsim_journal_records gauge" in lines


# -- time ---------------------------------------------------------------------------------------


async def test_time_freezes_jumps_and_runs_on(console: Console) -> None:
    async with console.client() as client:

        async def put(**change: object) -> dict[str, object]:
            told: dict[str, object] = (await client.put(CLOCK, json=change)).json()
            return told

        def view(now: float, ahead: float, *, frozen: bool, rate: float = 1) -> dict[str, object]:
            return {"now": now, "frozen": frozen, "rate": rate, "ahead_seconds": ahead}

        assert (await client.get(CLOCK)).json() == view(NOW, 0, frozen=False)
        assert await put(frozen=True) == view(NOW, 0, frozen=True)
        console.machine_time += 50
        assert (await client.get(CLOCK)).json() == view(NOW, -50, frozen=True)
        advanced = await client.post(f"{CLOCK}/advance", json={"seconds": 7200})
        assert advanced.json() == view(NOW + 7200, 7150, frozen=True)
        assert await put(now=NOW + 9000, rate=60) == view(NOW + 9000, 8950, frozen=True, rate=60)
        assert await put(frozen=False) == view(NOW + 9000, 8950, frozen=False, rate=60)
        console.machine_time += 50
        assert console.clock.now() == NOW + 9000 + 3000
        jumped = await put(now=NOW + 1e6, frozen=True)
        assert jumped == view(NOW + 1e6, 1e6 - 100, frozen=True, rate=60)
        back = await client.post(f"{CLOCK}/reset")
        assert back.json() == view(NOW + 100, 0, frozen=False)


@pytest.mark.parametrize(
    ("method", "path", "body", "says"),
    [
        ("PUT", "", {"now": NOW - 1, "frozen": True}, "POST /api/v1/clock/reset"),
        ("PUT", "", {"rate": 1001}, "body.rate"),
        ("PUT", "", {"rate": 0}, "body.rate"),
        ("POST", "/advance", {"seconds": 1e12}, "ends with the year 9999"),
        ("PUT", "", {"now": 1e300}, "body.now"),
        ("POST", "/advance", {"seconds": -1}, "body.seconds"),
        ("POST", "/advance", {}, "body.seconds: Field required"),
    ],
)
async def test_time_that_cannot_be_is_refused(
    console: Console, method: str, path: str, body: dict[str, Any], says: str
) -> None:
    async with console.client() as client:
        answer = await client.request(method, CLOCK + path, json=body)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert (console.clock.now(), console.clock.is_frozen) == (NOW, False)


async def test_infinite_time_is_refused(console: Console) -> None:
    async with console.client() as client:
        answer = await client.post(f"{CLOCK}/advance", content=b'{"seconds":Infinity}')
    assert answer.status_code == 422
    assert console.clock.now() == NOW


# -- keys ---------------------------------------------------------------------------------------


def key_body(key: ProviderKey, **more: object) -> dict[str, object]:
    ids = {"team_id": key.team_id, "key_id": key.key_id}
    return ids | {"public_key": key.public_key_pem.decode()} | more


async def test_a_key_is_registered_by_its_public_half(console: Console) -> None:
    key = ProviderKey.generate("TEAM123456", "KEY1234567")
    async with console.client() as client:
        answer = await client.post(KEYS, json=key_body(key))
        assert (await client.get(KEYS)).json() == [answer.json()]
        assert (await client.get(f"{KEYS}/KEY1234567")).json() == answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{KEYS}/KEY1234567"
    assert answer.json() == {
        "key_id": "KEY1234567",
        "team_id": "TEAM123456",
        "public_key": key.public_key_pem.decode(),
        "kind": "team",
        "environments": None,
        "topics": None,
        "related_key_id": None,
        "key_file": None,
    }


async def test_of_a_private_key_no_more_than_the_public_half_is_kept(console: Console) -> None:
    key = ProviderKey.generate("TEAM123456", "KEY1234567")
    body = key_body(key, public_key=None, private_key=key.private_key_pem.decode())
    scope = {"environments": ["production"], "topics": ["b", "a"]}
    async with console.client() as client:
        answer = await client.post(KEYS, json=body | scope)
    assert "PRIVATE" not in answer.text
    assert (answer.json()["environments"], answer.json()["topics"]) == (["production"], ["a", "b"])
    registered = console.keys.registered("KEY1234567")
    assert registered is not None
    assert registered.key.public_key_pem == key.public_key_pem


async def test_every_kind_of_key_is_registered_and_told_by_its_kind(console: Console) -> None:
    production = {"environments": ["production"]}
    scopes: list[tuple[str, dict[str, object]]] = [
        ("team", {}),
        ("team", {"environments": ["development", "production"]}),
        ("team-scoped", {**production}),
        ("topic-specific", {**production, "topics": ["a"]}),
        ("topic-specific", {**production, "topics": ["b"], "related_key_id": "KEY0000003"}),
    ]
    async with console.client() as client:
        for number, (kind, scope) in enumerate(scopes):
            key = ProviderKey.generate("TEAM123456", f"KEY000000{number}")
            answer = await client.post(KEYS, json=key_body(key, **scope))
            assert (answer.status_code, answer.json()["kind"]) == (201, kind), answer.text
        told = {each["key_id"]: each["related_key_id"] for each in (await client.get(KEYS)).json()}
    related = {"KEY0000003": "KEY0000004", "KEY0000004": "KEY0000003"}
    assert told == dict.fromkeys(told) | related, "the relation is mutual"


async def test_a_third_team_scoped_key_of_an_environment_is_refused_with_what_to_do(
    console: Console,
) -> None:
    keys = [ProviderKey.generate("TEAM123456", f"KEY{number}234567") for number in range(3)]
    async with console.client() as client:
        answers = [
            await client.post(KEYS, json=key_body(key, environments=["production"])) for key in keys
        ]
    assert [answer.status_code for answer in answers] == [201, 201, 422]
    assert answers[2].json()["detail"] == (
        "team TEAM123456 has 2 team-scoped keys for production already, as many as Apple allows;"
        " remove one first, such as KEY0234567"
    )


async def test_a_key_is_removed_once(console: Console) -> None:
    key = ProviderKey.generate("TEAM123456", "KEY1234567")
    async with console.client() as client:
        await client.post(KEYS, json=key_body(key))
        assert (await client.delete(f"{KEYS}/KEY1234567")).status_code == 204
        again = await client.delete(f"{KEYS}/KEY1234567")
    assert (again.status_code, again.json()["detail"]) == (404, "there is no key 'KEY1234567'")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"public_key": "no key"}, "expected a P-256"),
        ({"public_key": None}, "expected one of public_key and private_key"),
        ({"private_key": "x"}, "expected one of public_key and private_key"),
        ({"team_id": "short"}, "body.team_id: String should match pattern"),
        ({"environments": ["moon"]}, "body.environments"),
        ({"environments": []}, "one environment at least"),
        ({"topics": []}, "1 to 400 topics, not 0"),
        ({"topics": [f"com.example.{n}" for n in range(401)]}, "1 to 400 topics, not 401"),
        ({"topics": ["no topic"]}, "a topic is letters"),
        ({"related_key_id": "short"}, "body.related_key_id: String should match pattern"),
        ({"related_key_id": "KEY2222222"}, "only a topic-specific key has a related key"),
        (
            {"related_key_id": "KEY2222222", "topics": ["a"]},
            "team TEAM123456 has no other key KEY2222222; register that one first",
        ),
        ({"secret": 1}, "body.secret: Extra inputs are not permitted"),
    ],
)
async def test_a_key_that_cannot_be_used_is_refused(
    console: Console, change: dict[str, Any], says: str
) -> None:
    key = ProviderKey.generate("TEAM123456", "KEY1234567")
    async with console.client() as client:
        answer = await client.post(KEYS, json=key_body(key) | change)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert len(console.keys) == 0


async def test_a_refusal_does_not_repeat_a_private_key(console: Console) -> None:
    body = {"team_id": "T", "key_id": "K", "private_key": "-----SECRET-----"}
    async with console.client() as client:
        answer = await client.post(KEYS, json=body)
    assert answer.status_code == 422
    assert "SECRET" not in answer.text


# -- activation ---------------------------------------------------------------------------------


async def test_a_device_gets_its_certificate(console: Console) -> None:
    request = DeviceRequest.create("phone-1")
    body = {"device_id": "phone-1", "csr": request.pem.decode()}
    async with console.client() as client:
        answer = await client.post("/api/v1/activation", json=body)
    told = answer.json()
    leaf = request.complete(told["certificate"].encode())
    assert leaf.is_issued_by(told["ca"].encode())
    assert told["courier"] == {"host": "127.0.0.1", "port": 5223}


async def test_a_request_that_proves_nothing_gets_none(console: Console) -> None:
    body = {"device_id": "phone-1", "csr": "no request"}
    async with console.client() as client:
        answer = await client.post("/api/v1/activation", json=body)
    assert answer.status_code == 422
    assert "expected PKCS#10" in answer.json()["detail"]


# -- the API as a whole -------------------------------------------------------------------------


async def test_what_is_not_there_is_a_problem_document(console: Console) -> None:
    async with console.client() as client:
        answer = await client.get("/api/v1/walls")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "there is no /api/v1/walls; /api/v1/openapi.json lists what there is",
    }


async def test_another_method_is_told_which_ones_there_are(console: Console) -> None:
    async with console.client() as client:
        answer = await client.put("/api/v1/devices")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
    assert answer.json()["detail"] == "PUT is not for /api/v1/devices; allowed: GET, POST"


async def test_a_store_that_is_away_is_503(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def create_device(*_: object, **__: object) -> None:
        raise StoreUnavailableError("the disk is full")

    monkeypatch.setattr(console.host, "create_device", create_device)
    async with console.client() as client:
        answer = await client.post("/api/v1/devices")
    assert (answer.status_code, answer.json()["detail"]) == (503, "the disk is full")


async def test_our_own_bug_is_500_without_its_insides(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.host, "list_devices", lambda: 1 / 0)
    async with console.client(raise_app_exceptions=False) as client:
        answer = await client.get("/api/v1/devices")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "ZeroDivisionError" not in answer.text


async def test_an_unknown_thing_without_a_message_is_still_said(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def get_device(_: str) -> None:
        raise console.parts.unknown_errors[0]

    monkeypatch.setattr(console.host, "get_device", get_device)
    async with console.client() as client:
        answer = await client.get("/api/v1/devices/x")
    assert (answer.status_code, answer.json()["detail"]) == (404, "UnknownThingError")


async def test_the_api_describes_itself_and_needs_no_cdn(console: Console) -> None:
    async with console.client() as client:
        document = (await client.get("/api/v1/openapi.json")).json()
        docs = [await client.get(path) for path in ("/docs", "/redoc")]
    assert {page.status_code for page in docs} == {404}
    operations = {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert {(method, path.removeprefix("/api/v1")) for method, path in operations} == OPERATIONS
    for name, operation in operations.items():
        assert operation["description"], name
        assert "application/problem+json" in operation["responses"]["default"]["content"]
        assert "422" not in operation["responses"], name


async def test_the_log_says_nothing_of_ordinary_requests(
    console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "apnsim.console")
    async with console.client() as client:
        await client.get("/api/v1/devices")
        await client.get("/nowhere")
    assert not [record for record in caplog.records if record.name == "apnsim.console"]
