# worker.py — a stock livekit-agents worker in Python; it does what worker.mjs does, so that one test judges both.
import array
import asyncio
import math
import os

from livekit import rtc
from livekit.agents import JobContext, WorkerOptions, cli

RATE = 48000
STEP = RATE // 50
HZ = int(os.environ.get("TONE_HZ", "660"))


async def play(source):
    at = 0
    while True:
        wave = (int(12000 * math.sin(2 * math.pi * HZ * (at + i) / RATE)) for i in range(STEP))
        await source.capture_frame(rtc.AudioFrame(array.array("h", wave).tobytes(), RATE, 1, STEP))
        at += STEP


async def add(call):
    return str(sum(int(number) for number in call.payload.split("+")))


async def entry(job: JobContext):
    await job.connect()
    me = job.room.local_participant
    me.register_rpc_method("add", add)
    source = rtc.AudioSource(RATE, 1)
    playing = asyncio.create_task(play(source))

    async def silence():
        playing.cancel()

    job.add_shutdown_callback(silence)
    track = rtc.LocalAudioTrack.create_audio_track("voice", source)
    await me.publish_track(track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE))
    visitor = await job.wait_for_participant()
    await me.send_text("good day", topic="lk.transcription")
    try:
        answer = await me.perform_rpc(destination_identity=visitor.identity, method="name", payload=job.job.metadata)
    except rtc.RpcError as error:
        answer = f"failed: {error}"
    await me.set_attributes({"lk.agent.state": "listening", "test.answer": answer})


# A test machine is always busy; the default would then take no job.
def idle():
    return 0.0


if __name__ == "__main__":
    cli.run_app(WorkerOptions(
        entrypoint_fnc=entry, agent_name=os.environ.get("AGENT_NAME", ""), num_idle_processes=1, load_fnc=idle,
        host="127.0.0.1", port=int(os.environ.get("HEALTH_PORT", "0")),
        initialize_process_timeout=60,  # the default of 10 s is short for a machine that builds and tests meanwhile
    ))
