'use client';
// settings.tsx — microphone, loudspeaker, volume, push to talk, saving data, language, keys.

import { useId } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { Globe, Keyboard, Mic, ShieldCheck, Volume2 } from 'lucide-react';
import { isActive, isJoined } from '@offhook/core';
import type { Device } from '@offhook/core';
import { say } from '@offhook/core/words';
import { useBorrowedFocus } from './focus';
import { Hearing } from './hearing';
import { CallId } from './outcome';
import type { FloatingCallButtonProps } from './props';
import { useCall, useScope } from './scope';
import type { Session } from './session';
import { useStore } from './store';

export interface SettingsProps {
  readonly session: Session;
  readonly page: FloatingCallButtonProps;
  readonly onPrivacy: () => void;
  readonly onBack: () => void;
}

/** Speech and its packing at our lowest rate: what a minute costs, both ways. */
const LOW_DATA_MB = 0.3;

export function Settings({ session, page, onPrivacy, onBack }: SettingsProps): ReactElement {
  const { handle, words } = useScope();
  const call = useCall(handle);
  const choices = useStore(session.choices);
  const first = useBorrowedFocus<HTMLHeadingElement>();
  const running = isActive(call.state);
  // Only a server of ours has an echo room, and a running call has the microphone.
  const echo = useStore(session.settings)?.echo === true && page.openPhone === undefined;
  const locales = session.locales(page.languages);
  return (
    <section className="oh-sheet" aria-label={words.settings}>
      <h3 className="oh-sheet-title" ref={first} tabIndex={-1}>{words.settings}</h3>
      <DevicePicker icon={<Mic size={16} />} label={words.microphone} devices={call.devices.inputs} used={call.devices.input} onPick={(id) => { handle.setInput(id); }} />
      <DevicePicker icon={<Volume2 size={16} />} label={words.loudspeaker} devices={call.devices.outputs} used={call.devices.output} onPick={(id) => { handle.setOutput(id); }} />
      <Volume volume={call.volume} onChange={(volume) => { handle.setVolume(volume); }} />
      {echo && !running && <Hearing tokenUrl={page.voiceApiUrl ?? '/api/voice/token'} site={page.site} />}
      {!running && (
        <>
          <Switch label={words.pushToTalk} on={choices.pushToTalk} onChange={(pushToTalk) => { session.choose({ pushToTalk }); }} />
          <Switch
            label={words.lowData} note={say(words, 'lowDataNote', { amount: LOW_DATA_MB })} on={choices.lowData}
            onChange={(lowData) => { session.choose({ lowData }); }}
          />
        </>
      )}
      {locales.length > 1 && <LanguagePicker session={session} locales={locales} />}
      {(page.shortcuts ?? true) && (
        <>
          <Switch icon={<Keyboard size={16} />} label={words.keyboard} on={choices.shortcuts} onChange={(shortcuts) => { session.choose({ shortcuts }); }} />
          {choices.shortcuts && <Keys />}
        </>
      )}
      {isJoined(call.state) && <CallId call={call} />}
      <div className="oh-foot">
        <button type="button" className="oh-link" onClick={onPrivacy}><ShieldCheck size={14} aria-hidden="true" /> {words.privacy}</button>
      </div>
      <button type="button" className="oh-secondary" onClick={onBack}>{words.back}</button>
    </section>
  );
}

interface DevicePickerProps {
  readonly icon: ReactNode;
  readonly label: string;
  readonly devices: readonly Device[];
  readonly used: string | null;
  readonly onPick: (id: string) => void;
}

/** Before the microphone is allowed browsers do not name devices: then there is nothing to pick. */
function DevicePicker({ icon, label, devices, used, onPick }: DevicePickerProps): ReactElement | null {
  const { words } = useScope();
  const id = useId();
  if (devices.length === 0) return null;
  return (
    <div className="oh-field">
      <label htmlFor={id}><span aria-hidden="true">{icon}</span> {label}</label>
      <select id={id} value={used ?? devices[0]?.id} onChange={(event) => { onPick(event.target.value); }}>
        {devices.map((device) => (
          <option key={device.id} value={device.id}>{device.label === '' ? words.systemDefault : device.label}</option>
        ))}
      </select>
    </div>
  );
}

function Volume({ volume, onChange }: { volume: number; onChange: (volume: number) => void }): ReactElement {
  const { words } = useScope();
  const id = useId();
  return (
    <div className="oh-field">
      <label htmlFor={id}><Volume2 size={16} aria-hidden="true" /> {words.volume}</label>
      <input id={id} type="range" min={0} max={100} step={5} value={Math.round(volume * 100)} onChange={(event) => { onChange(Number(event.target.value) / 100); }} />
    </div>
  );
}

export function LanguagePicker({ session, locales }: { session: Session; locales: ReturnType<Session['locales']> }): ReactElement {
  const { words } = useScope();
  const id = useId();
  return (
    <div className="oh-field">
      <label htmlFor={id}><Globe size={16} aria-hidden="true" /> {words.language}</label>
      <select id={id} value={words.locale} onChange={(event) => { session.setLocale(event.target.value); }}>
        {locales.map(({ tag, name }) => <option key={tag} value={tag} lang={tag}>{name}</option>)}
      </select>
    </div>
  );
}

interface SwitchProps {
  readonly icon?: ReactNode;
  readonly label: string;
  readonly note?: string;
  readonly on: boolean;
  readonly onChange: (on: boolean) => void;
}

function Switch({ icon, label, note, on, onChange }: SwitchProps): ReactElement {
  const id = useId();
  return (
    <button type="button" className="oh-switch" role="switch" aria-checked={on} aria-describedby={note === undefined ? undefined : id} aria-label={label} onClick={() => { onChange(!on); }}>
      <span className="oh-switch-text">{icon}<span>{label}{note !== undefined && <small id={id}>{note}</small>}</span></span>
      <span className="oh-switch-track" aria-hidden="true"><i /></span>
    </button>
  );
}

function Keys(): ReactElement {
  const { words } = useScope();
  const keys: readonly (readonly [key: string, does: string])[] = [
    ['M', words.mute], ['S', words.speaker], ['␣', words.hold], ['Esc', words.minimise],
  ];
  return (
    <dl className="oh-keys">
      {keys.map(([key, does]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{does}</dd></div>)}
    </dl>
  );
}
