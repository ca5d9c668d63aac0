#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the guests' kernel and initramfs from Debian packages; nothing is installed.
#   make-guest-image.sh RESOURCES OUT    RESOURCES holds guest-init.sh, dhcp-event.sh and the agent
set -eu
resources=$1
out=$2
work=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$work"' EXIT

package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: *\(linux-image-[^ ]*\)$/\1/p' | head -n 1)
[ -n "$package" ] || { echo "No kernel package is known: run 'apt-get update' first." >&2; exit 1; }
(cd "$work" && apt-get download "$package" > apt.log 2>&1) || { cat "$work/apt.log" >&2; exit 1; }
dpkg-deb -x "$work"/linux-image-*.deb "$work/kernel"
version=$(ls "$work/kernel/lib/modules")
depmod -b "$work/kernel" "$version"

root=$work/root
mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/tmp" "$root/modules"
cp /bin/busybox "$root/bin/busybox"
for applet in $(/bin/busybox --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
cp "$resources/agent" "$root/bin/agent"
install -m 755 "$resources/dhcp-event.sh" "$root/bin/dhcp-event"
install -m 755 "$resources/guest-init.sh" "$root/init"
for module in virtio_pci virtio_net virtio_console; do
  modprobe -d "$work/kernel" -S "$version" --show-depends "$module"
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r file; do
  cp "$file" "$root/modules/"
  basename "$file" >> "$root/modules/order"
done

mkdir -p "$work/image"
# Not compressed: an emulated CPU takes longer to unpack it than to be handed 4 MB more.
(cd "$root" && find . | cpio -o -H newc --quiet) > "$work/image/initramfs"
cp "$work/kernel/boot/vmlinuz-$version" "$work/image/vmlinuz"
echo "$version" > "$work/image/version"
mv "$work/image" "$out"
