#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# First process of a guest: loads its drivers and becomes the lab's agent on the virtio-serial port.
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run
while read -r module; do insmod "/modules/$module"; done < /modules/order
# Two NICs of one guest may share a network: each answers for its own address only (kernel
# documentation, networking/ip-sysctl).
for scope in all default; do
  echo 1 > /proc/sys/net/ipv4/conf/$scope/arp_ignore
  echo 2 > /proc/sys/net/ipv4/conf/$scope/arp_announce
  echo 0 > /proc/sys/net/ipv4/conf/$scope/rp_filter
done
ip link set lo up
for port in /sys/class/virtio-ports/*; do
  [ "$(cat "$port/name")" = isolated-ports.lab ] || continue
  echo "LAB-GUEST-READY $(cut -d' ' -f1 /proc/uptime)"
  exec agent serve "/dev/${port##*/}" /bin/dhcp-event
done
echo "LAB-GUEST-READY without a control port"
exec sleep 1000000
