"""What a device keeps across restarts: who it is, its apps, and what happened to its pushes.

A push is acknowledged to the gateway only after :meth:`DeviceState.commit`. What a kill -9 of the
daemon may cost: nothing that was acknowledged is lost. A push may reach its app a second time only
if the daemon died between the app's taking it and the next commit, which follows at once; the
message id is the same both times. A push that was received and not yet acknowledged comes again
from the gateway and is new to the app, because it is handed over after the commit. (In-process
apps of :mod:`devicesim.host` take a push before the commit; they die together with the process.)

A state without files forgets all with the process and costs nothing per push.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Self

import msgpack
import trio

from devicesim.apps import AppRegistry
from devicesim.pushes import message_key, push_to_map
from devicesim.screen.memory import ScreenMemory
from devicesim.spent import Spent
from devicesim.state import log as state_log
from devicesim.state.files import StateError
from devicesim.state.inbox import REMEMBERED_IDS, Inbox, RecentIds
from devicesim.state.reconciliation import reconcile
from devicesim.token_keys import to_update
from protocol.identifiers import ChannelId, DeviceId, UniqueId
from protocol.notification import Environment

if TYPE_CHECKING:
    from pathlib import Path

    from devicesim.app import App
    from devicesim.live_activities.activity import LiveActivity
    from devicesim.state.files import StateFiles
    from protocol.courier.channels import ChannelMark
    from protocol.courier.messages import Push
    from protocol.tenant import Tenant

log = logging.getLogger(__name__)

# The log is rewritten when it is this long and at least four times what is still true.
_COMPACT_BYTES = 64 * 1024
_COMPACT_RATIO = 4
_UNREADABLE = (ValueError, TypeError, IndexError, AttributeError, msgpack.UnpackException)


class DeviceState:
    """One device's memory.

    Args:
        device_id: the common name of its certificate.
        name: what its owner calls it.
        environment: which of Apple's worlds its tokens belong to.
        files: where to keep it; None to forget it with the process.
        remembered_ids: how many acknowledged message ids are kept.

    ``activities`` are the Live Activities on its screen, by id; read them, and change them by
    :meth:`keep_activity` and :meth:`drop_activity`. ``screen`` is what else is on it. ``extras`` is
    kept for the owner of the device (JSON's types), unread here. ``spent`` is never written down.
    """

    __slots__ = (
        "_compact_bytes", "_files", "_pending", "_writing", "acknowledged", "activities", "apps",
        "device_id", "environment", "extras", "inbox", "name", "screen", "spent",
    )  # fmt: skip

    def __init__(
        self,
        device_id: str,
        name: str,
        environment: Environment,
        files: StateFiles | None = None,
        remembered_ids: int = REMEMBERED_IDS,
    ) -> None:
        self.device_id = DeviceId.parse(device_id)
        self.name = name
        self.environment = environment
        self.apps = AppRegistry()
        self.inbox = Inbox()
        self.acknowledged = RecentIds(remembered_ids)
        self.activities: dict[str, LiveActivity] = {}
        self.screen = ScreenMemory(None if files is None else self._note)
        self.extras: dict[str, Any] = {}
        self.spent = Spent()
        self._files = files
        self._pending: list[bytes] = []
        self._writing = trio.Lock()
        self._compact_bytes = _COMPACT_BYTES

    @classmethod
    def load(cls, files: StateFiles, remembered_ids: int = REMEMBERED_IDS) -> Self | None:
        """The device of this folder; None if there is none yet.

        Raises:
            StateError: there is one, and it cannot be read.
        """
        described = files.read_description()
        if described is None:
            return None
        try:
            state = cls(
                described["device_id"],
                described["name"],
                Environment(described["environment"]),
                files,
                remembered_ids,
            )
            state.apps.restore(described["apps"])
            state.extras = described["extras"]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StateError(
                f"{files.directory}: not a readable device ({error!r}); move the folder away"
            ) from None
        state._replay(files.read_log())
        reconcile(state)
        return state

    async def save(self) -> None:
        """Write down who the device is and its apps; after every change of them.

        Raises:
            StateError: the folder cannot be written.
        """
        if self._files is None:
            return
        async with self._writing:  # two writers in two threads could finish in the wrong order
            await trio.to_thread.run_sync(self._files.write_description, self._described())

    def _described(self) -> dict[str, Any]:
        return {
            "device_id": self.device_id,
            "name": self.name,
            "environment": self.environment.value,
            "apps": self.apps.describe(),
            "extras": self.extras,
        }

    def write(self) -> None:
        """Write all of it down, before the device is one; for a thread.

        Raises:
            StateError: the folder cannot be written.
        """
        assert self._files is not None
        self._files.write_description(self._described())
        self._files.replace_log(state_log.true_records(self))
        self._pending.clear()

    def moved(self, directory: Path) -> None:
        """Its folder is elsewhere from now on."""
        assert self._files is not None
        self._files.moved(directory)

    def has_acknowledged(self, message_id: UniqueId) -> bool:
        """Whether this push was acknowledged before."""
        return message_id in self.acknowledged

    def acknowledge(self, message_id: UniqueId) -> None:
        """An in-process app has the push: it will be acknowledged."""
        key = message_key(message_id)
        self.acknowledged.add(key)
        self._note([state_log.ACKNOWLEDGED, key])

    def keep(self, bundle_id: str, push: Push) -> None:
        """The push will be acknowledged and waits for its app; see ``Inbox.has_room``."""
        self.inbox.put(bundle_id, push)
        self.acknowledged.add(message_key(push.message_id))
        self._note([state_log.WAITS, bundle_id, push_to_map(push)])

    def taken(self, bundle_id: str, message_id: UniqueId) -> bool:
        """The app has a push that waited; whether it did."""
        if not self.inbox.take(bundle_id, message_id):
            return False
        self._note([state_log.TAKEN, bundle_id, message_key(message_id)])
        return True

    def clear(self, bundle_id: str) -> None:
        """Nothing waits for an app that is gone, and nothing of it is on the screen."""
        self.wipe(bundle_id)
        self._note([state_log.CLEARED, bundle_id])

    def forget(self, tenant: Tenant) -> None:
        """An app has never been there, and what it had acknowledged was nothing."""
        self.apps.forget(tenant)
        self.spent.forget(tenant.bundle_id)
        self.clear(tenant.bundle_id)

    def reached(self, app: App, mark: ChannelMark) -> None:
        """The app has, or will get, the channel's messages up to this one."""
        app.channels[mark.channel_id] = mark.last_message_ns
        self._note([state_log.REACHED, app.bundle_id, mark.channel_id, mark.last_message_ns])

    def wipe(self, bundle_id: str) -> None:
        """The same without a word in the log."""
        self.inbox.clear(bundle_id)
        self.screen.forget(bundle_id)
        self.activities = {
            name: each for name, each in self.activities.items() if each.bundle_id != bundle_id
        }

    def keep_activity(self, activity: LiveActivity) -> None:
        """An activity has begun or has changed."""
        self.activities[activity.activity_id] = activity
        self._note([state_log.ACTIVITY, activity.to_json()])

    def drop_activity(self, activity_id: str) -> None:
        """An activity has left the screen."""
        del self.activities[activity_id]
        self._note([state_log.ACTIVITY_GONE, activity_id])

    def forget_activities(self) -> None:
        """None of them is on the screen any more, and the lives of their tokens are over."""
        for activity in tuple(self.activities.values()):
            app = self.apps.require(activity.bundle_id)
            self.apps.expire(app, to_update(activity.activity_id))
            app.channels.pop(ChannelId(activity.channel or ""), None)
            self.drop_activity(activity.activity_id)

    async def commit(self) -> None:
        """Make what happened since the last commit survive this process.

        Raises:
            StateError: it could not be written; nothing is forgotten and the next commit tries
                again.
        """
        files = self._files
        if files is None:
            return
        if not files.is_synced:
            # No thread (160 µs a hop) for one small write into the page cache (about 10 µs).
            self._write(files, len(self._pending), self._compacted(files))
            return
        async with self._writing:  # waits for another task's commit, which may carry our records
            count, compacted = len(self._pending), self._compacted(files)
            await trio.to_thread.run_sync(self._write, files, count, compacted)

    def _note(self, record: list[Any]) -> None:
        if self._files is not None:
            self._pending.append(msgpack.packb(record))

    def _compacted(self, files: StateFiles) -> bytes | None:
        """The log anew if the old one is mostly history; noted by the loop's own thread."""
        if files.log_bytes < self._compact_bytes:
            return None
        records = state_log.true_records(self)
        self._compact_bytes = max(_COMPACT_BYTES, _COMPACT_RATIO * len(records))
        return records

    def _write(self, files: StateFiles, count: int, compacted: bytes | None) -> None:
        """Write the first ``count`` records; the loop may note more while a thread is here."""
        if compacted is not None:
            files.replace_log(compacted)
        elif count:
            files.append_to_log(b"".join(self._pending[:count]))
        del self._pending[:count]

    def _replay(self, data: bytes) -> None:
        """Live through the log again; a record cut short by a crash ends it."""
        unpacker = msgpack.Unpacker(max_buffer_size=0)
        unpacker.feed(data)
        try:
            for record in unpacker:
                state_log.relive(self, record)
        except _UNREADABLE as error:
            log.warning(
                "device %s: pushes.log is unreadable from byte %d on (%s); what follows is lost",
                self.device_id, unpacker.tell(), error,
            )  # fmt: skip
        records = state_log.true_records(self)
        if self._files is not None and len(records) != len(data):
            self._files.replace_log(records)
