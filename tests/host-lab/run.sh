#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the host lab from the command line, as root:
#   run.sh events --count N --seed S   N random events and faults on real guests; JSON as its last line
# MVN names the Maven to use (default mvn). Exit 0 where nothing leaked and nobody was harmed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
usage() {
  echo "usage: $0 events [--count N] [--seed S]" >&2
  exit 64
}
[ "${1:-}" = events ] || usage
shift
count=1000
seed=1
while [ $# -gt 0 ]; do
  case "$1:${2:-}" in
    *:*[!0-9]* | *:) usage ;;
    --count:*) count=$2 ;;
    --seed:*) seed=$2 ;;
    *) usage ;;
  esac
  shift 2
done
if [ "$(id -u)" -ne 0 ]; then
  echo "$0 needs root: it makes namespaces, bridges and guests." >&2
  exit 1
fi
result=$(mktemp)
trap 'rm -f "$result"' EXIT
cd "$here/../.."
code=0
"${MVN:-mvn}" -q -Proot -pl tests/host-lab -am verify -Dit.test=EventStormLabIT \
  -Dsurefire.failIfNoSpecifiedTests=false -Dfailsafe.failIfNoSpecifiedTests=false \
  -Devents.count="$count" -Devents.seed="$seed" -Devents.result="$result" >&2 || code=$?
cat "$result"
exit "$code"
