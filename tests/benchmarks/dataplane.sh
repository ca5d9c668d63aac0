#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What rules cost a frame, against a bridge without any: dataplane.sh [COUNT...]. As root. Stateful
# ones with dataplane.py --stateful, on a kernel that tracks the connections of bridges.
# Needs the module built: mvn -pl tests/benchmarks -am package.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
if [ ! -d "$here/target/lib" ]; then
  echo "$0: build first: mvn -pl tests/benchmarks -am package" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "$0 needs root: it makes network namespaces and bridges." >&2
  exit 1
fi
"$root/tests/host-lab/install-packages.sh"
missing=
for package in sockperf iperf3; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' $package 2> /dev/null || true)" = installed ] ||
    missing="$missing $package"
done
# shellcheck disable=SC2086 # a list of names
[ -z "$missing" ] || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
  $missing >&2
[ $# -gt 0 ] || set -- 100 1000 10000 100000

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
java -Xmx3g -cp "$here/target/classes:$here/target/lib/*" \
  org.ovirt.isolatedports.benchmarks.DataplaneRules "$work/rules" "$@" > "$work/compiled"
/usr/bin/python3 "$here/dataplane.py" "$work/rules" "$@" > "$work/measured"
cat "$work/compiled" "$work/measured" | /usr/bin/python3 -c '
import json, sys
figures = {}
for line in sys.stdin:
    figures.update(json.loads(line))
print(json.dumps(figures))'
