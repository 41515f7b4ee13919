// contrast.ts — keeps a page's accent colour readable: what stands on it, and the colour itself as text on our surface.

type Colour = readonly [red: number, green: number, blue: number];

const WANTED = 4.5; // WCAG 2.2, 1.4.3

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

function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function contrast(one: Colour, other: Colour): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const mix = (one: Colour, other: Colour, share: number): Colour =>
  one.map((value, i) => Math.round(value + ((other[i] ?? 0) - value) * share)) as unknown as Colour;
const css = (colour: Colour): string => `rgb(${colour.join(', ')})`;

/** The custom properties that belong to this accent on this surface. */
export function accentProperties(accent: Colour, surface: Colour): Readonly<Record<string, string>> {
  const white: Colour = [255, 255, 255];
  const black: Colour = [0, 0, 0];
  const away = contrast(surface, white) > contrast(surface, black) ? white : black;
  let text = accent;
  for (let share = 0; contrast(text, surface) < WANTED && share < 1; share += 0.05) text = mix(accent, away, share);
  const on = contrast(white, accent) >= WANTED ? white : black; // one of the two always is enough
  return {
    '--oh-accent': css(accent),
    '--oh-accent-strong': css(mix(accent, on === white ? black : white, 0.16)),
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
