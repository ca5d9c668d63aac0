# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by demo.sh, test.sh and build.sh: installs what they themselves need where it is missing.

# What builds: Java, Maven, Python and npm. Node itself comes from the lock file of ui-extension.
need_build_tools() {
  missing=
  command -v javac >/dev/null 2>&1 || missing="$missing openjdk-17-jdk-headless"
  command -v mvn >/dev/null 2>&1 || missing="$missing maven"
  command -v python3 >/dev/null 2>&1 || missing="$missing python3"
  command -v npm >/dev/null 2>&1 || missing="$missing nodejs npm"
  install_missing
}

# What checks the Python code, packages and scripts, clients of the REST API, and a browser.
need_test_tools() {
  missing=
  command -v rpmbuild >/dev/null 2>&1 || missing="$missing rpm"
  command -v rpmlint >/dev/null 2>&1 || missing="$missing rpmlint"
  command -v shellcheck >/dev/null 2>&1 || missing="$missing shellcheck"
  command -v systemd-analyze >/dev/null 2>&1 || missing="$missing systemd"
  command -v help2man >/dev/null 2>&1 || missing="$missing help2man"
  command -v psql >/dev/null 2>&1 || missing="$missing postgresql-client"
  # Run by the tests themselves, never as a service.
  command -v apache2 >/dev/null 2>&1 || missing="$missing apache2-bin"
  command -v curl >/dev/null 2>&1 || missing="$missing curl"
  [ -x /usr/bin/chromium ] || missing="$missing chromium"
  # The real httpd that the server is tested behind; run by hand, without its service.
  [ -x /usr/sbin/apache2 ] || missing="$missing apache2-bin"
  for checker in flake8 mypy; do
    /usr/bin/python3 -m "$checker" --version >/dev/null 2>&1 || missing="$missing $checker"
  done
  install_missing
}

# What packs RPMs and the deb, with manual pages from what the commands say of themselves.
need_packaging_tools() {
  missing=
  command -v rpmbuild >/dev/null 2>&1 || missing="$missing rpm"
  command -v help2man >/dev/null 2>&1 || missing="$missing help2man"
  install_missing
}

install_missing() {
  [ -n "$missing" ] || return 0
  apt-get update -qq
  # shellcheck disable=SC2086 # a list of names
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
}
