'use client';
// lazy-voice.tsx — VoiceCallInterface for the package's entry: same component, loaded when first rendered.

import { Suspense, lazy } from 'react';
import type { ReactElement } from 'react';
import type { VoiceCallInterfaceProps } from './voice-call-interface';

const Loaded = lazy(async () => ({ default: (await import('./voice-call-interface')).VoiceCallInterface }));

export function VoiceCallInterface(props: VoiceCallInterfaceProps): ReactElement {
  return <Suspense fallback={null}><Loaded {...props} /></Suspense>;
}
