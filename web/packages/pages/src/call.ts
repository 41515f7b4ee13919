// call.ts — /c/{site}: a page that is nothing but the call, to be linked, printed or scanned.

import { attributesOfAddress, siteOfPath } from './site-address';

interface Site {
  readonly name?: string;
  readonly greeting?: string;
  readonly tel?: string;
}

const site = siteOfPath(location.pathname) ?? 'default';
const find = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`#${id} is missing in call.html`);
  return found;
};

const button = document.createElement('offhook-call');
button.setAttribute('inline', '');
for (const [name, value] of attributesOfAddress(new URL(location.href))) button.setAttribute(name, value);
find('place').append(button);

const code = find('qr') as HTMLImageElement;
code.src = `/c/${encodeURIComponent(site)}/qr.svg`;
code.addEventListener('error', () => { find('phone').hidden = true; });

async function describe(): Promise<void> {
  const response = await fetch(`/api/voice/config?site=${encodeURIComponent(site)}`);
  if (!response.ok) return;
  const { name, greeting, tel } = await response.json() as Site;
  if (name !== undefined && name !== '') {
    find('title').textContent = name;
    document.title = name;
  }
  if (greeting !== undefined && greeting !== '') find('greeting').textContent = greeting;
  if (tel !== undefined && tel !== '') {
    const link = find('tel') as HTMLAnchorElement;
    link.href = `tel:${tel.replace(/[^+\d]/g, '')}`;
    link.textContent = tel;
    find('number').hidden = false;
  }
}
// Without it the page says less and calls all the same.
describe().catch(() => undefined);
