#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The jar follows this script in the same file; java finds it from the file's end.
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" ${ISOLATED_PORTS_JAVA_OPTS:--XX:+UseSerialGC -XX:TieredStopAtLevel=4} -jar "$0" "$@"
exit 1
