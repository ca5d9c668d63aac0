#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs one benchmark: tests/benchmarks/run.sh NAME [ARGUMENTS]. Each is a script NAME.sh beside
# this one, and prints one JSON object as its last line.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
name=${1:-}
case $name in
  '' | *[!a-z0-9-]* | run) script= ;;
  *) script=$here/$name.sh ;;
esac
if [ -z "$script" ] || [ ! -f "$script" ]; then
  echo "usage: $0 NAME, with one of:$(cd "$here" && ls ./*.sh | sed -n 's|^\./\(.*\)\.sh$| \1|p' | grep -vx ' run' | tr -d '\n')" >&2
  exit 64
fi
shift
exec sh "$script" "$@"
