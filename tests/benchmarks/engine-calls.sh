#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Requests to the engine a minute, idle and busy: engine-calls.sh [SECONDS]. Progress goes to stderr, the
# last line of stdout is the result in JSON.
set -eu
cd "$(dirname "$0")/../.."
${MVN:-mvn} -q -B -ntp -pl engine-plugin/server -am test-compile dependency:build-classpath \
  -Dmdep.includeScope=test -Dmdep.outputFile=target/test.classpath >&2
server=engine-plugin/server/target
exec java -Xmx1g -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
  -cp "$server/test-classes:$server/classes:$(cat $server/test.classpath)" \
  org.ovirt.isolatedports.server.violations.EngineCallsBenchmark "$@"
