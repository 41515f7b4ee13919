// diagnostics-text.ts — a diagnostics report as the text that a person pastes into a support ticket.

import type { Diagnostics } from './diagnostics';

/** For "Copy details": one fact a line, empty ones left out. */
export function formatDiagnostics(report: Diagnostics): string {
  const { quality, timeline, durationMs } = report;
  const facts = {
    code: report.code, status: report.status, detail: report.detail, call: report.callId, ended: report.endReason, started: report.startedAt,
    timeline: timeline.map(({ state, ms }) => `${state} +${String(ms)}`).join(', '),
    duration: durationMs === null ? null : `${String(durationMs)} ms`, route: report.route,
    quality: `${String(quality.local ?? '?')}/${String(quality.remote ?? '?')}`, warnings: report.warnings.join(' '),
    attempt: report.attempt, online: report.online, browser: report.userAgent,
  };
  const known = Object.entries(facts).filter(([, fact]) => fact !== null && fact !== '');
  return [`offhook call ${report.state}`, ...known.map(([name, fact]) => `${name} ${String(fact)}`)].join('\n');
}
