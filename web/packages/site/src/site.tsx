// site.tsx — brings the page to life: the call button, and the link for two people.

import { useSyncExternalStore } from 'react';
import type { ReactElement } from 'react';
import { createRoot } from 'react-dom/client';
import { copyText } from '@offhook/core/copy';
import { toCallError } from '@offhook/core/errors';
import { FloatingCallButton } from '@offhook/react';
import { createInvite, inviteOfAddress } from './invite';

function find<T extends Element>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`#${id} is missing in index.html`);
  return element;
}

let invite = inviteOfAddress(location.search);
const listeners = new Set<() => void>();

function useInvite(): string | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => { listeners.delete(listener); };
    },
    () => invite,
  );
}

function PageButton(): ReactElement {
  // Both sides of a two-person call may be tabs of one browser.
  return <FloatingCallButton invite={useInvite()} oneCall={invite === undefined} />;
}

function showInvited(): void {
  find('echo', HTMLElement).hidden = true;
  find('two', HTMLElement).hidden = true;
  find('invited', HTMLElement).hidden = false;
}

function prepareTwoPersonCall(): void {
  const link = find('two-person', HTMLAnchorElement);
  const status = find('two-status', HTMLParagraphElement);
  const share = find('share-url', HTMLInputElement);

  async function openOtherSide(): Promise<void> {
    // Opened now, while the click counts; browsers block windows that open later by themselves.
    const tab = window.open('about:blank', '_blank');
    link.setAttribute('aria-busy', 'true');
    status.textContent = 'Making a private room…';
    try {
      const made = await createInvite(location.href);
      invite = made.invite;
      for (const listener of [...listeners]) listener();
      link.href = made.url;
      link.target = '_blank';
      share.value = made.url;
      find('share', HTMLElement).hidden = false;
      status.textContent = tab === null
        ? 'The room is ready. Press the link again to open its other side, then start the call here too.'
        : 'The other side is open in a new tab. Start the call there and here.';
      if (tab !== null) tab.location.replace(made.url);
    } catch (error) {
      tab?.close();
      const { en, errorWords } = await import('@offhook/core/words');
      const { title, sentence } = errorWords(en, toCallError(error).code);
      status.textContent = `${title}. ${sentence}`;
    } finally {
      link.removeAttribute('aria-busy');
    }
  }

  link.addEventListener('click', (event) => {
    if (link.target === '_blank' || link.getAttribute('aria-busy') === 'true') return;
    event.preventDefault();
    void openOtherSide();
  });
  find('share-copy', HTMLButtonElement).addEventListener('click', (event) => {
    const button = event.currentTarget as HTMLButtonElement;
    share.select();
    void copyText(share.value).then((done) => { if (done) button.textContent = 'Copied'; });
  });
}

if (invite === undefined) prepareTwoPersonCall();
else showInvited();
find('snippet-origin', HTMLSpanElement).textContent = location.origin;
createRoot(find('call-button', HTMLDivElement)).render(<PageButton />);
