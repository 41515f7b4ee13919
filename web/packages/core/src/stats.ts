// stats.ts — what a call measures about itself, for quality bars, warnings and the report.

import type { Route } from './machine';

export interface CallStats {
  /** Milliseconds there and back; null: not measured. */
  readonly roundTripMs: number | null;
  readonly jitterMs: number | null;
  /** Lost packets of the sound we hear, 0 … 1, since the call began. */
  readonly lossIn: number | null;
  /** The same of the sound we send, as the server counts. */
  readonly lossOut: number | null;
  /** Made-up sound, 0 … 1 of all that was played. */
  readonly concealed: number | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly codec: string | null;
  readonly route: Route | null;
}

/** The parts of an RTCStats entry that are read here; browsers leave out what they do not know. */
interface Entry {
  readonly id: string;
  readonly type: string;
  readonly kind?: string;
  readonly [name: string]: unknown;
}

const numberOf = (entry: Entry | undefined, name: string): number | null => {
  const value = entry?.[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
};
const sumOf = (entries: readonly Entry[], name: string): number =>
  entries.reduce((sum, entry) => sum + (numberOf(entry, name) ?? 0), 0);
const share = (part: number, whole: number): number | null => (whole > 0 ? Math.min(1, Math.max(0, part / whole)) : null);

/** Where the chosen pair of candidates leads; Firefox marks it with `selected`, others name it in the transport. */
function routeOf(entries: ReadonlyMap<string, Entry>): Route | null {
  const all = [...entries.values()];
  const chosen = all.find((entry) => entry.type === 'transport' && typeof entry.selectedCandidatePairId === 'string');
  const pair = entries.get(String(chosen?.selectedCandidatePairId))
    ?? all.find((entry) => entry.type === 'candidate-pair' && (entry.selected === true || (entry.nominated === true && entry.state === 'succeeded')));
  const local = entries.get(String(pair?.localCandidateId));
  if (local === undefined) return null;
  if (local.candidateType === 'relay') return 'relay';
  return local.protocol === 'tcp' ? 'tcp' : 'udp';
}

/** Reads what browsers report about the sound of one call. Several reports (sender, receiver) are read as one. */
export function readStats(reports: Iterable<{ forEach(visit: (entry: unknown) => void): void }>): CallStats {
  const entries = new Map<string, Entry>();
  for (const report of reports) report.forEach((entry) => { entries.set((entry as Entry).id, entry as Entry); });
  const audio = (type: string): Entry[] => [...entries.values()].filter((entry) => entry.type === type && entry.kind === 'audio');
  const inbound = audio('inbound-rtp');
  const outbound = audio('outbound-rtp');
  const far = audio('remote-inbound-rtp')[0];
  const pair = [...entries.values()].find((entry) => entry.type === 'candidate-pair' && numberOf(entry, 'currentRoundTripTime') !== null);
  const seconds = numberOf(far, 'roundTripTime') ?? numberOf(pair, 'currentRoundTripTime');
  const jitter = numberOf(inbound[0], 'jitter');
  const lost = sumOf(inbound, 'packetsLost');
  const codec = entries.get(String((outbound[0] ?? inbound[0])?.codecId))?.mimeType;
  return {
    roundTripMs: seconds === null ? null : Math.round(seconds * 1000),
    jitterMs: jitter === null ? null : Math.round(jitter * 1000),
    lossIn: share(lost, lost + sumOf(inbound, 'packetsReceived')),
    lossOut: numberOf(far, 'fractionLost'),
    concealed: share(sumOf(inbound, 'concealedSamples'), sumOf(inbound, 'totalSamplesReceived')),
    bytesIn: sumOf(inbound, 'bytesReceived'),
    bytesOut: sumOf(outbound, 'bytesSent'),
    packetsIn: sumOf(inbound, 'packetsReceived'),
    packetsOut: sumOf(outbound, 'packetsSent'),
    codec: typeof codec === 'string' ? codec : null,
    route: routeOf(entries),
  };
}
