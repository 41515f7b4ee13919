#!/usr/bin/env python3
"""delay.py MS [DEVICE] — a long line: a tun device that gives each packet back MS milliseconds later. Says `ready` when it is there.

What is routed into the device comes out of it again, so that the kernel routes it once more (network.mjs has the rules).
This kernel has no netem."""
import collections
import fcntl
import os
import select
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
PACKET_MAX = 65535
LINE_MAX = 4096  # packets under way; a real line drops as well

delay_s = int(sys.argv[1]) / 1000
device = sys.argv[2] if len(sys.argv) > 2 else "delay0"
tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", device.encode(), IFF_TUN | IFF_NO_PI))
subprocess.run(["ip", "link", "set", device, "up"], check=True)
print("ready", flush=True)

line: collections.deque[tuple[float, bytes]] = collections.deque()
while True:
    wait = max(0, line[0][0] - time.monotonic()) if line else None
    readable, _, _ = select.select([tun], [], [], wait)
    if readable and len(line) < LINE_MAX:
        line.append((time.monotonic() + delay_s, os.read(tun, PACKET_MAX)))
    while line and line[0][0] <= time.monotonic():
        os.write(tun, line.popleft()[1])
