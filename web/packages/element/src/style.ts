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

/** Resolves when the style is in force. */
export function addStyle(root: ShadowRoot, css: string, { nonce, href }: StyleWays): Promise<void> {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    return Promise.resolve();
  } catch {
    // Firefox before 101 and Safari before 16.4 know the class, not the constructor.
  }
  return new Promise((resolve) => {
    const link = document.createElement(nonce === '' && href !== '' ? 'link' : 'style');
    if (link instanceof HTMLLinkElement) {
      link.rel = 'stylesheet';
      link.onload = link.onerror = (): void => { resolve(); };
      link.href = href;
    } else {
      link.nonce = nonce;
      link.textContent = css;
      resolve();
    }
    root.prepend(link);
  });
}
