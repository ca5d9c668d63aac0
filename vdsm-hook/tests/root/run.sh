#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the root tests in a network and mount namespace of their own. What they
# write lies on file systems that end with it: nothing is left, also after a kill.
set -eu
if [ "$(id -u)" -ne 0 ]; then
  echo "$0: the root tests need root, and were not run." >&2
  exit 77
fi
here=$(cd "$(dirname "$0")/../.." && pwd)
if [ "${1:-}" != inside ]; then
  exec unshare --mount --net --propagation private "$0" inside "$@"
fi
shift
scratch=$(mktemp -d /tmp/isolated-ports-root-test-XXXXXX)
mount -t tmpfs tmpfs "$scratch"
cleanup() { umount -l "$scratch" && rmdir "$scratch"; }
trap cleanup EXIT
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /run/libvirt/qemu /run/isolated-ports
for path in etc usr/sbin usr/libexec var/lib; do
  mkdir -p "$scratch/up/$path" "$scratch/work/$path"
  mount -t overlay overlay "/$path" \
    -o "lowerdir=/$path,upperdir=$scratch/up/$path,workdir=$scratch/work/$path"
done
"$here/install.sh" /run/image
cp -a /run/image/usr/libexec/. /usr/libexec/
cp -a /run/image/usr/sbin/. /usr/sbin/
cp -a /run/image/var/lib/. /var/lib/
ip link set lo up
cd "$here"
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m unittest "$@"
