#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lays the host side out below DESTDIR at its final paths: install.sh DESTDIR
# (DESTDIR / installs on this host). Running it again renews what is there;
# the list of isolated bridges is kept.
set -eu

if [ $# -ne 1 ] || [ -z "$1" ]; then
  echo "usage: $0 DESTDIR" >&2
  exit 64
fi
here=$(cd "$(dirname "$0")" && pwd)
root=${1%/}
lib=$root/usr/libexec/isolated-ports

# Priority 60: hooks that rewrite <source> stand at 50, and we judge what they leave.
events="before_vm_start before_device_create before_nic_hotplug before_update_device
  after_update_device before_vm_migrate_source before_vm_migrate_destination before_vm_hibernate
  before_vm_dehibernate after_get_caps"

install -d -m 0755 "$lib/isolated_ports" "$root/usr/sbin" "$root/usr/lib/systemd/system" \
  "$root/etc/libvirt/hooks/qemu.d" "$root/var/lib/isolated-ports"
rm -rf "$lib/isolated_ports/__pycache__"
install -m 0644 "$here"/isolated_ports/*.py "$lib/isolated_ports/"
install -m 0755 "$here/bin/vdsm-hook" "$here/bin/qemu-filter" "$here/bin/isolated-ports-host" "$lib/"
# An event that earlier versions had a hook for.
rm -f "$root/usr/libexec/vdsm/hooks/before_device_migrate_destination/60_isolated_ports"
for event in $events; do
  install -d -m 0755 "$root/usr/libexec/vdsm/hooks/$event"
  ln -sfn ../../../isolated-ports/vdsm-hook \
    "$root/usr/libexec/vdsm/hooks/$event/60_isolated_ports"
done
ln -sfn ../../../../usr/libexec/isolated-ports/qemu-filter \
  "$root/etc/libvirt/hooks/qemu.d/60_isolated_ports"
ln -sfn ../libexec/isolated-ports/isolated-ports-host "$root/usr/sbin/isolated-ports-host"
install -m 0644 "$here/systemd/isolated-ports-host.service" "$root/usr/lib/systemd/system/"

# User vdsm cannot write byte code, and compiling at every VM start is dear.
/usr/bin/python3 -I -m compileall -q -d /usr/libexec/isolated-ports/isolated_ports "$lib/isolated_ports"
