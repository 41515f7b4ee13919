// page.ts — what happens to the page around a call: it is left, kept in the browser's cache, brought back.

export interface PageEvents {
  /** `kept`: the browser may bring the page back as it is. */
  left(kept: boolean): void;
  back(): void;
}

type PageScope = Pick<Window, 'addEventListener' | 'removeEventListener'>;

export type WatchPage = (events: PageEvents) => () => void;

/** Watches until the returned function is called. Does nothing on a server. */
export function watchPage(events: PageEvents, scope: PageScope | null = typeof window === 'undefined' ? null : window): () => void {
  const onHide = (event: PageTransitionEvent): void => { events.left(event.persisted); };
  const onShow = (event: PageTransitionEvent): void => {
    if (event.persisted) events.back();
  };
  scope?.addEventListener('pagehide', onHide);
  scope?.addEventListener('pageshow', onShow);
  return () => {
    scope?.removeEventListener('pagehide', onHide);
    scope?.removeEventListener('pageshow', onShow);
  };
}
