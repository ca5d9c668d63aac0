#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All tests, with their own set-up: unit tests, WildFly and PostgreSQL, real guests, the host side.
# The last line sums up: "N passed, N failed, N skipped". Exit 0 only if nothing failed; with CI=true
# a skipped test is a failure too.
set -u
cd "$(dirname "$0")" || exit 1

if [ "$(id -u)" -ne 0 ]; then
  echo "test.sh needs root: it makes network namespaces and bridges and starts libvirt with real" >&2
  echo "guests. What needs no root runs with: mvn verify" >&2
  exit 77
fi

. packaging/build-tools.sh
need_build_tools || exit 1
need_test_tools || exit 1
tests/host-lab/install-packages.sh || exit 1

# Reports of an earlier run must not be counted.
find . -path '*/target/*-reports/TEST-*.xml' -delete

# The host side needs nothing of the build, and a core to spare is there while that compiles.
mkdir -p target
setsid vdsm-hook/test.sh > target/vdsm-hook-tests.log 2>&1 &
host=$!
# The portal plugin in a browser needs what Maven builds, and runs beside its last modules; what it
# looks like is in target/screenshots.
integrated=tests/integration/target/failsafe-reports/failsafe-summary.xml
ended=target/maven-ended
rm -f "$integrated" "$ended"
# shellcheck disable=SC2016 # expands its own arguments
setsid sh -c 'until [ -e "$1" ] || [ -e "$2" ]; do sleep 1; done; exec ui-extension/test.sh' \
  sh "$integrated" "$ended" > target/browser-tests.log 2>&1 &
portal=$!
trap 'kill -- "-$host" "-$portal" 2> /dev/null' EXIT
trap 'exit 130' INT TERM
build=0
mvn -B -ntp -Proot -Dmaven.test.failure.ignore=true -fae verify || build=$?
touch "$ended"
python=0
wait "$host" || python=$?
browser=0
wait "$portal" || browser=$?
trap - EXIT INT TERM
cat target/vdsm-hook-tests.log target/browser-tests.log

exec python3 tests/sum-up.py --maven-exit "$build" --host-exit "$python" --browser-exit "$browser" \
  --host-log target/vdsm-hook-tests.log ${CI:+--no-skips}
