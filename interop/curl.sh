#!/usr/bin/env bash
# curl as a provider. Each line of stdin is a JSON array of pushes; each line of stdout is the
# array of answers. The pushes of a line share one curl and so one connection, one after the other.
set -euo pipefail

bearer=${APNSIM_KEY_FILE:+bearer $(apnsim keys token)}

# A push becomes a section of a curl configuration file.
sections='
  def header($name): values | "header = " + ("\($name): \(.)" | @json);
  def url:
    if .token then env.APNSIM_PROVIDER_URL + "/3/device/" + .token
    elif .channel_id then env.APNSIM_PROVIDER_URL + "/4/broadcasts/apps/" + .bundle_id
    else env.APNSIM_MANAGE_URL + "/1/apps/" + .bundle_id + "/channels" end;
  def section: [
    "url = " + (url | @json),
    "cacert = " + (env.APNSIM_CA_FILE | @json),
    (env.APNSIM_CERTIFICATE_FILE | values | "cert = " + @json),
    (env.APNSIM_PROXY_URL | values | "proxy = " + @json),
    "http2", "silent", "show-error",
    ($bearer | select(. != "") | header("authorization")),
    (.topic | header("apns-topic")),
    (.push_type | header("apns-push-type")),
    (.priority | header("apns-priority")),
    (.expiration | header("apns-expiration")),
    (.collapse_id | header("apns-collapse-id")),
    (.apns_id | header("apns-id")),
    (.channel_id | header("apns-channel-id")),
    "data-raw = " + (.payload | tojson | @json),
    "write-out = " + (
      "{\"status\": \"%{http_code}\", \"failure\": %{exitcode}, \"headers\": %{header_json}}\n"
      | @json)
  ] | join("\n");
  map(section) | join("\nnext\n")'

# What comes back is, for each push, the body (if any) and then what write-out says.
answers='
  reduce .[] as $part ({answers: [], body: {}};
    if $part | has("headers")
    then .answers += [
        if $part.failure != 0 then {error: "curl: exit code \($part.failure)"}
        else {
          status: $part.status | tonumber,
          apns_id: ($part.headers["apns-id"] // $part.headers["apns-request-id"])[0],
          channel_id: ($part.headers["apns-channel-id"] // [])[0]
        } + .body end]
      | .body = {}
    else .body = $part end)
  | .answers'

while read -r pushes; do
  jq --raw-output --arg bearer "$bearer" "$sections" <<<"$pushes" |
    { curl --config - || true; } | jq --compact-output --slurp "$answers"
done
