// colour.ts — how far two colours stand apart, by WCAG's measure.

export type Rgb = readonly [red: number, green: number, blue: number];

/** WCAG 2 relative luminance, 0 … 1. */
function luminance(colour: Rgb): number {
  const parts = colour.map((value) => (value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return [0.2126, 0.7152, 0.0722].reduce((sum, weight, index) => sum + weight * (parts[index] ?? 0), 0);
}

/** WCAG 2 contrast ratio, 1 … 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one) + 0.05, luminance(other) + 0.05];
  return Math.max(a / b, b / a);
}

/** A step from a colour towards a grey: `to` 0 (black) … 255 (white), `share` 0 … 1. */
export const mix = (from: Rgb, to: number, share: number): Rgb => from.map((value) => Math.round(value + (to - value) * share)) as unknown as Rgb;
