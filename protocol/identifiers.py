"""Names of things, each a value that has been believed once.

An identifier is built with ``parse()``, which accepts exactly what APNs accepts and raises
:class:`InvalidIdentifierError` otherwise; past that point no raw string travels. All are
subclasses of ``str`` or ``bytes``: they hash, compare and serialise as the plain value does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from functools import lru_cache
from typing import Self


class InvalidIdentifierError(ValueError):
    """The text is not an identifier of this kind; the message says what was expected."""


class DeviceToken(bytes):
    """What a provider pushes to: opaque bytes, one per device, topic, environment and purpose.

    Apple: "device tokens are of variable length. Do not hard-code their size", so any length
    from 1 to 100 bytes is well formed (Apple announced "up to 100 bytes" in 2015).
    """

    __slots__ = ()
    MAX_BYTES = 100

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the hexadecimal form used in ``/3/device/<token>``; either letter case.

        Raises:
            InvalidIdentifierError: not hexadecimal, odd in length, empty, or over 100 bytes.
        """
        try:
            raw = bytes.fromhex(text)
        except ValueError:
            raise InvalidIdentifierError(
                "a device token is an even number of hexadecimal digits"
            ) from None
        # bytes.fromhex() skips white space, which APNs does not.
        if not 0 < len(raw) <= cls.MAX_BYTES or len(raw) * 2 != len(text):
            raise InvalidIdentifierError(
                f"a device token is 1 to {cls.MAX_BYTES} bytes in hexadecimal"
            )
        return cls(raw)

    def __str__(self) -> str:
        return self.hex()

    def __repr__(self) -> str:
        return f"DeviceToken({self.hex()[:8]}…)"


