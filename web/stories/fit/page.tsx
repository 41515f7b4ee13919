// page.tsx — React's button for fit.test.ts: any scene of the demo call, in any words, changed from outside.

import { createRoot } from 'react-dom/client';
import type { DemoCall } from '@offhook/core/demo';
import { en } from '@offhook/core/words';
import { pseudo } from '@offhook/core/pseudo-words';
import { FloatingCallButton } from '@offhook/react';
import { clipped, orientation } from './clipped';

declare global {
  interface Window {
    /** The button's call, put here by fit.test.ts in place of a real one. */
    demo?: DemoCall;
    fit: typeof FIT;
  }
}

const FIT = { clipped, orientation };
window.fit = FIT;

const locale = new URLSearchParams(location.search).get('lang') ?? 'en';
const labels = locale === 'en-XA' ? { ...pseudo(en), locale: 'en-XA' } : {};
document.documentElement.lang = locale;
document.documentElement.dir = /^(ar|he|fa)$/.test(locale) ? 'rtl' : 'ltr';
const root = document.getElementById('root');
if (root === null) throw new Error('no root');
createRoot(root).render(
  <FloatingCallButton
    defaultOpen expandable dismissible="session" locale={locale} labels={labels} name="Acme Support and Service"
    tel="+49 30 901820" consent="required" consentText="The call goes through our own server." autoResume={false}
  />,
);
