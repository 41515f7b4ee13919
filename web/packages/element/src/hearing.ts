// hearing.ts — “Hear yourself”: the way to the server and back with one's own voice, before a call; then what came of it.

import { hearYourself, isActive } from '@offhook/core';
import { errorWords, micPlaceOf } from '@offhook/core/words';
import type { Call, Preflight } from '@offhook/core';
import { node, setAttributes, setText } from './nodes';
import type { Scene, View } from './scene';

export function createHearing({ words, host, site, line }: Scene): View {
  const press = node('button', { type: 'button', class: 'secondary' }, words.hearYourself);
  const told = node('p', { class: 'note', role: 'status' });
  const made = node('div', { hidden: true }, press, told);
  const leaving = new AbortController();
  const tell = ({ verdict, code }: Preflight): void => {
    const help = code === null ? '' : ` ${errorWords(words, code, micPlaceOf(navigator.userAgent, code === 'MIC_DENIED_SYSTEM')).sentence}`;
    setText(told, words.verdict[verdict] + help);
    setAttributes(made, { 'data-verdict': verdict });
  };
  const listen = async (): Promise<void> => {
    setAttributes(press, { 'aria-disabled': 'true' });
    setText(told, words.speakNow);
    try {
      const tokenUrl = host.getAttribute('token-url') ?? `${host.base}api/voice/token`;
      tell(await hearYourself({ line, tokenUrl, site: host.getAttribute('site') ?? undefined, signal: leaving.signal }));
    } catch {
      setText(told, words.verdict.blocked); // our own code could not be fetched
    }
    setAttributes(press, { 'aria-disabled': false });
  };
  press.addEventListener('click', () => { if (press.getAttribute('aria-disabled') === null) void listen(); });
  return {
    node: made,
    update(call: Call) {
      // A demo has no server, and a running call has the microphone.
      setAttributes(made, { hidden: isActive(call.state) || host.hasAttribute('demo') || site.echo === false });
    },
    destroy() { leaving.abort(); },
  };
}
