#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Waits until our scheduler answers, so that the engine, which is started after us, finds it: the engine
# asks for filters once, at its start. Gives up quietly, as an engine without us is better than none.
set -eu

url=http://127.0.0.1:${ISOLATED_PORTS_SCHEDULER_PORT:-18781}/
question='<methodCall><methodName>discover</methodName><params/></methodCall>'
# Below the unit's TimeoutStartSec, which would end the server.
until=$(($(date +%s) + 90))
while [ "$(date +%s)" -lt "$until" ]; do
  answer=$(curl -sf --noproxy '*' --max-time 2 -H 'Content-Type: text/xml' --data "$question" "$url" || :)
  case $answer in
    *isolated_ports*) exit 0 ;;
  esac
  sleep 0.5
done
echo "The scheduler does not answer at $url: an engine started now runs without the filter" \
  "isolated_ports until its next start." >&2
