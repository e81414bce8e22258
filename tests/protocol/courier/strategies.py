"""Every courier message, as Hypothesis strategies."""

from __future__ import annotations

from hypothesis import strategies as st

from protocol.courier.channels import (
    ChannelMark,
    Channels,
    ChannelsResponse,
    ChannelsStatus,
    TopicChannels,
)
from protocol.courier.messages import (
    AckStatus,
    AppTokenInvalidate,
    AppTokenInvalidateResponse,
    AppTokenRequest,
    AppTokenResponse,
    Connect,
    ConnectResponse,
    ConnectStatus,
    Filter,
    KeepAlive,
    KeepAliveResponse,
    NoStorage,
    Push,
    PushAck,
    SetState,
    StorageFlags,
    TokenStatus,
)
from protocol.courier.proof import ConnectProof
from protocol.courier.upward import Upward, UpwardAck
from protocol.identifiers import (
    ApnsId,
    ChannelId,
    CollapseId,
    DeviceToken,
    TokenPurpose,
    Topic,
    UniqueId,
)
from protocol.notification import Priority, PushType

_part = st.text("abcXYZ019_-", min_size=1, max_size=12)
topics = st.lists(_part, min_size=1, max_size=5).map(lambda parts: Topic.parse(".".join(parts)))
topic_lists = st.lists(topics, max_size=5).map(tuple)
tokens = st.binary(min_size=1, max_size=DeviceToken.MAX_BYTES).map(DeviceToken)
unique_ids = st.binary(min_size=16, max_size=16).map(UniqueId.from_random)
apns_ids = st.binary(min_size=16, max_size=16).map(ApnsId.from_random)
# As a header gives it: any bytes.
collapse_ids = st.binary(max_size=CollapseId.MAX_BYTES).map(
    lambda raw: CollapseId.parse(raw.decode("utf-8", "surrogateescape"))
)
words = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=255)
purposes = words.map(TokenPurpose.parse)
u32 = st.integers(0, 2**32 - 1)
seconds = st.floats(0, 253_402_300_799, allow_nan=False)

proofs = st.builds(
    ConnectProof, st.binary(max_size=2000), st.binary(max_size=20), st.binary(max_size=256)
)
channel_ids = st.binary(min_size=1, max_size=ChannelId.MAX_BYTES).map(ChannelId.from_random)
channel_marks = st.builds(ChannelMark, channel_ids, st.integers(0, 2**63 - 1))
topic_channels = st.builds(
    TopicChannels,
    topics,
    st.lists(channel_marks, max_size=5).map(tuple),
    st.lists(channel_ids, max_size=5).map(tuple),
)

BY_TYPE = {
    Connect: st.builds(
        Connect, st.booleans(), words, words, words, st.none() | tokens, st.none() | proofs
    ),
    ConnectResponse: st.builds(
        ConnectResponse,
        st.sampled_from(ConnectStatus),
        seconds,
        st.integers(256, 2**32 - 1),
        words,
        st.none() | tokens,
    ),
    Filter: st.builds(Filter, topic_lists, topic_lists, topic_lists, topic_lists, topic_lists),
    Push: st.builds(
        Push,
        message_id=unique_ids,
        token=st.none() | tokens,
        topic=topics,
        payload=st.binary(max_size=5120),
        apns_id=apns_ids,
        push_type=st.sampled_from(PushType),
        priority=st.sampled_from(Priority),
        collapse_id=st.none() | collapse_ids,
        expires_at=seconds,
        sent_at=seconds,
        storage=st.sampled_from([StorageFlags(bits) for bits in range(4)]),
        channel=st.none() | channel_marks,
    ),
    PushAck: st.builds(PushAck, unique_ids, st.sampled_from(AckStatus)),
    KeepAlive: st.builds(KeepAlive, u32),
    KeepAliveResponse: st.just(KeepAliveResponse()),
    NoStorage: st.just(NoStorage()),
    AppTokenRequest: st.builds(AppTokenRequest, topics, st.booleans(), purposes),
    AppTokenResponse: st.builds(
        AppTokenResponse, st.sampled_from(TokenStatus), topics, st.none() | tokens, purposes
    ),
    SetState: st.builds(SetState, st.booleans(), u32),
    Channels: st.builds(
        Channels, u32, st.lists(topic_channels, max_size=5).map(tuple), st.booleans()
    ),
    ChannelsResponse: st.builds(
        ChannelsResponse,
        u32,
        st.sampled_from(ChannelsStatus),
        st.lists(channel_ids, max_size=5).map(tuple),
    ),
    AppTokenInvalidate: st.builds(AppTokenInvalidate, tokens, st.booleans()),
    AppTokenInvalidateResponse: st.builds(
        AppTokenInvalidateResponse, st.sampled_from(TokenStatus), tokens
    ),
    Upward: st.builds(Upward, u32, topics),
    UpwardAck: st.builds(UpwardAck, u32),
}
messages = st.one_of(*BY_TYPE.values())
