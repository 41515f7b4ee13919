'use client';
// hearing.tsx — “Hear yourself”: the way to the server and back with one's own voice, before a call; then what came of it.

import { useEffect, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import { AudioLines } from 'lucide-react';
import { hearYourself } from '@offhook/core';
import { errorWords, micPlaceOf } from '@offhook/core/words';
import type { Words } from '@offhook/core/words';
import type { HearingLine, Preflight } from '@offhook/core';
import { useWords } from './scope';

export interface HearingProps {
  readonly tokenUrl: string;
  readonly site: string | undefined;
}

type Told = 'nothing' | 'speak' | Preflight | 'broken';

/** livekit-client is large: it comes with the press. */
const loadLine = (): Promise<HearingLine> => import('@offhook/core/livekit-probe');

function textOf(told: Told, words: Words): string {
  if (told === 'nothing') return '';
  if (told === 'speak') return words.speakNow;
  if (told === 'broken') return words.verdict.blocked;
  if (told.code === null) return words.verdict[told.verdict];
  const place = micPlaceOf(navigator.userAgent, told.code === 'MIC_DENIED_SYSTEM');
  return `${words.verdict[told.verdict]} ${errorWords(words, told.code, place).sentence}`;
}

export function Hearing({ tokenUrl, site }: HearingProps): ReactElement {
  const words = useWords();
  const [told, tell] = useState<Told>('nothing');
  const leaving = useRef<AbortController | null>(null);
  useEffect(() => () => { leaving.current?.abort(); }, []);
  const listen = async (): Promise<void> => {
    const mine = new AbortController();
    leaving.current = mine;
    tell('speak');
    try {
      const found = await hearYourself({ line: loadLine, tokenUrl, site, signal: mine.signal });
      if (!mine.signal.aborted) tell(found);
    } catch {
      tell('broken'); // our own code could not be fetched
    }
  };
  return (
    <div className="oh-field">
      <button type="button" className="oh-secondary" aria-disabled={told === 'speak'} onClick={() => { if (told !== 'speak') void listen(); }}>
        <AudioLines size={16} aria-hidden="true" /> {words.hearYourself}
      </button>
      <p className="oh-note" role="status">{textOf(told, words)}</p>
    </div>
  );
}
