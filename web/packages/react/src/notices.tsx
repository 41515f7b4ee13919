'use client';
// notices.tsx — what is not right at the moment, each with what helps. One at a time: the most pressing.

import type { ReactElement, ReactNode } from 'react';
import { CircleAlert, MicOff, WifiOff } from 'lucide-react';
import { say } from '@offhook/core/words';
import type { Call, CallHandle, Warning } from '@offhook/core';
import { usePart, useScope } from './scope';

/** What a person can do something about comes first. */
const ORDER: readonly Warning[] = [
  'muted-talking', 'mic-silent', 'not-heard', 'media-stalled', 'switching-route', 'slow', 'network-you', 'network-them', 'low-data',
];

const pressing = (call: Call): Warning | null => ORDER.find((one) => call.warnings.includes(one)) ?? null;

export function Notices(): ReactElement | null {
  const { handle, words } = useScope();
  const warning = usePart(pressing);
  if (warning === null) return null;
  return (
    <Notice icon={<Icon warning={warning} />} text={words.warnings[warning]} code={warning}>
      {warning === 'muted-talking' && (
        <button type="button" className="oh-link" onClick={() => { handle.setMuted(false); }}>{words.unmute}</button>
      )}
      {(warning === 'mic-silent' || warning === 'not-heard') && <OtherMicrophone handle={handle} />}
    </Notice>
  );
}

function Icon({ warning }: { warning: Warning }): ReactElement {
  if (warning === 'muted-talking' || warning === 'mic-silent' || warning === 'not-heard') return <MicOff size={16} />;
  return warning === 'network-you' || warning === 'network-them' ? <WifiOff size={16} /> : <CircleAlert size={16} />;
}

/** One tap to the next microphone that is there. */
function OtherMicrophone({ handle }: { handle: CallHandle }): ReactElement | null {
  const { words } = useScope();
  const devices = usePart((call) => call.devices);
  const other = devices.inputs.find((device) => device.id !== devices.input && device.label !== '' && device.id !== 'default');
  if (other === undefined) return null;
  return (
    <button type="button" className="oh-link" onClick={() => { handle.setInput(other.id); }}>
      {say(words, 'useDevice', { name: other.label })}
    </button>
  );
}

interface NoticeProps {
  readonly icon: ReactElement;
  readonly text: string;
  readonly code: string;
  readonly children?: ReactNode;
}

export function Notice({ icon, text, code, children }: NoticeProps): ReactElement {
  return (
    <div className="oh-notice" role="group" aria-label={text} data-oh-warning={code}>
      <span className="oh-notice-icon" aria-hidden="true">{icon}</span>
      <span className="oh-notice-text">{text}</span>
      {children}
    </div>
  );
}
