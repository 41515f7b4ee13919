# aiortc_peer.py — the media half of a participant, by aiortc (Python): peer connections, data channels, a tone out and a tone in.
# The signalling is its parent's: a command per line of JSON on standard input, {id, do, …} -> {id, …}; what happens is a line too.
import asyncio
import base64
import fractions
import json
import math
import sys

import aioice.ice
import av
import numpy
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

RATE, PIECE = 48000, 960
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]  # the server is here, whatever else this machine has


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Tone(MediaStreamTrack):
    kind = "audio"

    def __init__(self, hz):
        super().__init__()
        self.hz, self.at, self.begun = hz, 0, None

    async def recv(self):
        loop = asyncio.get_event_loop()
        self.begun = self.begun or loop.time()
        await asyncio.sleep(max(0, self.begun + self.at / RATE - loop.time()))
        angle = 2 * math.pi * self.hz * (self.at + numpy.arange(PIECE)) / RATE
        frame = av.AudioFrame.from_ndarray((12000 * numpy.sin(angle)).astype(numpy.int16).reshape(1, -1), layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self.at, fractions.Fraction(1, RATE)
        self.at += PIECE
        return frame


class Peer:
    def __init__(self):
        self.connections, self.channels, self.heard = {}, {}, numpy.zeros(RATE // 2)

    # One of its (up to two) peer connections by name.
    def connection(self, name):
        if name not in self.connections:
            self.connections[name] = pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
            pc._sctpLegacySdp = False  # RFC 8841, not the draft that it offers by itself
            pc.on("datachannel", lambda channel: self.watch(name, channel))
            pc.on("track", lambda track: asyncio.ensure_future(self.listen(track)))
            pc.on("connectionstatechange", lambda: say(event="state", connection=name, state=pc.connectionState))
        return self.connections[name]

    def watch(self, name, channel):
        self.channels[f"{name} {channel.label}"] = channel

        def came(data):
            data = data.encode() if isinstance(data, str) else data
            say(event="message", connection=name, channel=channel.label, data=base64.b64encode(data).decode())

        channel.on("message", came)
        channel.on("close", lambda: say(event="closed", connection=name, channel=channel.label))
        opened = lambda: say(event="open", connection=name, channel=channel.label)
        opened() if channel.readyState == "open" else channel.on("open", opened)

    async def listen(self, track):
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:  # it has ended
                return
            samples = frame.to_ndarray().reshape(-1).astype(float)[:: len(frame.layout.channels)] / 32768
            self.heard = numpy.concatenate([self.heard, samples])[-(RATE // 2) :]

    async def offer(self, connection, channels=(), hz=None):
        pc = self.connection(connection)
        for settings in channels:
            self.watch(connection, pc.createDataChannel(**settings))
        if hz:
            pc.addTransceiver(Tone(hz), direction="sendonly")
        await pc.setLocalDescription(await pc.createOffer())
        return {"sdp": pc.localDescription.sdp}

    async def take_answer(self, connection, sdp):
        await self.connection(connection).setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def take_offer(self, connection, sdp):
        pc = self.connection(connection)
        await pc.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await pc.setLocalDescription(await pc.createAnswer())
        return {"sdp": pc.localDescription.sdp}

    async def send(self, connection, channel, data):
        self.channels[f"{connection} {channel}"].send(base64.b64decode(data))

    async def close_channel(self, connection, channel):
        self.channels[f"{connection} {channel}"].close()

    async def hear(self):
        powers = numpy.abs(numpy.fft.rfft(self.heard))
        return {"hz": int(powers.argmax()) * 2, "rms": float(numpy.sqrt(numpy.mean(self.heard**2)))}

    async def end(self):
        for pc in self.connections.values():
            await pc.close()


async def main():
    peer, loop = Peer(), asyncio.get_event_loop()
    lines = asyncio.StreamReader(limit=1 << 22)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    say(event="ready")
    while line := await lines.readline():
        command = json.loads(line)
        number, name = command.pop("id"), command.pop("do")
        try:
            say(id=number, answer=await getattr(peer, name)(**command))
        except Exception as error:  # told to the test, which fails of it
            say(id=number, error=repr(error))
    await peer.end()


asyncio.run(main())
