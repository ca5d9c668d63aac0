#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Boots a "host in a guest" (see make-image.sh), runs the script from standard input in it as root
# and ends with its exit code. What it prints goes to standard output. Everything is emulated: slow.
#   run.sh IMAGE < SCRIPT
# MEMORY (MiB, default 3072) and CPUS (default 2) size it.
set -eu
# An emulated CPU that waits for a busy machine measures its clocks wrongly when it boots, and its
# timers may then run minutes late. The HPET needs no measuring.
image=$(cd "$1" && pwd)
share=$(mktemp -d)
trap 'rm -rf "$share"' EXIT
cat > "$share/run.sh"
echo "$image/kernel" > "$share/kernel"
qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max -smp "${CPUS:-2}" -m "${MEMORY:-3072}" \
  -display none -nodefaults -no-reboot -serial stdio \
  -kernel "$image/vmlinuz" -initrd "$image/initramfs" \
  -append 'console=ttyS0 quiet panic=-1 mitigations=off net.ifnames=0 random.trust_cpu=on nowatchdog notsc clocksource=hpet nolapic_timer no_timer_check' \
  -virtfs local,path=/,mount_tag=hostroot,security_model=none,readonly=on,multidevs=remap \
  -virtfs "local,path=$share,mount_tag=share,security_model=none,multidevs=remap" < /dev/null
exit "$(cat "$share/status" 2> /dev/null || echo 1)"
