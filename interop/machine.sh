#!/bin/sh
# Runs a command on a machine of its own, as far as networks go: nothing but loopback, where
# Apple's host names lead too. To be started in a mount and a network namespace of its own.
set -e
ip link set lo up
hosts=$(mktemp)
echo "127.0.0.1 localhost api.push.apple.com api.sandbox.push.apple.com api.development.push.apple.com" >"$hosts"
mount --bind "$hosts" /etc/hosts
rm "$hosts"
exec "$@"
