// colour.ts — a page's accent colour, made readable: WCAG contrast is computed, not hoped for.

type Rgb = readonly [number, number, number];

/** Any CSS colour the browser knows → its channels; null for anything else. */
export function readColour(text: string): Rgb | null {
  let hex = text.trim().toLowerCase();
  if (!/^#([0-9a-f]{3}|[0-9a-f]{6})$/.test(hex)) {
    // A canvas normalises colours without touching layout; two different starting values unmask what it ignored.
    const pen = document.createElement('canvas').getContext('2d');
    if (pen === null) return null;
    const after = (before: string): string => {
      pen.fillStyle = before;
      pen.fillStyle = text;
      return pen.fillStyle;
    };
    hex = after('#000');
    if (hex !== after('#fff')) return null;
  }
  if (/^#[0-9a-f]{3}$/.test(hex)) hex = hex.replace(/[0-9a-f]/g, '$&$&');
  const found = /^#(..)(..)(..)$/.exec(hex);
  return found === null ? null : [parseInt(found[1] ?? '', 16), parseInt(found[2] ?? '', 16), parseInt(found[3] ?? '', 16)];
}

/** WCAG 2 relative luminance, 0 … 1. */
export function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG 2 contrast ratio, 1 … 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const mix = (from: Rgb, to: Rgb, share: number): Rgb =>
  from.map((value, index) => Math.round(value + ((to[index] ?? 0) - value) * share)) as unknown as Rgb;
const write = (colour: Rgb): string => `#${colour.map((value) => value.toString(16).padStart(2, '0')).join('')}`;

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
const SURFACE = { light: WHITE, dark: [23, 32, 29] as Rgb };
const TEXT = 4.5; // WCAG 1.4.3
const SHAPE = 3; // WCAG 1.4.11

/** `colour`, moved towards `to` just far enough to stand out from `ground`. */
function until(colour: Rgb, ground: Rgb, to: Rgb, ratio: number): Rgb {
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = mix(colour, to, share);
    if (contrast(mixed, ground) >= ratio) return mixed;
  }
  return to;
}

/** The custom properties that follow from an accent; null when it is no colour. */
export function accentProperties(accent: string, dark: boolean): Readonly<Record<string, string>> | null {
  const wish = readColour(accent);
  if (wish === null) return null;
  const ground = dark ? SURFACE.dark : SURFACE.light;
  const away = dark ? WHITE : BLACK;
  const fill = until(wish, ground, away, SHAPE);
  const on = contrast(fill, WHITE) >= TEXT ? WHITE : BLACK; // one of them always has 4.5
  return {
    '--oh-accent': write(fill),
    // Away from what is written on it, so that hovering never costs contrast.
    '--oh-accent-strong': write(mix(fill, on === WHITE ? BLACK : WHITE, 0.16)),
    '--oh-accent-text': write(until(fill, ground, away, TEXT)),
    '--oh-on-accent': write(on),
  };
}
