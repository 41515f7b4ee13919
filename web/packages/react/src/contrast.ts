// contrast.ts — keeps a page's accent colour readable: what stands on it, and the colour itself as text on our surface.

import { contrast, mix } from '@offhook/core/colour';
import type { Rgb as Colour } from '@offhook/core/colour';

const WANTED = 4.5; // WCAG 2.2, 1.4.3
const WHITE: Colour = [255, 255, 255];
const BLACK: Colour = [0, 0, 0];

/** "rgb(1, 2, 3)" or "#123" → numbers; null for what we cannot judge (then the page's word counts). */
export function readColour(text: string): Colour | null {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text.trim())?.[1];
  if (hex !== undefined) {
    const full = hex.length === 3 ? hex.replace(/./g, '$&$&') : hex;
    return [0, 2, 4].map((at) => parseInt(full.slice(at, at + 2), 16)) as unknown as Colour;
  }
  const parts = /^rgba?\(([^)]+)\)/.exec(text.trim())?.[1]?.split(/[\s,/]+/).map(Number);
  return parts !== undefined && parts.length >= 3 && !parts.some(Number.isNaN) ? [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0] : null;
}

const css = (colour: Colour): string => `rgb(${colour.join(', ')})`;

/** The custom properties that belong to this accent on this surface. */
export function accentProperties(accent: Colour, surface: Colour): Readonly<Record<string, string>> {
  const away = contrast(surface, WHITE) > contrast(surface, BLACK) ? 255 : 0;
  let text = accent;
  for (let share = 0; contrast(text, surface) < WANTED && share < 1; share += 0.05) text = mix(accent, away, share);
  const on = contrast(WHITE, accent) >= WANTED ? WHITE : BLACK; // one of the two always is enough
  return {
    '--oh-accent': css(accent),
    '--oh-accent-strong': css(mix(accent, on === WHITE ? 0 : 255, 0.16)),
    '--oh-accent-text': css(text),
    '--oh-on-accent': css(on),
  };
}

/** Keeps the accent of this element readable, also when the system goes dark or light. Returns: undo. */
export function keepReadable(element: HTMLElement, accent: string): () => void {
  const names = new Set<string>();
  const paint = (): void => {
    const colour = readColour(accent) ?? readColour(computed(element, accent));
    const surface = readColour(computed(element, 'var(--oh-surface)')) ?? [255, 255, 255];
    if (colour === null) return;
    for (const [name, value] of Object.entries(accentProperties(colour, surface))) {
      names.add(name);
      element.style.setProperty(name, value);
    }
  };
  paint();
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', paint);
  return () => {
    dark.removeEventListener('change', paint);
    for (const name of names) element.style.removeProperty(name);
  };
}

/** Any CSS colour as the browser understands it. */
function computed(element: HTMLElement, colour: string): string {
  const probe = document.createElement('i');
  probe.style.color = colour;
  element.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
