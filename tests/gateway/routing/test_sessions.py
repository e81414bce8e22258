from __future__ import annotations

from gateway.routing.sessions import SessionTable, SessionTableStatistics
from protocol.identifiers import DeviceId
from tests.builders import DEVICE, ListeningSession, notification

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


# -- links on several interfaces -------------------------------------------------------------------


def dual() -> tuple[SessionTable, ListeningSession, ListeningSession]:
    table = SessionTable()
    wifi, cellular = ListeningSession(), ListeningSession(interface="310410")
    table.arrive(wifi)
    table.arrive(cellular)
    return table, wifi, cellular


def test_a_link_on_another_interface_stands_by() -> None:
    table, wifi, cellular = dual()
    assert table.session_of(DEVICE) is wifi
    assert (wifi.is_served, cellular.is_served) == (True, False)
    assert (wifi.left, cellular.left) == ([], [])
    assert list(table) == [wifi, cellular]
    assert len(table) == 1
    assert table.statistics() == SessionTableStatistics(sessions=1, arrivals=2, superseded=0)


def test_the_device_says_where_it_wants_to_be_served() -> None:
    table, wifi, cellular = dual()
    table.prefer(cellular)
    assert table.session_of(DEVICE) is cellular
    assert (wifi.is_served, cellular.is_served) == (False, True)
    table.prefer(cellular)
    assert table.session_of(DEVICE) is cellular
    table.prefer(wifi)
    assert table.session_of(DEVICE) is wifi
    assert list(table) == [wifi, cellular]


def test_a_session_that_is_out_cannot_be_preferred() -> None:
    table, wifi, cellular = dual()
    table.depart(cellular)
    table.prefer(cellular)
    assert table.session_of(DEVICE) is wifi


def test_the_one_that_stands_by_takes_over() -> None:
    table, wifi, cellular = dual()
    assert table.depart(wifi)
    assert table.session_of(DEVICE) is cellular
    assert cellular.is_served
    assert table.depart(cellular)
    assert table.session_of(DEVICE) is None
    assert list(table) == []


def test_wifi_takes_over_before_others_and_the_newest_before_older_ones() -> None:
    table = SessionTable()
    first, wifi, second, third = (
        ListeningSession(interface=interface) for interface in ("1", "WiFi", "2", "3")
    )
    for session in (first, wifi, second, third):
        table.arrive(session)
    table.depart(first)
    assert table.session_of(DEVICE) is wifi
    table.depart(wifi)
    assert table.session_of(DEVICE) is third


def test_one_that_stands_by_may_go_or_be_replaced() -> None:
    table, wifi, cellular = dual()
    newer = ListeningSession(interface="310410")
    table.arrive(newer)
    assert cellular.left == ["a newer link of the same device has taken over"]
    assert not table.depart(cellular)
    assert list(table) == [wifi, newer]
    assert not table.depart(newer)
    assert list(table) == [wifi]


def test_all_are_woken_but_only_the_served_one_by_name() -> None:
    table, wifi, cellular = dual()
    table.wake(DEVICE)
    assert (wifi.wakes, cellular.wakes) == (1, 0)
    table.wake(None)
    assert (wifi.wakes, cellular.wakes) == (2, 1)


def test_all_may_be_dismissed_with_nothing_left_for_later() -> None:
    table, wifi, cellular = dual()
    table.unacknowledged.sent(notification(1).unique_id)
    table.dismiss("the gateway is reset")
    assert wifi.left == cellular.left == ["the gateway is reset"]
    assert not wifi.is_served
    assert notification(1).unique_id not in table.unacknowledged
