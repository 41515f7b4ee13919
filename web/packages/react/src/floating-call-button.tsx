'use client';
// floating-call-button.tsx — the button in the corner. Small on purpose: the call and its panel load on first intent,
// livekit-client when the panel opens.

import { useCallback, useEffect, useId, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import { Dismiss, Launcher } from './launcher';
import type { FloatingCallButtonProps, LauncherState } from './props';
import { useDismissed } from './use-dismissed';
import { useLauncherWords } from './use-locale';
import { useLook } from './use-look';
import { useResumeOnMount } from './use-resume';
import { useCallState, useSession } from './use-session';
import type * as PanelModule from './call-panel';

const loadPanel = (): Promise<typeof PanelModule> => import('./call-panel');

export function FloatingCallButton(props: FloatingCallButtonProps): ReactElement | null {
  const [dismissed, dismiss] = useDismissed(props.dismissible ?? false);
  return dismissed ? null : <ShownButton {...props} dismiss={dismiss} />;
}

function ShownButton({ dismiss, ...props }: FloatingCallButtonProps & { readonly dismiss: () => void }): ReactElement | null {
  const { mode = 'floating', theme = 'auto', variant = 'full', placement = 'bottom-end', className = '', labels } = props;
  const { session, failed, load } = useSession(props);
  const [broken, setBroken] = useState(false);
  const stuck = failed || broken;
  const state = useCallState(session);
  const [panel, setPanel] = useState<typeof PanelModule | null>(null);
  const [ownOpen, setOwnOpen] = useState(props.defaultOpen ?? false);
  const open = mode === 'inline' || (props.open ?? ownOpen);
  const words = useLauncherWords(props.locale);
  const panelId = useId();
  const root = useRef<HTMLDivElement>(null);
  const launcher = useRef<HTMLButtonElement>(null);
  useLook(root, props);

  const setOpen = (next: boolean): void => {
    setOwnOpen(next);
    props.onOpenChange?.(next);
  };
  const prefetch = useCallback((): void => {
    void Promise.all([loadPanel(), load()]).then(([module]) => {
      setPanel(module);
      setBroken(false);
    }, () => { setBroken(true); });
  }, [load]);
  useEffect(() => { if (open) prefetch(); }, [open, prefetch]);
  useResumeOnMount(props.autoResume ?? true, props.site ?? 'default', load, () => { setOpen(true); });

  const toggle = (): void => {
    if (stuck) prefetch();
    setOpen(stuck || !open);
  };
  const given: LauncherState = {
    state, open, toggle,
    props: {
      type: 'button', 'aria-expanded': open, 'aria-haspopup': 'dialog', 'aria-controls': panel === null ? undefined : panelId,
      onClick: toggle, onPointerEnter: prefetch, onFocus: prefetch,
    },
  };
  const running = !['idle', 'ended', 'missed', 'failed'].includes(state);
  if (props.hidden === true && !running) return null; // a call goes on, and can be ended
  return (
    <div
      ref={root} className={`oh-root oh-${mode} ${className}`.trim()} style={props.style} data-oh-theme={theme} data-oh-state={state}
      data-oh-open={open} data-oh-placement={placement} data-oh-variant={variant}
    >
      {panel !== null && session !== null && (
        <panel.CallPanel id={panelId} session={session} page={props} open={open} onOpenChange={setOpen} launcher={launcher} />
      )}
      {mode === 'floating' && (
        <div className="oh-dock">
          {(props.dismissible ?? false) !== false && state === 'idle' && !open && <Dismiss label={words.hide} onDismiss={dismiss} />}
          {props.renderLauncher?.(given) ?? (
            <Launcher
              launcher={given} text={stuck ? words.retry : (props.label ?? labels?.launcher ?? words.launcher)} locale={words.locale}
              variant={variant} disabled={props.disabled ?? false} loading={open && panel === null && !stuck} anchor={launcher}
              running={running && panel !== null && session !== null ? <panel.Running session={session} labels={labels} /> : null}
            />
          )}
          {running && !open && panel !== null && session !== null && <panel.Pill session={session} labels={labels} />}
        </div>
      )}
    </div>
  );
}
