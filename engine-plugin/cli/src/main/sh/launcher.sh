#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The jar follows this script in the same file; java finds it from the file's end. On an engine's
# machine the default java may be older than the 17 we need: where Enterprise Linux has that is asked first.
java=java
for home in "${JAVA_HOME:-}" /usr/lib/jvm/jre-17 /usr/lib/jvm/jre-21; do
  if [ -n "$home" ] && [ -x "$home/bin/java" ]; then
    java=$home/bin/java
    break
  fi
done
# shellcheck disable=SC2086 # a list of options
exec "$java" ${ISOLATED_PORTS_JAVA_OPTS:--XX:+UseSerialGC -XX:TieredStopAtLevel=4} -jar "$0" "$@"
exit 1
