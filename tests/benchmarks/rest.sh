#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# GET /networks with many networks against the engine's own time: rest.sh [NETWORKS [REQUESTS]]. Needs a
# built project; progress goes to stderr, the last line of stdout is the result in JSON.
set -eu
cd "$(dirname "$0")/../.."
if [ ! -e engine-plugin/server/target/ovirt-isolated-ports.war ] || [ ! -d engine-plugin/server/target/server ]; then
  ${MVN:-mvn} -q -B -ntp -DskipTests -pl tests/integration -am package >&2
fi
${MVN:-mvn} -q -B -ntp -pl tests/integration -am test-compile dependency:build-classpath \
  -Dmdep.includeScope=test -Dmdep.outputFile=target/test.classpath >&2
tests=tests/integration/target
exec java -Xmx1g -Disolated-ports.project="$PWD" -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
  -cp "$tests/test-classes:$tests/classes:$(cat $tests/test.classpath)" \
  org.ovirt.isolatedports.rest.RestBenchmark "$@"
