// element-page.ts — the built <offhook-call> for fit.test.ts: places one with a demo call and long or foreign words.

import { pseudo } from '@offhook/core/pseudo-words';
import { en } from '@offhook/core/words';
import { clipped, orientation } from './clipped';

const locale = new URLSearchParams(location.search).get('lang') ?? 'en';
document.documentElement.lang = locale;
document.documentElement.dir = /^(ar|he|fa)$/.test(locale) ? 'rtl' : 'ltr';

const button = document.createElement('offhook-call') as HTMLElement & { call: { show(scene: string): void } | null; labels: unknown };
const attributes = {
  demo: 'idle', open: '', lang: locale, tel: '+49 30 901820', name: 'Visitor', consent: 'required', dismissible: '', preflight: '', resume: 'off',
};
for (const [name, value] of Object.entries(attributes)) button.setAttribute(name, value);
void customElements.whenDefined('offhook-call').then(() => {
  document.body.append(button);
  if (locale === 'en-XA') button.labels = { ...pseudo(en), locale: 'en-XA' };
});
Object.defineProperty(window, 'demo', { get: () => button.call ?? undefined });
Object.assign(window, { fit: { clipped, orientation } });
