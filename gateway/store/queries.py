"""Every statement that the verbs use, in one place: each is served by an index of ``schema``.

No RETURNING: SQLite before 3.35 (RHEL 9's, for one) does not know it.
"""

from gateway.store.schema import (
    BROADCAST_COLUMNS,
    CHANNEL_COLUMNS,
    NOTIFICATION_COLUMNS,
    REGISTRATION_COLUMNS,
)

SQL = {
    "present": "SELECT 1 FROM session WHERE device = ?",
    "current": "SELECT 1 FROM session WHERE device = ? AND fence = ?",
    "replaceable": (
        "SELECT seq FROM notification WHERE device = ? AND topic = ? AND expires_at > ?"
    ),
    "insert": (
        f"INSERT INTO notification (device, {NOTIFICATION_COLUMNS})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    "name": "SELECT unique_id FROM notification WHERE seq = ?",
    "delete": "DELETE FROM notification WHERE seq = ?",
    "acknowledge": "DELETE FROM notification WHERE seq = ? AND device = ?",
    "attach": "INSERT OR REPLACE INTO session (device, node) VALUES (?, ?)",
    "detach": "DELETE FROM session WHERE device = ? AND fence = ?",
    "settle": "SELECT seq, topic, expires_at FROM notification WHERE device = ? ORDER BY seq",
    "fetch": (
        f"SELECT seq, {NOTIFICATION_COLUMNS} FROM notification"
        " WHERE device = ? AND seq > ? AND expires_at > ? ORDER BY seq LIMIT ?"
    ),
    "waiting": (
        f"SELECT seq, device, {NOTIFICATION_COLUMNS} FROM notification"
        " WHERE seq > ? ORDER BY seq LIMIT ?"
    ),
    "refill": (
        f"INSERT INTO notification (seq, device, {NOTIFICATION_COLUMNS})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    "count": "SELECT count(*) FROM notification WHERE device = ?",
    "expired": (
        "SELECT seq FROM notification WHERE expires_at <= ? ORDER BY expires_at, seq LIMIT ?"
    ),
    "next expiry": "SELECT min(expires_at) FROM notification",
    "seen": (
        "SELECT seq, unique_id FROM seen WHERE device = ? AND apns_id = ? AND accepted_at >= ?"
    ),
    "see": (
        "INSERT OR REPLACE INTO seen (device, apns_id, accepted_at, unique_id, seq, topic)"
        " VALUES (?, ?, ?, ?, ?, ?)"
    ),
    "stale": "SELECT device, apns_id FROM seen WHERE accepted_at < ? LIMIT ?",
    "forget": "DELETE FROM seen WHERE device = ? AND apns_id = ?",
    "register": (
        "INSERT OR REPLACE INTO registration"
        f" ({REGISTRATION_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    "unregister": (
        "UPDATE registration SET unregistered_at = ?, is_expired = ?"
        " WHERE token = ? AND unregistered_at IS NULL"
    ),
    "registrations": (
        f"SELECT {REGISTRATION_COLUMNS} FROM registration WHERE token > ? ORDER BY token LIMIT ?"
    ),
    "create channel": f"INSERT INTO channel ({CHANNEL_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
    "delete channel": "DELETE FROM channel WHERE channel_id = ?",
    "channels": (
        f"SELECT {CHANNEL_COLUMNS} FROM channel WHERE channel_id > ? ORDER BY channel_id LIMIT ?"
    ),
    "newest": (
        "SELECT max(checkpoint) FROM (SELECT checkpoint FROM channel WHERE channel_id = ?"
        " UNION ALL SELECT checkpoint FROM broadcast WHERE channel_id = ?)"
    ),
    "advance": "UPDATE channel SET checkpoint = ? WHERE channel_id = ?",
    "unpublish": "DELETE FROM broadcast WHERE channel_id = ?",
    "publish": (
        f"INSERT INTO broadcast ({BROADCAST_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    "broadcasts": (
        f"SELECT {BROADCAST_COLUMNS} FROM broadcast"
        " WHERE channel_id > ? ORDER BY channel_id LIMIT ?"
    ),
    "forget broadcasts": "DELETE FROM broadcast WHERE expires_at <= ?",
}
