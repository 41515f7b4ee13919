// reporters.ts — tells the page's own tools about failed calls: the console in the words people search for, and Sentry,
// Datadog or LogRocket where the page has them. By duck typing: nothing is imported, nothing is loaded.

import type { CallError } from './errors';
import type { CallState } from './machine';

export type ReportError = (error: CallError, during: CallState) => void;

interface Tools {
  readonly Sentry?: unknown;
  readonly DD_RUM?: unknown;
  readonly LogRocket?: unknown;
}

type Facts = Readonly<Record<string, string | number | undefined>>;

/** Before the room: the call could not be started. After: LiveKit's line had trouble. */
export const reportToConsole: ReportError = (error, during) => {
  const starting = during === 'opening' || during === 'priming' || during === 'requesting-mic';
  console.error(starting ? 'Failed to start call:' : 'LiveKit error:', error);
};

function call(tool: unknown, method: string, ...args: readonly unknown[]): boolean {
  const found = (tool as Record<string, unknown> | null | undefined)?.[method];
  if (typeof found !== 'function') return false;
  try {
    Reflect.apply(found as (...all: readonly unknown[]) => unknown, tool, args);
    return true;
  } catch {
    return false; // a reporter's own trouble must never end a call
  }
}

/** Returns the names of those who were told. */
export function reportToTools(error: CallError, during: CallState, scope: object = globalThis): string[] {
  const tools = scope as Tools;
  const facts: Facts = { code: error.code, state: during, status: error.status };
  const tags = { 'offhook.code': error.code, 'offhook.state': during };
  const told: string[] = [];
  if (call(tools.Sentry, 'captureException', error, { tags, extra: facts })) told.push('Sentry');
  if (call(tools.DD_RUM, 'addError', error, { offhook: facts })) told.push('Datadog');
  if (call(tools.LogRocket, 'captureException', error, { tags, extra: facts })) told.push('LogRocket');
  return told;
}

/** The console, the page's tools, then whoever else wants to know. */
export function createReporter(onError?: ReportError, scope: object = globalThis): ReportError {
  return (error, during) => {
    reportToConsole(error, during);
    reportToTools(error, during, scope);
    onError?.(error, during);
  };
}
