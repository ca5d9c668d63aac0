#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the service of a unit file in a scratch root as systemd would run it: as its user, with its
# environment, without any privilege, and with all but its own directories read-only.
# run-unit.sh ROOT UNIT SETTING   SETTING: ExecStart or ExecStartPost
set -eu
root=$1
unit=$root$2
setting=$3

value() {
  sed -n "s/^$1=//p" "$unit"
}

if [ "${4:-}" != alone ]; then
  exec unshare --mount --propagation private "$0" "$root" "$2" "$setting" alone
fi
mount -o remount,bind,ro "$root"
for directory in "/var/lib/$(value StateDirectory)" "/var/cache/$(value CacheDirectory)" \
  "/var/log/$(value LogsDirectory)"; do
  mount --bind "$root$directory" "$root$directory"
  mount -o remount,bind,rw "$root$directory"
done
umask "$(value UMask)"

set --
for file in "$root"$(value EnvironmentFile); do
  while IFS= read -r line; do
    case $line in
      '' | '#'*) ;;
      *) set -- "$@" "$line" ;;
    esac
  done < "$file"
done
user=$(value User)
exec chroot "$root" /usr/bin/setpriv --reuid="$user" --regid="$(value Group)" --clear-groups \
  --bounding-set=-all --inh-caps=-all --no-new-privs \
  /usr/bin/env -i PATH=/usr/sbin:/usr/bin LANG=C.UTF-8 USER="$user" "$@" "$(value "$setting")"
