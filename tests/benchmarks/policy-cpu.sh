#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares this checkout with another one, in processor time of one thread and turn by turn, so that
# it can be done on a busy machine; see docs/benchmarks.md. Both need to be built:
#   mvn -DskipTests -pl tests/benchmarks -am package
#   tests/benchmarks/run.sh policy-cpu OTHER_CHECKOUT [ROUNDS [NAME...]]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
this=$(cd "$here/../.." && pwd)
other=$(cd "${1:?the other checkout}" && pwd)
rounds=${2:-5}
[ $# -lt 2 ] || shift
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for build in other this; do
  eval "checkout=\$$build"
  if [ ! -d "$checkout/tests/benchmarks/target/lib" ]; then
    echo "$0: build $checkout first: mvn -DskipTests -pl tests/benchmarks -am package" >&2
    exit 1
  fi
  mkdir "$work/$build"
  # The same measurements, against the classes of that build.
  javac -nowarn -proc:none -d "$work/$build" \
    -cp "$checkout/tests/benchmarks/target/classes:$checkout/tests/benchmarks/target/lib/*" \
    "$here/src/main/java/org/ovirt/isolatedports/benchmarks/PolicyCpu.java"
done
figures=$work/figures
round=0
while [ "$round" -lt "$rounds" ]; do
  for build in other this; do
    eval "checkout=\$$build"
    java -Xmx1500m -XX:+UseSerialGC \
      -cp "$work/$build:$checkout/tests/benchmarks/target/classes:$checkout/tests/benchmarks/target/lib/*" \
      org.ovirt.isolatedports.benchmarks.PolicyCpu 6 5 "$@" | sed "s/^/$build /" >> "$figures"
  done
  round=$((round + 1))
done
sort -k2,2 -k1,1 -k3,3n "$figures" | awk '
  { key = $1 " " $2; n[key]++; v[key, n[key]] = $3; names[$2] = 1 }
  END {
    printf "{"
    for (name in names) {
      o = "other " name; t = "this " name
      om = v[o, int((n[o] + 1) / 2)]; tm = v[t, int((n[t] + 1) / 2)]
      printf "%s\"%s\": {\"other_min_ms\": %s, \"other_median_ms\": %s, \"min_ms\": %s, \"median_ms\": %s, \"ratio_min\": %.2f, \"ratio_median\": %.2f}", sep, name, v[o, 1], om, v[t, 1], tm, v[t, 1] / v[o, 1], tm / om
      sep = ", "
    }
    print "}"
  }'
