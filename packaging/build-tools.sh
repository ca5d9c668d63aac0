# SPDX-License-Identifier: Apache-2.0
# Sourced by demo.sh and test.sh: installs what they themselves need where it is missing.

# What builds: Java, Maven, Python and npm. Node itself comes from the lock file of ui-extension.
need_build_tools() {
  missing=
  command -v javac >/dev/null 2>&1 || missing="$missing openjdk-17-jdk-headless"
  command -v mvn >/dev/null 2>&1 || missing="$missing maven"
  command -v python3 >/dev/null 2>&1 || missing="$missing python3"
  command -v npm >/dev/null 2>&1 || missing="$missing nodejs npm"
  install_missing
}

# What checks the Python code, a client of the REST API, and a browser.
need_test_tools() {
  missing=
  command -v curl >/dev/null 2>&1 || missing="$missing curl"
  [ -x /usr/bin/chromium ] || missing="$missing chromium"
  for checker in flake8 mypy; do
    /usr/bin/python3 -m "$checker" --version >/dev/null 2>&1 || missing="$missing $checker"
  done
  install_missing
}

install_missing() {
  [ -n "$missing" ] || return 0
  apt-get update -qq
  # shellcheck disable=SC2086 # a list of names
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
}
