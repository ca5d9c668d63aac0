#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Requests to the engine a minute, idle and busy: engine-calls.sh [SECONDS]. Progress goes to stderr, the
# last line of stdout is the result in JSON.
set -eu
exec sh "$(dirname "$0")/with-server-classes" \
  org.ovirt.isolatedports.server.violations.EngineCallsBenchmark "$@"
