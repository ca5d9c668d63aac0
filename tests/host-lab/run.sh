#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the host lab from the command line, as root:
#   run.sh events --count N --seed S     N random events and faults on real guests
#   run.sh live-moves --count N          N live moves of a vNIC onto an isolated network under a flood
#   run.sh live-moves --count N --on debian   the same on Debian's kernel, in a guest: slow
#   run.sh seed-examples                 the document's eight examples, from REST to packets
# The outcome is JSON on the last line. MVN names the Maven to use (default mvn). Exit 0 where nothing
# leaked and nobody was harmed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
usage() {
  echo "usage: $0 events [--count N] [--seed S] | live-moves [--count N] [--on here|debian] |" \
    "seed-examples" >&2
  exit 64
}
number() {
  case "$1" in '' | *[!0-9]*) usage ;; esac
}
command=${1:-}
count=
seed=1
on=here
module=tests/host-lab
unit=DomainXmlTest
case "$command" in events | live-moves | seed-examples) shift ;; *) usage ;; esac
while [ $# -gt 1 ]; do
  case "$command:$1" in
    *:--count) number "$2"; count=$2 ;;
    events:--seed) number "$2"; seed=$2 ;;
    live-moves:--on) case "$2" in here | debian) on=$2 ;; *) usage ;; esac ;;
    *) usage ;;
  esac
  shift 2
done
[ $# -eq 0 ] || usage
if [ "$(id -u)" -ne 0 ]; then
  echo "$0 needs root: it makes namespaces, bridges and guests." >&2
  exit 1
fi
result=$(mktemp)
trap 'rm -f "$result"' EXIT
case "$command" in
  events)
    set -- -Dit.test=EventStormLabIT -Devents.count="${count:-1000}" -Devents.seed="$seed" \
      -Devents.result="$result"
    ;;
  live-moves)
    case "$on" in here) test=LiveMovesLabIT ;; debian) test=LiveMovesOnDebian ;; esac
    set -- -Dit.test="$test" -Dmoves.count="${count:-200}" -Dmoves.flag-only="${FLAG_ONLY:-0}" \
      -Dmoves.result="$result"
    ;;
  seed-examples)
    module=tests/integration
    unit=RulesTest
    set -- -Dit.test=SeedExamplesLabIT -Dseed-examples.result="$result"
    ;;
esac
cd "$here/../.."
code=0
# shellcheck disable=SC2086 # MVN may carry options
${MVN:-mvn} -q -Proot -pl "$module" -am verify "$@" -Dtest="$unit" \
  -Dsurefire.failIfNoSpecifiedTests=false -Dfailsafe.failIfNoSpecifiedTests=false >&2 || code=$?
cat "$result"
exit "$code"
