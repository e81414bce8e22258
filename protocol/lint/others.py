"""Warnings about push types whose payload is not for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.lint.finding import Found
from protocol.lint.words import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.lint.push import Push


def content_changed(push: Push) -> Iterator[Found]:
    """A push to widgets or controls lacks content-changed: true."""
    value = push.aps.get("content-changed")
    if value is not True:
        what = "is missing" if value is None else f"is true, not {shown(value)}"
        yield Found("aps.content-changed", what, 'send {"aps": {"content-changed": true}}')


def mdm_magic(push: Push) -> Iterator[Found]:
    """An MDM push lacks the PushMagic of its device."""
    assert push.payload is not None
    if not isinstance(push.payload.get("mdm"), str):
        advice = 'send {"mdm": "<PushMagic>"}, the text that the device gave with its token'
        yield Found("mdm", "is missing, or no text: the device does not ask its server", advice)


def container(push: Push) -> Iterator[Found]:
    """A push to a file provider names no container."""
    assert push.payload is not None
    if not isinstance(push.payload.get("container-identifier"), str):
        what = "is missing, or no text: nothing is signalled"
        advice = "name what has changed, such as NSFileProviderWorkingSetContainerItemIdentifier"
        yield Found("container-identifier", what, advice)
