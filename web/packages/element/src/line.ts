// line.ts — the call behind the panel, made from the element's attributes.

import { CallError, createCall, createOneCall, createReporter, createResumeStore, createTokenClient } from '@offhook/core';
import type { CallHandle, OpenPhone, TokenRequest } from '@offhook/core';
import { askAuth } from './auth';
import type { Host } from './host';
import { readJson } from './labels';
import { recall, recallSwitch } from '@offhook/core/memory';
import { siteSettled, termsOf } from './scene';

const openLiveKitPhone: OpenPhone = async (report, wishes) => {
  try {
    return (await import('./phone')).createLiveKitPhone({ report, ...wishes });
  } catch (cause) {
    throw new CallError(navigator.onLine ? 'SIGNAL_FAILED' : 'NET_OFFLINE', { detail: 'the call code could not be loaded', cause });
  }
};

/** The sound code is large: fetched while the person is still reading. */
export function prefetchPhone(): void {
  void import('./phone').catch(() => undefined);
}

/** Only what the page gave. */
function requestOf(host: Host): TokenRequest {
  const given: Record<string, unknown> = { attributes: { ...readJson(host, 'attributes'), ...host.given }, page: location.href };
  const fields = { site: 'site', name: 'participantName', invite: 'invite', metadata: 'metadata', identity: 'identity', lang: 'locale' };
  for (const [attribute, field] of Object.entries(fields)) {
    const value = host.getAttribute(attribute);
    if (value !== null && value !== '') given[field] = value;
  }
  return given;
}

/** What the visitor chose in the settings goes before what the page set. */
function wanted(host: Host, name: string): boolean {
  return recallSwitch(name) ?? host.hasAttribute(name);
}

export async function createLine(host: Host): Promise<CallHandle> {
  const demo = host.getAttribute('demo');
  if (demo !== null) return (await import('./demo')).createDemoCall({ scene: demo === '' ? 'idle' : demo });
  const site = host.getAttribute('site') ?? 'default';
  const call = createCall({
    getCredentials: async (signal, wishes) => {
      await siteSettled(host);
      const terms = termsOf(host);
      return createTokenClient(
        { url: host.getAttribute('token-url') ?? `${host.base}api/voice/token`, getAuthToken: () => askAuth(host) },
        () => requestOf(host))(signal, terms === null ? wishes : { ...wishes, recording: recall('consent') === terms });
    },
    openPhone: openLiveKitPhone,
    onError: createReporter(),
    settings: () => ({
      preflight: host.hasAttribute('preflight'), pushToTalk: wanted(host, 'push-to-talk'), lowData: wanted(host, 'low-data'),
      recording: host.recording,
    }),
    oneCall: createOneCall(site),
    ...(host.getAttribute('resume') === 'off' ? {} : { resumeStore: createResumeStore(site) }),
  });
  return call;
}
