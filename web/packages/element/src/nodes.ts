// nodes.ts — builds DOM nodes without any string of HTML, so that strict CSPs and Trusted Types have nothing to refuse.

export type Attributes = Readonly<Record<string, string | boolean | null | undefined>>;
export type Child = Node | string | null | undefined | false;

/** true: an empty attribute; false, null and undefined: none. */
export function setAttributes(target: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value == null || value === false) target.removeAttribute(name);
    else if (target.getAttribute(name) !== (value === true ? '' : value)) target.setAttribute(name, value === true ? '' : value);
  }
}

export function node<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  setAttributes(made, attributes);
  for (const child of children) if (child != null && child !== false) made.append(child);
  return made;
}

/** Writes only what differs: live regions and screen readers notice writes. */
export function setText(target: Node, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

const SVG = 'http://www.w3.org/2000/svg';

/** A line drawing of 24 × 24; decoration, never content. */
export function drawing(path: string, size = 24): SVGSVGElement {
  const made = document.createElementNS(SVG, 'svg');
  setAttributes(made, {
    viewBox: '0 0 24 24', width: String(size), height: String(size), fill: 'none', stroke: 'currentColor',
    'stroke-width': '1.9', 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true', focusable: 'false',
  });
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', path);
  made.append(line);
  return made;
}

/** Gives a drawing another line, if it has another one. */
export function redraw(target: SVGSVGElement, path: string): void {
  const line = target.firstElementChild;
  if (line !== null && line.getAttribute('d') !== path) line.setAttribute('d', path);
}
