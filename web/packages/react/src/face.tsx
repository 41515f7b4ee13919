'use client';
// face.tsx — who is on the line: a picture, initials or a sign, with a halo that moves with the voice.

import type { ReactElement } from 'react';
import { AudioLines, Bot, Mic } from 'lucide-react';
import type { CallState } from '@offhook/core';
import { useLevel } from './level-bars';
import { usePart, useScope } from './scope';

/** "Anna Berg" → "AB"; from scripts without letters of that kind the first character. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const [first = '', last = ''] = [words[0], words.length > 1 ? words[words.length - 1] : ''];
  const initial = (word: string): string => /^./u.exec(word)?.[0] ?? '';
  return (initial(first) + initial(last)).toLocaleUpperCase();
}

const ASKING: readonly CallState[] = ['priming', 'requesting-mic'];

export function Face({ avatar, agent }: { avatar?: string | undefined; agent: boolean }): ReactElement {
  const { handle } = useScope();
  const state = usePart((call) => call.state);
  const name = usePart((call) => call.peers[0]?.name ?? '');
  const halo = useLevel(handle, 'remote', state === 'connected');
  return (
    <div className="oh-face" ref={halo} data-oh-state={state} aria-hidden="true">
      <span className="oh-halo" /><span className="oh-halo oh-halo-late" />
      <span className="oh-portrait">
        {ASKING.includes(state) ? <Mic size={30} /> : <Portrait avatar={avatar} agent={agent} name={name} />}
      </span>
    </div>
  );
}

function Portrait({ avatar, agent, name }: { avatar: string | undefined; agent: boolean; name: string }): ReactElement {
  if (avatar !== undefined) return <img src={avatar} alt="" width={80} height={80} />;
  if (agent) return <Bot size={34} />;
  const initials = initialsOf(name);
  return initials === '' ? <AudioLines size={32} /> : <span className="oh-initials">{initials}</span>;
}
