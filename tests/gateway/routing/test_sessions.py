from __future__ import annotations

from gateway.routing.sessions import SessionTable, SessionTableStatistics
from protocol.identifiers import DeviceId
from tests.builders import DEVICE, ListeningSession

TABLET = DeviceId("tablet")


def test_a_device_is_connected_from_arrival_to_departure() -> None:
    table, session = SessionTable(), ListeningSession()
    assert table.session_of(DEVICE) is None
    table.arrive(session)
    assert table.session_of(DEVICE) is session
    assert table.depart(session)
    assert table.session_of(DEVICE) is None
    assert session.left == []


def test_a_newer_link_wins_and_the_old_one_is_asked_to_leave() -> None:
    table, old, new = SessionTable(), ListeningSession(), ListeningSession()
    table.arrive(old)
    table.arrive(new)
    assert table.session_of(DEVICE) is new
    assert old.left == ["a newer link of the same device has taken over"]
    assert new.left == []


def test_the_table_has_the_new_session_before_the_old_one_is_told() -> None:
    table, new = SessionTable(), ListeningSession()

    class Curious(ListeningSession):
        def leave(self, reason: str) -> None:
            assert table.session_of(DEVICE) is new
            super().leave(reason)

    old = Curious()
    table.arrive(old)
    table.arrive(new)
    assert old.left


def test_the_late_goodbye_of_an_old_link_does_not_evict_the_new_one() -> None:
    table, old, new = SessionTable(), ListeningSession(), ListeningSession()
    table.arrive(old)
    table.arrive(new)
    assert not table.depart(old)
    assert table.session_of(DEVICE) is new
    assert table.depart(new)
    assert not table.depart(new)


def test_one_device_is_woken_or_all() -> None:
    table, phone, tablet = SessionTable(), ListeningSession(), ListeningSession(TABLET)
    table.arrive(phone)
    table.arrive(tablet)
    table.wake(TABLET)
    assert (phone.wakes, tablet.wakes) == (0, 1)
    table.wake(None)
    assert (phone.wakes, tablet.wakes) == (1, 2)


def test_waking_a_device_that_is_not_connected_does_nothing() -> None:
    table, phone = SessionTable(), ListeningSession()
    table.arrive(phone)
    table.wake(TABLET)
    assert phone.wakes == 0


def test_sessions_may_come_and_go_while_all_are_visited() -> None:
    table, phone, tablet = SessionTable(), ListeningSession(), ListeningSession(TABLET)
    table.arrive(phone)
    table.arrive(tablet)
    visited = []
    for session in table:
        visited.append(session)
        table.depart(session)
    assert visited == [phone, tablet]
    assert len(table) == 0


def test_the_table_counts_devices_arrivals_and_takeovers() -> None:
    table, phone = SessionTable(), ListeningSession()
    table.arrive(phone)
    table.arrive(ListeningSession(TABLET))
    table.arrive(ListeningSession())
    assert len(table) == 2
    assert table.statistics() == SessionTableStatistics(sessions=2, arrivals=3, superseded=1)
