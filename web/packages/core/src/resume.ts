// resume.ts — keeps a call over a reload or a change of page. What is kept lives in this tab's session only, is worth
// nothing elsewhere (the server sealed it to site, room, identity and origin), and is gone when the call is over.

export interface ResumeTicket {
  /** Sealed by the server; nobody else can read or make one. */
  readonly resume: string;
  readonly roomName: string;
  readonly muted: boolean;
  readonly speakerMuted: boolean;
}

export interface ResumeStore {
  load(): ResumeTicket | null;
  save(ticket: ResumeTicket): void;
  clear(): void;
}

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** null where storage is forbidden (sandboxed frames, private modes). */
function sessionOf(scope: { readonly sessionStorage?: Storage }): Storage | null {
  try {
    return scope.sessionStorage ?? null;
  } catch {
    return null;
  }
}

export function readResumeTicket(text: string | null): ResumeTicket | null {
  if (text === null) return null;
  try {
    const read = JSON.parse(text) as Partial<Record<keyof ResumeTicket, unknown>> | null;
    if (typeof read?.resume !== 'string' || read.resume === '' || typeof read.roomName !== 'string') return null;
    return { resume: read.resume, roomName: read.roomName, muted: read.muted === true, speakerMuted: read.speakerMuted === true };
  } catch {
    return null;
  }
}

/** `name` keeps two sites on one page apart. */
export function createResumeStore(name = 'default', storage: Storage | null = sessionOf(globalThis)): ResumeStore {
  const key = `offhook.resume.${name}`;
  // A full or forbidden storage costs the resume, never the call.
  const tolerant = <T>(work: (open: Storage) => T): T | null => {
    try {
      return storage === null ? null : work(storage);
    } catch {
      return null;
    }
  };
  return {
    load: () => readResumeTicket(tolerant((open) => open.getItem(key))),
    save: ({ resume, roomName, muted, speakerMuted }) => {
      tolerant((open) => { open.setItem(key, JSON.stringify({ resume, roomName, muted, speakerMuted })); });
    },
    clear: () => { tolerant((open) => { open.removeItem(key); }); },
  };
}
