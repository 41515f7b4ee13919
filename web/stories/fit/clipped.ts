// clipped.ts — runs inside the page: finds text that does not fit. Returns sentences about what is wrong, none when all is well.

/** Everything below a node, shadow roots included. */
function* below(root: ParentNode): Generator<Element> {
  for (const element of root.querySelectorAll('*')) {
    yield element;
    if (element.shadowRoot !== null) yield* below(element.shadowRoot);
  }
}

function isShown(element: Element): boolean {
  if (element.getClientRects().length === 0) return false;
  const style = getComputedStyle(element);
  return style.visibility === 'visible' && Number(style.opacity) > 0.05;
}

/** Text for screen readers alone is clipped on purpose. */
function isHiddenText(element: Element | null): boolean {
  for (let at = element; at !== null; at = parentOf(at)) {
    const style = getComputedStyle(at);
    if (style.clipPath === 'inset(50%)' || style.getPropertyValue('clip').startsWith('rect(0')) return true;
    const box = at.getBoundingClientRect();
    if (style.position === 'absolute' && box.width <= 1 && box.height <= 1) return true;
  }
  return false;
}

function parentOf(element: Element): Element | null {
  const root = element.getRootNode();
  return element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}

function textOf(element: Element): string {
  return (element.textContent || element.tagName).trim().replace(/\s+/g, ' ').slice(0, 60);
}

const scrolls = (value: string): boolean => value === 'auto' || value === 'scroll';

/** Where an element's text may be seen: its own box, cut by every ancestor that clips; what scrolls can be reached. */
function windowOf(element: Element): { left: number; right: number; top: number; bottom: number } {
  const area = { left: -1e6, right: 1e6, top: -1e6, bottom: 1e6 };
  for (let at: Element | null = element; at !== null; at = parentOf(at)) {
    const style = getComputedStyle(at);
    const box = at.getBoundingClientRect();
    if (scrolls(style.overflowY)) return { ...area, left: Math.max(area.left, box.left), right: Math.min(area.right, box.right) };
    if (style.display !== 'inline' && style.overflowX !== 'visible') {
      area.left = Math.max(area.left, box.left);
      area.right = Math.min(area.right, box.right);
    }
    if (style.display !== 'inline' && style.overflowY !== 'visible') {
      area.top = Math.max(area.top, box.top);
      area.bottom = Math.min(area.bottom, box.bottom);
    }
  }
  return area;
}

/** The nearest box with a background or border of its own, which its text must not leave. */
function boxOf(element: Element): Element {
  let at: Element = element;
  while (getComputedStyle(at).display.startsWith('inline') && !/^(BUTTON|A)$/.test(at.tagName)) at = parentOf(at) ?? at;
  return at.closest('button, a[class], [role="button"]') ?? at;
}

export function clipped(): string[] {
  const found: string[] = [];
  const complain = (element: Element, what: string): void => { found.push(`${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''} “${textOf(element)}” ${what}`); };
  const width = document.documentElement.clientWidth;
  const height = window.innerHeight;
  if (document.documentElement.scrollWidth > width) found.push(`the page scrolls sideways: ${String(document.documentElement.scrollWidth)} > ${String(width)}`);
  for (const element of below(document.body)) {
    if (!isShown(element) || isHiddenText(element)) continue;
    const role = element.getAttribute('role');
    if (role === 'dialog' || element.tagName === 'BUTTON') {
      const box = element.getBoundingClientRect();
      if (box.left < -0.5 || box.right > width + 0.5) complain(element, `leaves the window: ${String(Math.round(box.left))}…${String(Math.round(box.right))} of ${String(width)}`);
      if (role === 'dialog' && (box.top < -0.5 || box.bottom > height + 0.5)) complain(element, `leaves the window: ${String(Math.round(box.top))}…${String(Math.round(box.bottom))} of ${String(height)}`);
    }
    for (const child of element.childNodes) {
      if (child.nodeType !== Node.TEXT_NODE || (child.textContent ?? '').trim() === '') continue;
      const range = document.createRange();
      range.selectNodeContents(child);
      const area = windowOf(element);
      const box = boxOf(element).getBoundingClientRect();
      for (const rect of range.getClientRects()) {
        if (rect.width < 1) continue;
        // Line boxes may be taller than the letters in them: a few pixels up and down are air.
        if (rect.left < area.left - 1 || rect.right > area.right + 1 || rect.top < area.top - 4 || rect.bottom > area.bottom + 4) {
          complain(element, `is cut off: ${String(Math.round(rect.left))}…${String(Math.round(rect.right))} in ${String(Math.round(area.left))}…${String(Math.round(area.right))}`);
          break;
        }
        if (rect.left < box.left - 1 || rect.right > box.right + 1 || rect.top < box.top - 4 || rect.bottom > box.bottom + 4) {
          complain(element, 'leaves its box');
          break;
        }
        if (rect.left < -0.5 || rect.right > width + 0.5) {
          complain(element, 'leaves the window');
          break;
        }
      }
    }
  }
  return [...new Set(found)];
}

/** The direction in which the dialog runs, and the launcher's middle from the left edge. */
export function orientation(): { readonly dir: string; readonly launcher: number | null } {
  let dir = '';
  let launcher: number | null = null;
  for (const element of below(document.body)) {
    if (element.getAttribute('role') === 'dialog') dir = getComputedStyle(element).direction;
    if (element.tagName === 'BUTTON' && element.getAttribute('aria-haspopup') === 'dialog' && isShown(element)) {
      const box = element.getBoundingClientRect();
      launcher = (box.left + box.right) / 2 / document.documentElement.clientWidth;
    }
  }
  return { dir, launcher };
}
