#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a namespace a host: its own /etc, /usr, /var, /run and /tmp above this machine's, the
# users a host of oVirt has, and libvirt's configuration.
#   host-setup.sh NAME CACHE HOST-UUID
set -eu
name=$1
cache=$2
uuid=$3

mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/cache
mount --bind "$cache" /mnt/cache
for directory in etc usr var; do
  mkdir -p "/mnt/disk/$directory/upper" "/mnt/disk/$directory/work"
  mount -t overlay -o "lowerdir=/$directory,upperdir=/mnt/disk/$directory/upper,workdir=/mnt/disk/$directory/work" \
    overlay "/$directory"
done
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
for default in /proc/sys/net/ipv6/conf/all /proc/sys/net/ipv6/conf/default; do
  # As VDSM leaves it: a bridge without an address of the host speaks no IPv6 either.
  echo 1 > "$default/disable_ipv6"
done

account() { # NAME ID: a user and a group
  grep -q "^$1:" /etc/group || echo "$1:x:$2:" >> /etc/group
  grep -q "^$1:" /etc/passwd || echo "$1:x:$2:$2::/var/lib/$1:/usr/sbin/nologin" >> /etc/passwd
}
account vdsm 36
# libvirt's QEMU driver does not start without the user it was built for.
account libvirt-qemu 64055

mkdir -p /usr/libexec/vdsm/hooks /var/lib/isolated-ports /var/lib/vdsm /var/log/libvirt/qemu \
  /var/log/vdsm /run/lab /run/vdsm /etc/libvirt
chown 36:36 /var/lib/vdsm /var/log/vdsm /run/vdsm
rm -rf /var/lib/libvirt/* /etc/libvirt/qemu /var/cache/libvirt
cat > /etc/libvirt/qemu.conf << 'END'
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = []
remember_owner = 0
namespaces = []
stdio_handler = "file"
END
cat > /etc/libvirt/libvirtd.conf << END
host_uuid = "$uuid"
unix_sock_group = "root"
auth_unix_rw = "none"
listen_tls = 0
listen_tcp = 1
auth_tcp = "none"
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
END
echo "127.0.0.1 localhost $name" > /etc/hosts
