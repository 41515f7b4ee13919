// launcher-words.ts — the few words of the closed button in every language: they are in the first chunk, so that the
// button never changes its text after it was drawn. [the button, hide it, try again (when the rest could not be loaded)]

import { negotiate } from './negotiate';

export { directionOf } from './negotiate';
export type { Direction } from './negotiate';

export const LAUNCHER_WORDS: Readonly<Record<string, string>> = {
  ar: 'تحدّث إلينا|إخفاء هذا الزر|إعادة المحاولة',
  cs: 'Mluvte s námi|Skrýt toto tlačítko|Zkusit znovu',
  da: 'Tal med os|Skjul denne knap|Prøv igen',
  de: 'Sprechen Sie mit uns|Diese Schaltfläche ausblenden|Erneut versuchen',
  el: 'Μιλήστε μαζί μας|Απόκρυψη κουμπιού|Δοκιμή ξανά',
  en: 'Talk to us|Hide this button|Try again',
  es: 'Hable con nosotros|Ocultar este botón|Reintentar',
  fa: 'با ما صحبت کنید|پنهان کردن این دکمه|تلاش دوباره',
  fi: 'Puhu kanssamme|Piilota tämä painike|Yritä uudelleen',
  fr: 'Parlez avec nous|Masquer ce bouton|Réessayer',
  he: 'דברו איתנו|הסתרת הכפתור|ניסיון נוסף',
  hi: 'हमसे बात करें|यह बटन छिपाएँ|फिर कोशिश करें',
  hu: 'Beszéljen velünk|Gomb elrejtése|Újra',
  id: 'Bicara dengan kami|Sembunyikan tombol ini|Coba lagi',
  it: 'Parla con noi|Nascondi questo pulsante|Riprova',
  ja: 'お話しください|このボタンを隠す|再試行',
  ko: '상담하기|이 버튼 숨기기|다시 시도',
  nb: 'Snakk med oss|Skjul denne knappen|Prøv igjen',
  nl: 'Praat met ons|Deze knop verbergen|Opnieuw proberen',
  pl: 'Porozmawiaj z nami|Ukryj ten przycisk|Spróbuj ponownie',
  pt: 'Fale conosco|Ocultar este botão|Tentar de novo',
  ro: 'Vorbiți cu noi|Ascunde acest buton|Încearcă din nou',
  ru: 'Поговорите с нами|Скрыть эту кнопку|Повторить',
  sv: 'Prata med oss|Dölj den här knappen|Försök igen',
  th: 'คุยกับเรา|ซ่อนปุ่มนี้|ลองใหม่',
  tr: 'Bizimle konuşun|Bu düğmeyi gizle|Yeniden dene',
  uk: 'Поговоріть з нами|Сховати цю кнопку|Повторити',
  vi: 'Nói chuyện với chúng tôi|Ẩn nút này|Thử lại',
  'zh-CN': '与我们通话|隐藏此按钮|重试',
  'zh-TW': '與我們通話|隱藏此按鈕|再試一次',
};

export interface LauncherWords {
  readonly locale: string;
  readonly launcher: string;
  readonly hide: string;
  readonly retry: string;
}

/** For these wishes, most wanted first (a `lang` attribute, the page's language, navigator.languages). */
export function launcherWords(wishes: readonly (string | null | undefined)[]): LauncherWords {
  const locale = negotiate(wishes, Object.keys(LAUNCHER_WORDS)) ?? 'en';
  const [launcher = '', hide = '', retry = ''] = (LAUNCHER_WORDS[locale] ?? '').split('|');
  return { locale, launcher, hide, retry };
}
