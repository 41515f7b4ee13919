// monitors.ts — what is wrong with a running call, from what is measured: levels here, speakers and quality as the server
// sees them, packets. A pure decision (memory, sample) → [memory, warnings]; reading the clocks is the driver's work.

import type { QualityLevel, Warning } from './machine';

/** The warnings decided here. */
export type Monitored = Extract<Warning, 'muted-talking' | 'mic-silent' | 'not-heard' | 'network-you' | 'network-them' | 'media-stalled'>;

export interface Sample {
  /** Milliseconds of any clock that only goes forward. */
  readonly at: number;
  readonly muted: boolean;
  /** Loudness of what is sent, 0 … 1. */
  readonly level: number;
  /** Does the microphone give anything at all? Even a quiet room is not digital silence. */
  readonly alive: boolean;
  /** Loudness at the microphone while muted; null: not measured. */
  readonly behindMute: number | null;
  /** The server counts us among those who speak. */
  readonly heard: boolean;
  readonly quality: { readonly local: QualityLevel; readonly remote: QualityLevel };
  /** Packets of the other side so far; null: nobody who should be sending is there. */
  readonly packetsIn: number | null;
}

/** Since when something has been so; null: it is not so. */
type Since = number | null;

export interface Memory {
  readonly at: number;
  readonly dead: Since;
  readonly badLocal: Since;
  readonly goodLocal: Since;
  readonly badRemote: Since;
  readonly goodRemote: Since;
  readonly packets: number | null;
  readonly packetsAt: number;
  /** Milliseconds of speech here that nobody there counted. */
  readonly unheard: number;
  readonly mutedTalk: number;
  readonly hintAt: number;
  readonly warnings: readonly Monitored[];
}

export const SILENT_MS = 4000;
export const STALLED_MS = 5000;
export const UNHEARD_MS = 3000;
export const HINT_EVERY_MS = 10_000;
const HINT_FOR_MS = 4000;
const TALK_MS = 400; // a cough is no speech
const TALKING = 0.4;
const BAD_MS = 3000;
const GOOD_MS = 4000;

export function newMemory(at: number): Memory {
  return {
    at, dead: null, badLocal: null, goodLocal: null, badRemote: null, goodRemote: null, packets: null, packetsAt: at,
    unheard: 0, mutedTalk: 0, hintAt: -Infinity, warnings: [],
  };
}

const since = (before: Since, is: boolean, at: number): Since => (is ? (before ?? at) : null);
const lasted = (from: Since, at: number, ms: number): boolean => from !== null && at - from >= ms;

/** A bad line is shown after a while and hidden after a longer one: it must not flicker. */
function weak(shown: boolean, bad: Since, good: Since, at: number): boolean {
  return shown ? !lasted(good, at, GOOD_MS) : lasted(bad, at, BAD_MS);
}

/** Speech adds up, pauses wear it off. */
function talk(before: number, loud: boolean, ms: number): number {
  return Math.max(0, before + (loud ? ms : -ms / 2));
}

export function watch(memory: Memory, sample: Sample): Memory {
  const { at } = sample;
  // After a sleep of the device the gap says nothing.
  const ms = Math.min(1000, Math.max(0, at - memory.at));
  const had = (warning: Monitored): boolean => memory.warnings.includes(warning);
  const speaking = !sample.muted && sample.level >= TALKING;

  const dead = since(memory.dead, !sample.muted && !sample.alive, at);
  const unheard = sample.heard || sample.muted ? 0 : talk(memory.unheard, speaking, ms);
  const mutedTalk = sample.muted ? talk(memory.mutedTalk, (sample.behindMute ?? 0) >= TALKING, ms) : 0;
  const hint = mutedTalk >= TALK_MS && at - memory.hintAt >= HINT_EVERY_MS;
  const hintAt = hint ? at : memory.hintAt;

  const { local, remote } = sample.quality;
  const badLocal = since(memory.badLocal, local !== null && local <= 1, at);
  const goodLocal = since(memory.goodLocal, local === null || local >= 2, at);
  const badRemote = since(memory.badRemote, remote !== null && remote <= 1, at);
  const goodRemote = since(memory.goodRemote, remote === null || remote >= 2, at);

  const moved = sample.packetsIn === null || sample.packetsIn !== memory.packets;
  const packetsAt = moved ? at : memory.packetsAt;

  const you = weak(had('network-you'), badLocal, goodLocal, at);
  const now: Record<Monitored, boolean> = {
    'muted-talking': sample.muted && at - hintAt < HINT_FOR_MS,
    'mic-silent': lasted(dead, at, SILENT_MS),
    'not-heard': unheard >= UNHEARD_MS || (had('not-heard') && unheard > 0),
    'network-you': you,
    // One weak connection explains the other's bad marks often enough: ours first.
    'network-them': !you && weak(had('network-them'), badRemote, goodRemote, at),
    'media-stalled': !moved && at - packetsAt >= STALLED_MS,
  };
  return {
    at, dead, badLocal, goodLocal, badRemote, goodRemote, packets: sample.packetsIn, packetsAt, unheard,
    mutedTalk: hint ? 0 : mutedTalk, hintAt,
    warnings: (Object.keys(now) as Monitored[]).filter((warning) => now[warning]),
  };
}

/** What to raise and what to clear between two memories. */
export function changes(before: readonly Monitored[], after: readonly Monitored[]): readonly { warning: Monitored; on: boolean }[] {
  return [
    ...before.filter((warning) => !after.includes(warning)).map((warning) => ({ warning, on: false })),
    ...after.filter((warning) => !before.includes(warning)).map((warning) => ({ warning, on: true })),
  ];
}

export interface MonitorOptions {
  readonly sample: (at: number) => Sample;
  readonly report: (warning: Monitored, on: boolean) => void;
  readonly now?: () => number;
}

const EVERY_MS = 250;

/** Reads a sample four times a second until it is stopped. */
export function startMonitor(options: MonitorOptions): () => void {
  const now = options.now ?? ((): number => performance.now());
  let memory = newMemory(now());
  const timer = setInterval(() => {
    const before = memory.warnings;
    memory = watch(memory, options.sample(now()));
    for (const { warning, on } of changes(before, memory.warnings)) options.report(warning, on);
  }, EVERY_MS);
  return () => { clearInterval(timer); };
}
