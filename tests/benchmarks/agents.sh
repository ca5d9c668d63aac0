#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How soon 400 hosts have what an administrator changed: agents.sh [HOSTS [VNICS [CHANGES]]].
set -eu
exec sh "$(dirname "$0")/with-server-classes" \
  org.ovirt.isolatedports.server.hosts.AgentsBenchmark "$@"
