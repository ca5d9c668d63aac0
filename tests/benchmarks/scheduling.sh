#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The external scheduler under load: scheduling.sh [SECONDS [HOSTS [VMS [NETWORKS]]]]. Progress goes to
# stderr, the last line of stdout is the result in JSON.
set -eu
exec sh "$(dirname "$0")/with-server-classes" \
  org.ovirt.isolatedports.server.scheduling.SchedulingBenchmark "$@"
