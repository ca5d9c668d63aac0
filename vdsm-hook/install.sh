#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lays the host side out below DESTDIR at its final paths, or takes it away again:
#   install.sh DESTDIR                       DESTDIR / installs on this host
#   install.sh --uninstall [--purge] DESTDIR
# Installing again renews what is there; the list of isolated bridges is kept.
# Uninstalling keeps the list and what isolates VMs that run, and says so;
# --purge takes those away as well, but no port's flag.
set -eu
# Whatever the caller's: user vdsm has to read all of it.
umask 022

usage() {
  echo "usage: $0 DESTDIR | $0 --uninstall [--purge] DESTDIR" >&2
  exit 64
}
uninstall='' purge=''
[ "${1:-}" != --uninstall ] || { uninstall=yes && shift; }
[ "$uninstall${1:-}" != yes--purge ] || { purge=yes && shift; }
[ $# -eq 1 ] || usage
case $1 in '' | -*) usage ;; esac

here=$(cd "$(dirname "$0")" && pwd)
root=${1%/}
lib=$root/usr/libexec/isolated-ports
units=$root/usr/lib/systemd/system
services="isolated-ports-fetch.service isolated-ports-host.service"
list=$root/var/lib/isolated-ports
remembered=$root/var/lib/isolated-ports-remembered
# The directories that were not there before us, deepest last.
made=$lib/made-directories

# Priority 60: hooks that rewrite <source> stand at 50, and we judge what they leave.
events="before_vm_start before_device_create before_nic_hotplug before_update_device
  after_update_device before_vm_migrate_source before_vm_migrate_destination before_vm_hibernate
  before_vm_dehibernate after_get_caps"

# Makes a directory with all above it, and remembers which were missing.
new=
directory() {
  path=$1 missing=''
  while [ "$path" != "$root" ] && [ -n "$path" ] && [ ! -d "$path" ]; do
    missing="${path#"$root"}
$missing"
    path=${path%/*}
  done
  mkdir -p "$1"
  new=$new$missing
}

# A link of ours; one that somebody put in its place is not.
unlink_ours() {
  case $(readlink "$1" 2> /dev/null || true) in
    */isolated-ports/*) rm -f "$1" ;;
  esac
}

install_all() {
  for path in "$lib" "$lib/isolated_ports" "$root/usr/sbin" "$units" \
    "$root/etc/libvirt/hooks/qemu.d" "$list" "$remembered"; do
    directory "$path"
  done
  chmod 0755 "$lib" "$lib/isolated_ports" "$list" "$remembered"
  rm -rf "$lib/isolated_ports/__pycache__"
  rm -f "$lib"/isolated_ports/*.py
  install -m 0644 "$here"/isolated_ports/*.py "$lib/isolated_ports/"
  install -m 0755 "$here/bin/vdsm-hook" "$here/bin/qemu-filter" "$here/bin/isolated-ports-host" "$lib/"
  # An event that earlier versions had a hook for.
  unlink_ours "$root/usr/libexec/vdsm/hooks/before_device_migrate_destination/60_isolated_ports"
  for event in $events; do
    directory "$root/usr/libexec/vdsm/hooks/$event"
    ln -sfn ../../../isolated-ports/vdsm-hook \
      "$root/usr/libexec/vdsm/hooks/$event/60_isolated_ports"
  done
  ln -sfn ../../../../usr/libexec/isolated-ports/qemu-filter \
    "$root/etc/libvirt/hooks/qemu.d/60_isolated_ports"
  ln -sfn ../libexec/isolated-ports/isolated-ports-host "$root/usr/sbin/isolated-ports-host"
  for service in $services; do
    install -m 0644 "$here/systemd/$service" "$units/$service"
  done
  printf '%s' "$new" >> "$made"

  # User vdsm cannot write byte code, and compiling at every VM start is expensive.
  /usr/bin/python3 -I -m compileall -q -d /usr/libexec/isolated-ports/isolated_ports \
    "$lib/isolated_ports"
}

uninstall_all() {
  [ -d "$lib" ] || [ -n "$purge" ] || { echo "$0: there is nothing of ours in ${root:-/}." >&2 && exit 1; }
  systemd=
  if [ -z "$root" ] && [ -d /run/systemd/system ]; then
    systemd=yes
    for service in $services; do
      systemctl disable --now "$service" 2> /dev/null || true
    done
  fi
  # Nobody follows the ruleset's table any more: what is open by it is isolated again.
  if [ -z "$root" ] && [ -s "$list/ruleset.json" ] && [ ! -s /run/isolated-ports/watch ]; then
    "$lib/isolated-ports-host" repair > /dev/null 2>&1 || true
  fi
  # What starts VMs first, then what keeps them.
  for event in $events; do
    unlink_ours "$root/usr/libexec/vdsm/hooks/$event/60_isolated_ports"
  done
  unlink_ours "$root/etc/libvirt/hooks/qemu.d/60_isolated_ports"
  unlink_ours "$root/usr/sbin/isolated-ports-host"
  for service in $services; do
    rm -f "$units/$service" "$root/etc/systemd/system/multi-user.target.wants/$service"
  done
  [ -z "$systemd" ] || systemctl daemon-reload || true
  rm -f "$list/abilities.json" "$list/ruleset.json"
  kept=
  for path in "$list" "$remembered"; do
    [ -z "$purge" ] || rm -rf "$path"
    rmdir "$path" 2> /dev/null || [ ! -e "$path" ] || kept="$kept $path/networks.json"
  done
  directories=$(cat "$made" 2> /dev/null || true)
  rm -rf "$lib"
  printf '%s\n' "$directories" | sed '1!G;h;$!d' | while read -r path; do
    [ -z "$path" ] || rmdir "$root$path" 2> /dev/null || true
  done

  echo "The host side of isolated ports is removed from ${root:-/}."
  if [ -n "$kept" ]; then
    echo "Kept:$kept (which bridges were isolated; --uninstall --purge removes them)."
  fi
  [ -z "$root" ] || return 0
  if [ -n "$purge" ]; then
    for table in isolated_ports_floor isolated_ports_bridges isolated_ports_own isolated_ports; do
      nft delete table bridge "$table" 2> /dev/null || true
    done
    echo "Kept: the flag of every port that is isolated now, until its VM ends."
  else
    echo "Kept: the flag of every port that is isolated now, and nft's tables bridge isolated_ports_floor and isolated_ports_bridges below it and isolated_ports (with isolated_ports_own) of the last ruleset, which hold VMs too until the host restarts."
  fi
  echo "VMs that start from now on are not isolated by this host. libvirt forgets the filter with: systemctl reload libvirtd (or virtqemud)."
  if [ -s /run/isolated-ports/watch ]; then
    echo "A watch still runs as process $(cat /run/isolated-ports/watch); end it." >&2
    exit 1
  fi
  rm -rf /run/isolated-ports /run/isolated-ports-fetch /run/vdsm/isolated-ports
}

if [ -n "$uninstall" ]; then
  uninstall_all
else
  install_all
fi
