#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Called by busybox udhcpc: takes the offered address and records the lease.
case $1 in
  deconfig)
    rm -f "/run/lease.$interface"
    busybox ip address flush dev "$interface" scope global
    ;;
  bound | renew)
    table=$((1000 + $(cat "/sys/class/net/$interface/ifindex")))
    busybox ip address flush dev "$interface" scope global
    busybox ip address add "$ip/$mask" broadcast + dev "$interface"
    # Answers leave by the NIC that has the address, also when two NICs share a network.
    busybox ip route replace default dev "$interface" table "$table"
    while busybox ip rule del table "$table" 2> /dev/null; do :; done
    busybox ip rule add from "$ip" table "$table"
    echo "$ip $serverid $lease" > "/run/lease.$interface.new"
    mv "/run/lease.$interface.new" "/run/lease.$interface"
    ;;
esac
