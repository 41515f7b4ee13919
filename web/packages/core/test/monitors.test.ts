import { describe, expect, it, vi } from 'vitest';
import { HINT_EVERY_MS, SILENT_MS, STALLED_MS, UNHEARD_MS, changes, newMemory, startMonitor, watch } from '../src/monitors';
import type { Memory, Monitored, Sample } from '../src/monitors';

const CALM: Sample = {
  at: 0, muted: false, level: 0.1, alive: true, behindMute: null, heard: false, quality: { local: 3, remote: 3 }, packetsIn: null,
};

/** Runs a call of samples every 250 ms; tells when which warning was there. */
function run(ms: number, at: (time: number) => Partial<Sample>, from: Memory = newMemory(0)): { memory: Memory; log: [number, Monitored, boolean][] } {
  let memory = from;
  const log: [number, Monitored, boolean][] = [];
  for (let time = from.at + 250; time <= from.at + ms; time += 250) {
    const before = memory.warnings;
    memory = watch(memory, { ...CALM, at: time, ...at(time) });
    for (const { warning, on } of changes(before, memory.warnings)) log.push([time, warning, on]);
  }
  return { memory, log };
}

describe('P44 warnings are raised and cleared', () => {
  it('none in a call that goes well', () => {
    const talking = run(60_000, (time) => ({ level: time % 3000 < 1500 ? 0.7 : 0.05, heard: time % 3000 < 1500, packetsIn: time }));
    expect(talking.log).toEqual([]);
  });
  it('N06 a microphone that gives nothing for 4 s', () => {
    const { log } = run(10_000, (time) => ({ alive: time > 8000, level: 0 }));
    expect(log).toEqual([[250 + SILENT_MS, 'mic-silent', true], [8250, 'mic-silent', false]]);
  });
  it('N06 a muted microphone may give nothing', () => {
    expect(run(20_000, () => ({ alive: false, muted: true })).log).toEqual([]);
  });
  it('N06 muted while talking, a hint of 4 s, not again within 10 s', () => {
    const { log } = run(21_000, () => ({ muted: true, behindMute: 0.7 }));
    expect(log.filter(([, warning]) => warning !== 'muted-talking')).toEqual([]);
    const on = log.filter(([, , raised]) => raised).map(([time]) => time);
    expect(on).toEqual([500, 500 + HINT_EVERY_MS, 500 + 2 * HINT_EVERY_MS]);
    expect(log[1]).toEqual([(on[0] ?? 0) + 4000, 'muted-talking', false]);
  });
  it('N06 a cough behind the mute button is nothing', () => {
    expect(run(5000, (time) => ({ muted: true, behindMute: time === 1000 ? 0.9 : 0.1 })).log).toEqual([]);
  });
  it('N06 speech that the server does not count, until it does', () => {
    const { log } = run(12_000, (time) => ({ level: 0.7, heard: time > 9000 }));
    expect(log).toEqual([[UNHEARD_MS, 'not-heard', true], [9250, 'not-heard', false]]);
  });
  it('N07 says whose network is bad', () => {
    expect(run(20_000, (time) => ({ quality: { local: time < 8000 ? 1 : 3, remote: 3 } })).log)
      .toEqual([[3250, 'network-you', true], [12_000, 'network-you', false]]);
    expect(run(6000, () => ({ quality: { local: 3, remote: 0 } })).log).toEqual([[3250, 'network-them', true]]);
    expect(run(6000, () => ({ quality: { local: 1, remote: 1 } })).log.map(([, warning]) => warning)).toEqual(['network-you']);
  });
  it('N07 a short dip is no news, and unknown is not bad', () => {
    expect(run(20_000, (time) => ({ quality: { local: time % 4000 < 2000 ? 1 : 3, remote: null } })).log).toEqual([]);
  });
  it('sound that stopped arriving, only while somebody should send', () => {
    const { log } = run(16_000, (time) => ({ packetsIn: time < 4000 ? time : time > 12_000 ? null : 4000 }));
    expect(log).toEqual([[4000 + STALLED_MS, 'media-stalled', true], [12_250, 'media-stalled', false]]);
  });
  it('a device that slept is not blamed for the gap', () => {
    const slept = watch(newMemory(0), { ...CALM, at: 3_600_000, level: 0.9 });
    expect(slept.warnings).toEqual([]);
    expect(slept.unheard).toBe(1000);
  });
});

it('P44 the driver reports changes until it is stopped', () => {
  vi.useFakeTimers();
  const told: string[] = [];
  let time = 0;
  const stop = startMonitor({
    now: () => time,
    sample: (at) => ({ ...CALM, at, alive: false }),
    report: (warning, on) => { told.push(`${warning} ${String(on)}`); },
  });
  for (; time < 6000; time += 250) vi.advanceTimersByTime(250);
  expect(told).toEqual(['mic-silent true']);
  stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});