class _Text(str):
    """A string that matches its class's pattern."""

    __slots__ = ()
    PATTERN: re.Pattern[str]
    EXPECTED: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Believe the text once.

        Raises:
            InvalidIdentifierError: it is not of this kind; says what was expected.
        """
        if cls.PATTERN.fullmatch(text) is None:
            raise InvalidIdentifierError(f"{cls.EXPECTED}, not {text[:80]!r}")
        return cls(text)


class Topic(_Text):
    """What a push is about: a bundle id, with a suffix for some push types (``….voip``)."""

    __slots__ = ()
    PATTERN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.ASCII)
    EXPECTED = "a topic is letters, digits, hyphens and underscores in parts separated by dots"
    MAX_LENGTH = 255

    @classmethod
    def parse(cls, text: str) -> Self:
        """Believe the text once; at most 255 characters.

        Raises:
            InvalidIdentifierError: it is not a topic.
        """
        if len(text) > cls.MAX_LENGTH:
            raise InvalidIdentifierError(
                f"a topic has at most {cls.MAX_LENGTH} characters, not {len(text)}"
            )
        return super().parse(text)


class BundleId(Topic):
    """The name of an app, such as ``com.example.app``: the topic of its alerts."""

    __slots__ = ()
    EXPECTED = "a bundle id is letters, digits, hyphens and underscores in parts separated by dots"


class HashedTopic(Topic):
    """A topic of which only the SHA-1 is known: that is how Apple's devices name one.

    Spelt ``#`` and 40 digits, which no provider can say, as :meth:`Topic.parse` refuses it.
    """

    __slots__ = ()
    DIGEST_BYTES = 20
    PATTERN = re.compile(r"#[0-9a-f]{40}", re.ASCII)
    EXPECTED = "a hashed topic is # and 40 hexadecimal digits"

    @classmethod
    def of(cls, topic: Topic) -> HashedTopic:
        """The same topic by its hash; one that is hashed already stays as it is."""
        return _hashed(topic)

    @classmethod
    def from_digest(cls, digest: bytes) -> Self:
        """What a device has said: 20 bytes."""
        return cls(f"#{digest.hex()}")

    @property
    def digest(self) -> bytes:
        """The 20 bytes of the SHA-1."""
        return bytes.fromhex(self[1:])


# Few topics are in many pushes.
@lru_cache(maxsize=4096)
def _hashed(topic: Topic) -> HashedTopic:
    if topic.startswith("#"):
        return HashedTopic(topic)
    # The wire's choice, not ours; it protects nothing.
    return HashedTopic.from_digest(hashlib.sha1(topic.encode(), usedforsecurity=False).digest())


class TokenPurpose(str):
    """Which of a device's tokens for one topic; empty for the app's own.

    The others are those of ActivityKit, which share a topic and differ in what they are for: one
    per attributes type to start Live Activities, one per running activity to update it. Devices
    choose the words; to the gateway one purpose is only different from another.
    """

    __slots__ = ()
    MAX_LENGTH = 255

    @classmethod
    def parse(cls, text: str) -> Self:
        """Believe the text once.

        Raises:
            InvalidIdentifierError: not printable, or over 255 characters.
        """
        if len(text) > cls.MAX_LENGTH or not text.isprintable():
            raise InvalidIdentifierError(
                f"a token's purpose is at most {cls.MAX_LENGTH} printable characters,"
                f" not {text[:80]!r}"
            )
        return cls(text)


APP_PURPOSE = TokenPurpose("")
"""The purpose of the token that an app has for a topic by itself."""


class ApnsId(_Text):
    """``apns-id``: a canonical UUID; kept byte for byte because clients match answers by it."""

    __slots__ = ()
    PATTERN = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
    EXPECTED = "an apns-id is a UUID of 8-4-4-4-12 hexadecimal digits"

    @classmethod
    def from_random(cls, raw: bytes) -> Self:
        """Make one as the gateway does: upper case, 16 random bytes, not an RFC 4122 version.

        Measured on Apple's servers: ``F4121B12-E0BF-3266-F079-D9253E98BF49``.
        """
        return cls(_grouped(raw.hex().upper()))


class UniqueId(_Text):
    """``apns-unique-id``: the gateway's own name of one accepted push; lower case.

    It names the push on the courier link and in the store too, because a provider may repeat
    an ``apns-id``. Sample from Apple: ``4084a6e4-9ea8-6d2a-ca49-9a344a152da7``.
    """

    __slots__ = ()
    PATTERN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
    EXPECTED = "an apns-unique-id is a UUID of lower-case hexadecimal digits"

    @classmethod
    def from_random(cls, raw: bytes) -> Self:
        """Make one from 16 random bytes."""
        return cls(_grouped(raw.hex()))


class CollapseId(str):
    """``apns-collapse-id``: pushes that share it replace one another on the screen.

    Bytes that are no UTF-8 are kept as lone surrogates (``surrogateescape``), as Python does with
    file names: whoever writes one as JSON or UTF-8 must expect them.
    """

    __slots__ = ()
    MAX_BYTES = 64

    @classmethod
    def parse(cls, text: str) -> Self:
        """Believe the text once. Apple: "must not exceed 64 bytes", so bytes are counted.

        Raises:
            InvalidIdentifierError: longer than 64 bytes of UTF-8, or not text at all.
        """
        try:
            size = len(text.encode("utf-8", "surrogateescape"))
        except UnicodeEncodeError:
            raise InvalidIdentifierError("a collapse id is UTF-8 text") from None
        if size > cls.MAX_BYTES:
            raise InvalidIdentifierError(
                f"a collapse id has at most {cls.MAX_BYTES} bytes, not {size}"
            )
        return cls(text)


class ChannelId(str):
    """``apns-channel-id``: base64 text, as the gateway gave it out; compared byte for byte.

    Apple: do not assume a size; a sample of theirs has 16 bytes (``dHN0LXNyY2gtY2hubA==``). What is
    bounded here, as for device tokens, is how much anyone may make us look up.
    """

    __slots__ = ()
    MAX_BYTES = 100

    @classmethod
    def parse(cls, text: str) -> Self:
        """Believe the text once.

        Raises:
            InvalidIdentifierError: empty, not base64 (padding included), or over 100 bytes.
        """
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidIdentifierError(f"a channel id is base64, not {text[:80]!r}") from None
        if not 0 < len(raw) <= cls.MAX_BYTES:
            raise InvalidIdentifierError(
                f"a channel id is 1 to {cls.MAX_BYTES} bytes in base64, not {len(raw)}"
            )
        return cls(text)

    @classmethod
    def from_random(cls, raw: bytes) -> Self:
        """Make one; 16 random bytes are never given out twice."""
        return cls(base64.b64encode(raw).decode("ascii"))


class TeamId(_Text):
    """The ten characters that name a developer team: ``iss`` of a provider token."""

    __slots__ = ()
    PATTERN = re.compile(r"[A-Z0-9]{10}", re.ASCII)
    EXPECTED = "a team id is ten upper-case letters and digits"


class KeyId(_Text):
    """The ten characters that name an authentication key: ``kid`` of a provider token."""

    __slots__ = ()
    PATTERN = re.compile(r"[A-Z0-9]{10}", re.ASCII)
    EXPECTED = "a key id is ten upper-case letters and digits"


class DeviceId(_Text):
    """The name of one device: the subject common name of its certificate."""

    __slots__ = ()
    PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
    EXPECTED = "a device id is 1 to 64 letters, digits, dots, hyphens and underscores"


def _grouped(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
