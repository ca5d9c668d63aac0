#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what the host lab needs, from Debian's packages. Run as root; quick when all is there.
# No service is started by it: the lab runs its own libvirtd in namespaces.
set -eu

packages="iproute2 nftables iptables busybox-static dnsmasq-base gcc libc6-dev cpio kmod util-linux
  libvirt-daemon libvirt-daemon-driver-qemu libvirt-daemon-config-nwfilter libvirt-clients
  qemu-system-x86 python3 python3-libvirt tcpdump iputils-ping openssl"

missing=
for package in $packages; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
# The guests' kernel is downloaded, not installed; apt has to know of it.
apt-cache show linux-image-cloud-amd64 > /dev/null 2>&1 || missing="${missing:- }"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "Run $0 as root: it has to install$missing." >&2
  exit 1
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  # Debian's way to install a daemon without starting it (invoke-rc.d(8)).
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of names
[ -z "${missing# }" ] || apt-get install -y -qq --no-install-recommends $missing
