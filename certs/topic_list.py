"""The list of topics in a provider's certificate, in ASN.1 DER.

One flat SEQUENCE of pairs: ``UTF8String topic, SEQUENCE { UTF8String kind }`` (measured:
alloy/lowdown#23; Pushy's test certificates). The libraries at hand do not know such a mixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_UTF8_STRING, _PRINTABLE_STRING, _IA5_STRING, _SEQUENCE = 0x0C, 0x13, 0x16, 0x30
_TEXTS = frozenset({_UTF8_STRING, _PRINTABLE_STRING, _IA5_STRING})
_LONG_FORM = 0x80
_LENGTH_BYTES = 2  # an extension of 64 KB is none


def written_topics(topics: Iterable[tuple[str, str]]) -> bytes:
    """Write pairs of topic and kind."""
    content = b""
    for topic, kind in topics:
        content += _element(_UTF8_STRING, topic.encode())
        content += _element(_SEQUENCE, _element(_UTF8_STRING, kind.encode()))
    return _element(_SEQUENCE, content)


def read_topics(der: bytes) -> list[str]:
    """Read the topics; kinds, and whatever else stands between, are passed over.

    Raises:
        ValueError: it is not one SEQUENCE of whole elements, or a topic is no text.
    """
    elements = list(_elements(der))
    if [tag for tag, _ in elements] != [_SEQUENCE]:
        raise ValueError("expected one SEQUENCE")
    [(_, content)] = elements
    return [text.decode("utf-8") for tag, text in _elements(content) if tag in _TEXTS]


def _element(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < _LONG_FORM:
        return bytes((tag, length)) + content
    size = (length.bit_length() + 7) // 8
    return bytes((tag, _LONG_FORM | size)) + length.to_bytes(size) + content


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each, in order (X.690 §8.1)."""
    at = 0
    while at < len(data):
        tag, start, length = data[at], at + 2, data[at + 1] if at + 1 < len(data) else -1
        if length >= _LONG_FORM:
            size = length - _LONG_FORM
            if not 0 < size <= _LENGTH_BYTES:
                raise ValueError("expected lengths of DER")
            start += size
            length = int.from_bytes(data[at + 2 : start])
        at = start + length
        if length < 0 or at > len(data):
            raise ValueError("expected whole elements")
        yield tag, data[start:at]
