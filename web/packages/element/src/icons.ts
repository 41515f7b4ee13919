// icons.ts — the element's drawings, each one line on 24 × 24.

export const PHONE = 'M5.2 3.8h3l1.7 4.5-2 1.6a12.3 12.3 0 0 0 6.2 6.2l1.6-2 4.5 1.7v3a1.6 1.6 0 0 1-1.7 1.6A17.1 17.1 0 0 1 3.6 5.5 1.6 1.6 0 0 1 5.2 3.8Z';
export const WAVE = 'M4 10v4M8 6.5v11M12 4v16M16 7.5v9M20 10v4';
export const AGAIN = 'M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4';
export const CLOSE = 'M6.5 6.5l11 11M17.5 6.5l-11 11';
