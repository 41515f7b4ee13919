// frame.ts — the panel's frame: header with its buttons, a body for the views, a footer. And how it moves.

import { drawing, node, redraw, setAttributes, setText } from './nodes';
import { BACK, CLOSE, DOWN, MORE, PHONE } from './panel-icons';

export interface FrameDeeds {
  readonly close: () => void;
  readonly more: () => void;
  readonly back: () => void;
}

export interface FrameLook {
  readonly name: string;
  readonly title: string;
  readonly logo: string | null;
  readonly state: string;
  readonly close: string;
  readonly more: string;
  readonly back: string;
  /** A call goes on when the panel closes. */
  readonly minimise: boolean;
  /** Something lies over the call: the way back is shown. */
  readonly sheet: boolean;
  readonly modal: boolean;
}

export interface Frame {
  readonly node: HTMLElement;
  readonly body: HTMLElement;
  draw(look: FrameLook): void;
  setOpen(open: boolean): void;
  focusIn(): void;
}

function iconButton(part: string, path: string, press: () => void): { readonly node: HTMLButtonElement; readonly icon: SVGSVGElement } {
  const icon = drawing(path, 20);
  const made = node('button', { type: 'button', class: `icon-button ${part}`, part }, icon);
  made.addEventListener('click', press);
  return { node: made, icon };
}

/** WAAPI where the browser has it and the person does not mind. */
export function move(target: HTMLElement, frames: Keyframe[], after: () => void = () => undefined): void {
  if (typeof target.animate !== 'function' || matchMedia('(prefers-reduced-motion: reduce)').matches) {
    after();
    return;
  }
  const motion = target.animate(frames, { duration: 180, easing: 'ease-out' });
  motion.onfinish = motion.oncancel = after;
}

const LOW = { opacity: 0, transform: 'translateY(16px) scale(0.97)' };
const HIGH = { opacity: 1, transform: 'none' };

export function createFrame(id: string, deeds: FrameDeeds): Frame {
  const title = node('span');
  const mark = drawing(PHONE, 16);
  const picture = node('img', { class: 'logo', alt: '', hidden: true });
  const [back, more, close] = [iconButton('back', BACK, deeds.back), iconButton('more', MORE, deeds.more), iconButton('close', CLOSE, deeds.close)];
  const header = node('header', { class: 'header', part: 'header' }, back.node,
    node('h2', { class: 'title', part: 'title' }, node('slot', { name: 'header' }, picture, mark), title), more.node, close.node);
  const body = node('div', { class: 'body', part: 'body' });
  const panel = node('div', { id, class: 'panel', part: 'panel', role: 'dialog', hidden: true, 'data-oh-open': 'false' },
    header, body, node('slot', { name: 'footer', class: 'footer', part: 'footer' }));
  let opened = false;
  let modal = false;

  panel.addEventListener('keydown', (event) => {
    if (!modal || event.key !== 'Tab') return;
    const stops = Array.from(panel.querySelectorAll<HTMLElement>('button, a, input, select')).filter((stop) => stop.offsetParent !== null);
    const [first, last] = [stops[0], stops[stops.length - 1]];
    const now = (panel.getRootNode() as ShadowRoot).activeElement;
    const target = event.shiftKey ? last : first;
    if (now !== (event.shiftKey ? first : last) || target === undefined) return;
    event.preventDefault();
    target.focus();
  });

  return {
    node: panel,
    body,
    draw(look) {
      modal = look.modal;
      setAttributes(panel, {
        'aria-label': look.name, 'aria-modal': modal ? 'true' : null, 'data-oh-state': look.state, 'data-oh-open': String(opened),
      });
      setText(title, look.title);
      setAttributes(picture, { src: look.logo, hidden: look.logo === null });
      mark.style.display = look.logo === null && !look.sheet ? '' : 'none';
      setAttributes(back.node, { hidden: !look.sheet, 'aria-label': look.back });
      setAttributes(more.node, { hidden: look.sheet, 'aria-label': look.more });
      setAttributes(close.node, { 'aria-label': look.close });
      redraw(close.icon, look.minimise ? DOWN : CLOSE);
    },
    setOpen(open) {
      opened = open;
      setAttributes(panel, { 'data-oh-open': String(open) });
      if (open) panel.hidden = false;
      move(panel, open ? [LOW, HIGH] : [HIGH, LOW], () => { panel.hidden = !opened; });
    },
    focusIn() {
      const wanted = Array.from(body.querySelectorAll<HTMLElement>('[data-autofocus]:not(:disabled)')).find((one) => one.offsetParent !== null);
      (wanted ?? (back.node.hidden ? close.node : back.node)).focus({ preventScroll: true });
    },
  };
}
