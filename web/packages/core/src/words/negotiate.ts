// negotiate.ts — from what a browser or a page asks for to a language that we have. Tiny: it is part of the first chunk.

/** Old and neighbouring names of languages. */
const ALIASES: Readonly<Record<string, string>> = { iw: 'he', in: 'id', no: 'nb', nn: 'nb', mo: 'ro', ji: 'yi' };

export type Direction = 'ltr' | 'rtl';

export function directionOf(tag: string): Direction {
  return /^(ar|fa|he|iw|ur)\b/i.test(tag) ? 'rtl' : 'ltr';
}

/** "zh_Hant_HK" → ["zh-hant-hk", "zh-tw", …]: from exact to general, in small letters. */
function candidates(wanted: string): readonly string[] {
  const parts = wanted.replace(/_/g, '-').toLowerCase().split('-');
  const language = ALIASES[parts[0] ?? ''] ?? parts[0] ?? '';
  if (language === 'zh') {
    // Traditional or simplified: by script if it is named, else by region.
    const traditional = parts.includes('hant') || (!parts.includes('hans') && parts.some((part) => /^(tw|hk|mo)$/.test(part)));
    return [traditional ? 'zh-tw' : 'zh-cn'];
  }
  const all = [language, ...parts.slice(1)];
  return all.map((_, i) => all.slice(0, all.length - i).join('-'));
}

/** The first wish that can be met, as `offered` (our tags, or the site's list) spells it. */
export function negotiate(wishes: readonly (string | null | undefined)[], offered: readonly string[]): string | undefined {
  for (const wish of wishes) {
    if (wish == null || wish === '') continue;
    for (const candidate of candidates(wish)) {
      const found = offered.find((tag) => tag.toLowerCase() === candidate);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
