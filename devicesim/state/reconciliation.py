"""What a device's two files must agree about: description and log are not written at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devicesim.token_keys import to_update

if TYPE_CHECKING:
    from devicesim.state.device_state import DeviceState


def reconcile(state: DeviceState) -> None:
    """Mend a state that was just read; a crash may have come between the files.

    The description decides which apps there are, the log which of their activities run. Tokens of
    others have expired.
    """
    for bundle_id in {each.bundle_id for each in state.activities.values()}:
        if state.apps.get(bundle_id) is None:
            state.clear(bundle_id)
    for app in state.apps:
        running = {
            to_update(each.activity_id): None
            for each in state.activities.values()
            if each.bundle_id == app.bundle_id and each.has_token
        }
        for purpose in [each for each in app.purposes if each not in running]:
            if app.activity_key(purpose).activity_id is not None:
                state.apps.expire(app, purpose)
        for purpose in running:
            state.apps.want(app, purpose)
