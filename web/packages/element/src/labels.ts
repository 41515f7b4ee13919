// labels.ts — the page's own words over ours: the `label` and `labels` attributes and the `labels` property.

import type { WordsOverrides } from '@offhook/core/words';
import type { Host } from './host';

/** An attribute that holds a JSON object; {} when it does not. */
export function readJson(host: Pick<Host, 'getAttribute'>, name: string): Readonly<Record<string, unknown>> {
  const text = host.getAttribute(name);
  if (text === null || text === '') return {};
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Record<string, unknown>;
  } catch {
    // said below
  }
  console.warn(`offhook: the attribute ${name} is not a JSON object`);
  return {};
}

export function labelsOf(host: Pick<Host, 'getAttribute' | 'labels'>): WordsOverrides {
  return { ...readJson(host, 'labels'), ...host.labels };
}
