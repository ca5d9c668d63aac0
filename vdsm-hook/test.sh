#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All tests of the host side: flake8, mypy, unit and, as root, root tests.
# One line per suite: N passed, N failed, N skipped. Exit 1 where one fails.
# Needs Debian's packages flake8, mypy and python3-libvirt; for the root tests iproute2 and nftables.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here" || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0

# A check as a suite of one test; its output is shown where it fails.
check() {
  name=$1
  shift
  if "$@" >"$log" 2>&1; then
    echo "vdsm-hook $name: 1 passed, 0 failed, 0 skipped"
  else
    cat "$log"
    echo "vdsm-hook $name: 0 passed, 1 failed, 0 skipped"
    failed=1
  fi
}

# A unittest suite, counted from what unittest says at its end.
suite() {
  name=$1
  shift
  "$@" >"$log" 2>&1 </dev/null
  code=$?
  ran=$(sed -n 's/^Ran \([0-9]*\) tests\{0,1\} in.*/\1/p' "$log" | tail -n 1)
  last=$(grep -E '^(OK|FAILED)( |$)' "$log" | tail -n 1)
  bad=0
  for kind in failures errors 'unexpected successes'; do
    n=$(printf '%s' "$last" | sed -n "s/.*[(, ]$kind=\([0-9]*\).*/\1/p")
    bad=$((bad + ${n:-0}))
  done
  skipped=$(printf '%s' "$last" | sed -n 's/.*skipped=\([0-9]*\).*/\1/p')
  if [ "$code" -ne 0 ] || [ -z "$ran" ]; then
    cat "$log"
    failed=1
    [ "$bad" -gt 0 ] || bad=1
  fi
  ran=${ran:-$bad}
  echo "vdsm-hook $name: $((ran - bad - ${skipped:-0})) passed, $bad failed, ${skipped:-0} skipped"
}

check flake8 /usr/bin/python3 -m flake8 . bin/vdsm-hook bin/qemu-filter bin/isolated-ports-host
check mypy /usr/bin/python3 -m mypy isolated_ports tests
suite unit /usr/bin/python3 -m unittest
if [ "$(id -u)" -eq 0 ]; then
  suite root tests/root/run.sh tests.root.watch_test tests.root.faults_test tests.root.rules_test
else
  echo "vdsm-hook root: not run, as they need root"
fi
exit "$failed"
