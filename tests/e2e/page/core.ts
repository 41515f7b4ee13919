// core.ts — a page with the core's call machine and phone and nothing else, for core.test.mjs. What the browser gives is
// counted: who holds a microphone, who listens to what.

import { createCall, createMicrophonePermission, createOneCall, createResumeStore, createTokenClient, runPreflight } from '@offhook/core';
import type { CallHandle, CallSettings } from '@offhook/core';
import { probeLine } from '@offhook/core/livekit-probe';
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

/** Listeners on what outlives a call, by "target type". */
const listening = new Map<string, Set<unknown>>();
const add = EventTarget.prototype.addEventListener;
const remove = EventTarget.prototype.removeEventListener;
function lasting(target: EventTarget, type: string): Set<unknown> | null {
  const name = target === window ? 'window' : target === document ? 'document' : target === navigator.mediaDevices ? 'mediaDevices' : null;
  if (name === null) return null;
  const set = listening.get(`${name} ${type}`) ?? new Set();
  listening.set(`${name} ${type}`, set);
  return set;
}
EventTarget.prototype.addEventListener = function (this: EventTarget | undefined, type, listener, options) {
  const target = this ?? window;
  const set = lasting(target, type);
  set?.add(listener);
  if (typeof options === 'object' && options.signal !== undefined) add.call(options.signal, 'abort', () => { set?.delete(listener); });
  add.call(target, type, listener, options);
};
EventTarget.prototype.removeEventListener = function (this: EventTarget | undefined, type, listener, options) {
  const target = this ?? window;
  lasting(target, type)?.delete(listener);
  remove.call(target, type, listener, options);
};

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
  listeners: () => Object.fromEntries([...listening].map(([name, set]) => [name, set.size])),
  live: () => [...tracks].filter((track) => track.readyState === 'live').length,
  preflight: () => runPreflight({ probe: probeLine, permission: createMicrophonePermission() }),
  microphones: () => tracks.size,
  /** How many turns of the page until no microphone is held any more. */
  hangUp: async () => {
    let turns = 0;
    call.hangUp();
    for (; [...tracks].some((track) => track.readyState === 'live'); turns++) await new Promise((next) => { setTimeout(next, 1); });
    return turns;
  },
});
