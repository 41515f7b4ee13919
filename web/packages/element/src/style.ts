// style.ts — puts a style sheet into a shadow root by whatever way the browser and the page's CSP allow.
//
// 1. adoptedStyleSheets (Chrome 73, Firefox 101, Safari 16.4): made by script, so no style-src speaks about it.
// 2. <style nonce>, when the page gave a nonce.
// 3. <link rel=stylesheet> to our own host; what it styles is hidden until it is there.

export interface StyleWays {
  /** The page's CSP nonce; '' when there is none. */
  readonly nonce: string;
  /** The same sheet as a file; '' when there is none (then a plain <style> is tried). */
  readonly href: string;
}

const made = new Map<string, CSSStyleSheet>();

function sheetOf(css: string): CSSStyleSheet {
  const known = made.get(css);
  if (known !== undefined) return known;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  made.set(css, sheet);
  return sheet;
}

function canAdopt(root: ShadowRoot): boolean {
  try {
    return 'adoptedStyleSheets' in root && typeof new CSSStyleSheet().replaceSync === 'function';
  } catch {
    return false; // Safari before 16.4 knows the class, not the constructor
  }
}

/** Resolves when the style is in force. */
export function addStyle(root: ShadowRoot, css: string, ways: StyleWays): Promise<void> {
  if (canAdopt(root)) {
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheetOf(css)];
    return Promise.resolve();
  }
  if (ways.nonce !== '' || ways.href === '') {
    const style = document.createElement('style');
    if (ways.nonce !== '') style.setAttribute('nonce', ways.nonce);
    style.textContent = css;
    root.prepend(style);
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.onload = link.onerror = (): void => { resolve(); };
    link.href = ways.href;
    root.prepend(link);
  });
}
