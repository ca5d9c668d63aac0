#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The portal plugin in Debian's Chromium, with the real server, the engine's stand-in and the portal's.
# Needs what "mvn package" has built. Pictures of every flow and state go to target/screenshots.
set -eu
cd "$(dirname "$0")"
rm -rf target/browser-reports ../target/screenshots
exec npm run --silent test:browser
