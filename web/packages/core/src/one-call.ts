// one-call.ts — one call per browser: who holds the line, and how a tab gets it from another.

import type { ResumeTicket } from './resume';

export interface OneCallEvents {
  /** A call runs in another tab, or no longer does. */
  elsewhere(elsewhere: boolean): void;
  /** Another tab wants our call: let go of it, hand over what continues it. */
  asked(): ResumeTicket | null;
}

export interface OneCall {
  /** true: the line is ours until `release`. */
  claim(): Promise<boolean>;
  release(): void;
  watch(events: OneCallEvents): () => void;
  /** Asks the tab that holds the line to let go. What continues its call; null: nothing does. */
  takeOver(): Promise<ResumeTicket | null>;
}
