#!/bin/sh
# What the image runs: apnsim with the words of `docker run`, and before a gateway starts, what
# others need of it: a console token, because its ports are open to more than this machine, and the
# CA where another container can read it.
set -eu

ca_dir=${APNSIM_CA_DIR:-/ca}

if [ "${1:-}" = serve ]; then
  if [ -z "${APNSIM_CONSOLE_TOKEN:-}" ]; then
    token_file=$APNSIM_DATA_DIR/console-token
    if [ ! -s "$token_file" ]; then
      (umask 077 && python -c 'import secrets; print(secrets.token_urlsafe(24))' >"$token_file")
    fi
    APNSIM_CONSOLE_TOKEN=$(cat "$token_file")
    export APNSIM_CONSOLE_TOKEN
    echo "the console demands a token: docker exec CONTAINER cat $token_file" >&2
  fi
  if [ -w "$ca_dir" ]; then
    apnsim certs ca --pem >"$ca_dir/.ca.pem"
    chmod 644 "$ca_dir/.ca.pem"
    mv "$ca_dir/.ca.pem" "$ca_dir/ca.pem"
  fi
fi

exec apnsim "$@"
