# SPDX-License-Identifier: Apache-2.0
"""Sends frames through a bridge with rules, and says which ports they came out of.

bridge_frames.py SPEC, in network, mount and PID namespaces of its own. SPEC is JSON:
{"ports": [NAME, ...], "cases": [{"rules": FILE, "at": {MAC: PORT}, "frames": [{"in": PORT, "hex": ...}]}]}.
The bridge is br0, which as a port means the host itself. For each case a line with a list of lists of
ports is printed. The last eight bytes of a frame are MARK and its number; nothing else is looked at.
"""

import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

MARK = b"\x1f\xab\x0e\x55"
ETH_P_ALL = 3
PACKET_OUTGOING = 4
SO_RCVBUFFORCE = 33
AT_ONCE = 32
HOST_MAC = "02:ff:ff:ff:ff:01"


def run(program, *lines):
    subprocess.run([program, "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


def keep_iptables_out():
    """Bridged frames are no business of iptables, as on hosts (br_netfilter, where it is loaded)."""
    for family in ("ip", "ip6", "arp"):
        path = f"/proc/sys/net/bridge/bridge-nf-call-{family}tables"
        if os.path.exists(path):
            with open(path, "w", encoding="ascii") as file:
                file.write("0")


def make_bridge(ports):
    keep_iptables_out()
    lines = [f"link add br0 address {HOST_MAC} type bridge mcast_snooping 0 stp_state 0",
             "link set br0 addrgenmode none up"]
    for number, port in enumerate(ports):
        lines += [f"link add {port} type veth peer name peer{number}",
                  f"link set {port} addrgenmode none master br0 up",
                  f"link set peer{number} addrgenmode none up"]
    run("ip", *lines)
    run("bridge", *[f"link set dev {port} learning off" for port in ports])


def packet_socket(device, protocol):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
    sock.bind((device, protocol))
    return sock


class Bridge:
    def __init__(self, ports):
        make_bridge(ports)
        self.devices = {port: f"peer{number}" for number, port in enumerate(ports)}
        self.devices["br0"] = "br0"
        self.receivers = {packet_socket(device, ETH_P_ALL): port
                          for port, device in self.devices.items()}
        self.senders = {port: packet_socket(device, 0) for port, device in self.devices.items()}

    def judge(self, case):
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        if case["rules"]:
            subprocess.run(["nft", "-j", "-f", case["rules"]], check=True)
        run("bridge", *[f"fdb replace {mac} dev {port} master static"
                        for mac, port in case["at"].items() if port != "br0"])
        reached = [set() for _ in case["frames"]]
        for number, frame in enumerate(case["frames"]):
            data = bytes.fromhex(frame["hex"]) + MARK + struct.pack("!I", number)
            self.senders[frame["in"]].send(data)
            if number % AT_ONCE == 0:
                self.receive(reached, 0)
        # The kernel hands frames on in its own time, all the more on a busy machine.
        self.receive(reached, 0.3)
        return [sorted(ports) for ports in reached]

    def receive(self, reached, patience):
        last = time.monotonic()
        while True:
            ready, _, _ = select.select(list(self.receivers), [], [], patience)
            for sock in ready:
                data, address = sock.recvfrom(65536)
                if address[2] != PACKET_OUTGOING and data[-8:-4] == MARK:
                    reached[struct.unpack("!I", data[-4:])[0]].add(self.receivers[sock])
                    last = time.monotonic()
            if not ready or time.monotonic() - last > patience > 0:
                return


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        spec = json.load(file)
    bridge = Bridge(spec["ports"])
    for case in spec["cases"]:
        print(json.dumps(bridge.judge(case)), flush=True)


main()
