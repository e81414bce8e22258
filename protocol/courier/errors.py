"""The two ways in which the courier link can go wrong; the names are h11's.

::

    ProtocolError
    ├── LocalProtocolError    we said something that we may not say: our bug
    └── RemoteProtocolError   the peer did: close its link, and only its link

Every message says what happened and in which state, and is fit for one line of a log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protocol.courier.messages import Message


class ProtocolError(Exception):
    """The courier protocol was broken, by one side or the other."""


class LocalProtocolError(ProtocolError):
    """What was to be sent may not be sent now; nothing was, and the state is as before."""


class RemoteProtocolError(ProtocolError):
    """What was received may not be; the connection is CLOSED and stays so.

    ``messages`` are those of the same ``receive_data()`` that came before the fault: they were
    said in good order (an acknowledgement among them counts), so act on them, then close.
    """

    messages: tuple[Message, ...] = ()
