#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job on real parts: our server, an engine stand-in and two simulated hosts with real guests,
# through the eight steps of oVirt's feature page, then roles and policies. See README.md, or: ./demo.sh --help
set -eu
cd "$(dirname "$0")"

for argument in "$@"; do
  case $argument in
    -h | --help)
      cat <<'HELP'
usage: ./demo.sh [--native on|off] [--guests auto|kvm|tcg|netns] [--keep]
                 [--hook on|off] [--switch-protected on|off]

  --native on           an engine that knows port_isolation and writes <port> itself (default: off)
  --guests KIND         auto: KVM if a trial boot works, else TCG (default); netns: namespaces only
  --keep                leave everything running and print the URLs; Ctrl-C ends it
  --hook off            sabotage: leave the VDSM hook out; the demo must fail
  --switch-protected off  sabotage: leave the switch's ports unprotected; the rows across hosts must fail

Writes target/demo/report.json. Exit 0 only if every step went as it should.
HELP
      exit 0
      ;;
  esac
done

if [ "$(id -u)" -ne 0 ]; then
  echo "demo.sh needs root: it makes network namespaces and bridges, and starts libvirt with real" >&2
  echo "guests in them. It also installs the Debian packages it lacks." >&2
  exit 77
fi

. packaging/build-tools.sh
need_build_tools
tests/host-lab/install-packages.sh

built=target/demo/built
classpath=tests/integration/target/demo.classpath
sources="pom.xml engine-plugin tests ui-extension/src ui-extension/package-lock.json"
# shellcheck disable=SC2086
if [ ! -e "$built" ] || [ -n "$(find $sources -newer "$built" \
  \( -name '*.java' -o -name 'pom.xml' -o -name '*.cli' -o -name '*.xml' -o -name '*.sql' \
  -o -name '*.ts' -o -name '*.tsx' -o -name '*.css' -o -name '*.js' -o -name '*.html' -o -name '*-lock.json' \) \
  -not -path '*/target/*' -print -quit)" ]; then
  echo "Building (a few minutes the first time) ..."
  mkdir -p target/demo
  mvn -B -q -ntp -DskipTests package
  touch "$built"
fi

exec java -cp "tests/integration/target/classes:$(cat "$classpath")" \
  -Disolated-ports.project="$PWD" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
  org.ovirt.isolatedports.demo.Demo "$@"
