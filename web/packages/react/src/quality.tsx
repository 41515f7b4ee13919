'use client';
// quality.tsx — how good the line is: three bars and, on a press, the word for it and the way the sound takes.

import { useState } from 'react';
import type { ReactElement } from 'react';
import type { QualityLevel } from '@offhook/core';
import type { Words } from '@offhook/core/words';
import { usePart, useWords } from './scope';

function wordOf(level: Exclude<QualityLevel, null>, words: Words): string {
  return [words.quality0, words.quality1, words.quality2, words.quality3][level] ?? '';
}

const ROUTES = { udp: 'UDP', tcp: 'TCP', relay: 'TURN' } as const;

export function Quality(): ReactElement | null {
  const words = useWords();
  // The call is as good as its worse half.
  const level = usePart((call) => {
    const { local, remote } = call.quality;
    if (local === null || remote === null) return local ?? remote;
    return local < remote ? local : remote;
  });
  const route = usePart((call) => call.route);
  const [open, setOpen] = useState(false);
  if (level === null) return null;
  const word = wordOf(level, words);
  return (
    <button
      type="button" className="oh-quality" data-oh-level={level} aria-expanded={open} aria-label={`${words.quality}: ${word}`}
      onClick={() => { setOpen(!open); }}
    >
      <span className="oh-quality-bars" aria-hidden="true"><i /><i /><i /></span>
      <span aria-hidden="true">{open && route !== null ? `${word} · ${ROUTES[route]}` : word}</span>
    </button>
  );
}
