#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# First process of a host in a guest: this machine's files, read only, below a layer that is gone
# with the guest; then /share/run.sh, whose exit code goes to /share/status.
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/mod/$module"; done < /mod/order
plan9=trans=virtio,version=9p2000.L,msize=512000
mount -t 9p -o "$plan9,ro,cache=loose" hostroot /lower
mount -t tmpfs -o size=75% tmpfs /rw
mkdir -p /rw/upper /rw/work
mount -t overlay -o lowerdir=/lower,upperdir=/rw/upper,workdir=/rw/work overlay /new
mkdir -p /new/share
mount -t 9p -o "$plan9,cache=none" share /new/share
for directory in proc sys dev; do mount --move "/$directory" "/new/$directory"; done
for directory in run tmp dev/shm; do
  mkdir -p "/new/$directory"
  mount -t tmpfs tmpfs "/new/$directory"
done
ln -s /proc/self/fd /new/dev/fd
for stream in stdin:0 stdout:1 stderr:2; do
  ln -s "/proc/self/fd/${stream#*:}" "/new/dev/${stream%:*}"
done
mkdir -p /new/dev/pts
mount -t devpts devpts /new/dev/pts
version=$(uname -r)
mkdir -p /new/lib/modules
ln -s "$(cat /new/share/kernel)/lib/modules/$version" "/new/lib/modules/$version"
exec switch_root /new /bin/sh -c '
  export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
  hostname debian-host
  ip link set lo up
  modprobe tun
  sh /share/run.sh
  echo $? > /share/status.new
  mv /share/status.new /share/status
  sync
  busybox reboot -f'
