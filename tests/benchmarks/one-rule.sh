#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What one more rule costs the server where hosts have 100,000: one-rule.sh [NETWORKS [RULES [CHANGES]]].
set -eu
exec sh "$(dirname "$0")/with-server-classes" \
  org.ovirt.isolatedports.server.rulesets.OneMoreRuleBenchmark "$@"
