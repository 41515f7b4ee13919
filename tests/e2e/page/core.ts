// core.ts — a page with the core's call machine and phone and nothing else, for core.test.mjs. What the browser gives is
// counted: who holds a microphone, who listens to what.

import { createCall, createOneCall, createResumeStore, createTokenClient } from '@offhook/core';
import type { CallHandle, CallSettings } from '@offhook/core';
import { createLiveKitPhone } from '@offhook/core/livekit-phone';

const tracks = new Set<MediaStreamTrack>();
const clone = MediaStreamTrack.prototype.clone;
MediaStreamTrack.prototype.clone = function () {
  const copy = clone.call(this);
  tracks.add(copy);
  return copy;
};
const getUserMedia = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (constraints) => {
  const stream = await getUserMedia(constraints);
  for (const track of stream.getTracks()) tracks.add(track);
  return stream;
};

/** Listeners on what outlives a call. */
const listening = new Map<string, number>();
for (const target of [EventTarget.prototype]) {
  const add = target.addEventListener;
  const remove = target.removeEventListener;
  const lasting = (it: EventTarget): string | null =>
    (it === window ? 'window' : it === document ? 'document' : it === navigator.mediaDevices ? 'mediaDevices' : null);
  const seen = new Map<string, Set<unknown>>();
  target.addEventListener = function (this: EventTarget, type: string, listener: never, options?: never) {
    const name = lasting(this ?? window);
    if (name !== null) seen.set(`${name} ${type}`, (seen.get(`${name} ${type}`) ?? new Set()).add(listener));
    add.call(this, type, listener, options);
  };
  target.removeEventListener = function (this: EventTarget, type: string, listener: never, options?: never) {
    const name = lasting(this ?? window);
    if (name !== null) seen.get(`${name} ${type}`)?.delete(listener);
    remove.call(this, type, listener, options);
  };
  Object.assign(window, { listeners: () => { for (const [key, set] of seen) listening.set(key, set.size); return [...listening.values()].reduce((sum, count) => sum + count, 0); } });
}

const query = new URLSearchParams(location.search);
const settings: CallSettings = { lowData: query.has('low-data'), pushToTalk: query.has('push-to-talk') };
const states: string[] = [];

function make(): CallHandle {
  const call = createCall({
    getCredentials: createTokenClient({ url: '/api/voice/token' }),
    openPhone: (report, wishes) => Promise.resolve(createLiveKitPhone({ report, ...wishes })),
    settings: () => settings,
    resumeStore: createResumeStore('test'),
    oneCall: createOneCall('test'),
  });
  call.subscribe(() => {
    const { state } = call.get();
    if (states[states.length - 1] !== state) states.push(state);
  });
  return call;
}

const call = make();
if (query.has('resume')) call.resume();

Object.assign(window, {
  call,
  states,
  live: () => [...tracks].filter((track) => track.readyState === 'live').length,
  microphones: () => tracks.size,
  /** Milliseconds until no microphone is held any more. */
  hangUp: async () => {
    const start = performance.now();
    call.hangUp();
    while ([...tracks].some((track) => track.readyState === 'live')) await new Promise((next) => { setTimeout(next, 1); });
    return performance.now() - start;
  },
});
