#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes kernel and initramfs of a "host in a guest": Debian's own kernel, which knows what this
# machine's may not (nft by bridge, bridge connection tracking), with this machine's files below it.
# The kernel's package is downloaded and unpacked, nothing is installed.
#   make-image.sh OUT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
[ ! -e "$out/vmlinuz" ] || [ "$here/init.sh" -nt "$out/vmlinuz" ] || exit 0
mkdir -p "$(dirname "$out")"
work=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$work"' EXIT

package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: *\(linux-image-[^ ]*\)$/\1/p' | head -n 1)
[ -n "$package" ] || { echo "No kernel package is known: run 'apt-get update' first." >&2; exit 1; }
(cd "$work" && apt-get download "$package" > apt.log 2>&1) || { cat "$work/apt.log" >&2; exit 1; }
mkdir "$work/image"
dpkg-deb -x "$work"/linux-image-*.deb "$work/image/kernel"
version=$(ls "$work/image/kernel/lib/modules")
depmod -b "$work/image/kernel" "$version"

root=$work/root
mkdir -p "$root/bin" "$root/proc" "$root/sys" "$root/dev" "$root/lower" "$root/rw" "$root/new" "$root/mod"
cp /bin/busybox "$root/bin/busybox"
for applet in $(/bin/busybox --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
install -m 755 "$here/init.sh" "$root/init"
for module in virtio_pci 9pnet_virtio 9p overlay; do
  modprobe -d "$work/image/kernel" -S "$version" --show-depends "$module"
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r file; do
  cp "$file" "$root/mod/"
  basename "$file" >> "$root/mod/order"
done
(cd "$root" && find . | cpio -o -H newc --quiet) | gzip -1 > "$work/image/initramfs"
# Unpacked where it can be: an emulated CPU takes longer to unpack it than to boot it. QEMU starts the
# kernel itself too (PVH); where its payload lies is in Documentation/arch/x86/boot.rst.
python3 - "$work/image/kernel/boot/vmlinuz-$version" "$work/image/vmlinuz" << 'END'
import lzma
import struct
import sys

packed = open(sys.argv[1], "rb").read()
offset, length = struct.unpack_from("<II", packed, 0x248)
begin = (packed[0x1F1] + 1) * 512 + offset
payload = packed[begin:begin + length]
if payload.startswith(b"\xfd7zXZ"):
    # The last four bytes are the unpacked length.
    packed = lzma.LZMADecompressor().decompress(payload)
open(sys.argv[2], "wb").write(packed)
END
rm "$work/image/kernel/boot/vmlinuz-$version"
touch "$work/image/vmlinuz"
echo "$version" > "$work/image/version"
rm -rf "$out"
mv "$work/image" "$out"
