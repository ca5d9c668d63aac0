#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How long policies take to compile, to change and to look through; see docs/benchmarks.md.
# Needs the module built: mvn -pl tests/benchmarks -am package.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ ! -d "$here/target/lib" ]; then
  echo "$0: build first: mvn -pl tests/benchmarks -am package" >&2
  exit 1
fi
exec java -cp "$here/target/classes:$here/target/lib/*" \
  org.ovirt.isolatedports.benchmarks.PolicyBenchmark
