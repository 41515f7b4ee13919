// props.ts — what a page may tell the call button. Types only.

import type { CSSProperties, ReactNode } from 'react';
import type { Call, CallError, CallState, OpenPhone, TokenResponse } from '@offhook/core';
import type { WordsOverrides } from '@offhook/core/words';

/** Any text of the button, one by one: `{ start: 'Ring us', said: { connected: 'You hear {name}' } }`. */
export type Labels = WordsOverrides;

/** Bottom or top of the window; start, middle or end of the line as the page's language runs. */
export type Placement = 'bottom-end' | 'bottom-start' | 'bottom-center' | 'top-end' | 'top-start' | 'top-center';

/** `tiny`: a round icon. `compact`: a small panel without meters. `full`: everything. */
export type Variant = 'tiny' | 'compact' | 'full';

/**
 * What the person is asked about recording. `off` and `notice` ask nothing; `choice` asks before each call, and who says no
 * calls all the same; `required` wants a yes before the first call.
 */
export type Consent = 'off' | 'notice' | 'choice' | 'required';

/** What getToken is told about the call that is to be. */
export interface TokenContext {
  readonly site?: string | undefined;
  readonly locale: string;
  /** With consent `choice`: what the person chose. */
  readonly recording?: boolean | undefined;
  /** Aborted when the person hangs up before there is a token. */
  readonly signal: AbortSignal;
}

/** One thing that happened, for the page's own analytics. */
export interface CallNews {
  readonly type: 'open' | 'close' | 'dismiss' | 'state' | 'quality' | 'warning' | 'mute' | 'speaker' | 'recording';
  readonly call: Call;
}

/** How a call is made; shared by FloatingCallButton and useOffhookCall. */
export interface CallOptionsProps {
  /** Where calls are asked for; default `/api/voice/token`. */
  readonly voiceApiUrl?: string;
  /** Which of the server's sites this page is; default `default`. */
  readonly site?: string;
  /** Ask the server for the site's settings (`config` beside `token`)? Default: yes, unless you give getToken. */
  readonly siteConfig?: boolean;
  /** One call per browser; default true. */
  readonly oneCall?: boolean;
  /** The small sounds of a call; default true. */
  readonly sounds?: boolean;
  /** Instead of voiceApiUrl: your own way to a token. */
  readonly getToken?: (context: TokenContext) => Promise<TokenResponse>;
  /** Your user's session token, sent as `Authorization: Bearer …`. */
  readonly authToken?: string;
  /** The same, asked for before each call (Clerk: `() => getToken()`). */
  readonly getAuthToken?: () => Promise<string | null | undefined> | string | null | undefined;
  /** Sent with the token request; the server treats all of it as a wish. */
  readonly participantName?: string;
  readonly invite?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly metadata?: string;
  /** A language tag; default: the page's `lang`, then the browser's languages. */
  readonly locale?: string;
  readonly labels?: Labels;
  /** Get a call back that ran when the page was reloaded or left; default true. */
  readonly autoResume?: boolean;
  readonly lowData?: boolean;
  readonly pushToTalk?: boolean;
  /** What the visitor answered to a question of your own about being recorded; without it ours is asked, or nobody says yes. */
  readonly recording?: boolean;
  /** Called before the microphone is asked for; false (or a promise of it) stops the call. */
  readonly onBeforeCall?: () => unknown;
  readonly onStateChange?: (state: CallState) => void;
  /** The other side is there for the first time. */
  readonly onConnected?: () => void;
  /** The call is over, whoever ended it. */
  readonly onDisconnect?: () => void;
  /** The same under LiveKit's name. */
  readonly onDisconnected?: () => void;
  readonly onError?: (error: CallError) => void;
  readonly onQuality?: (quality: Call['quality']) => void;
  readonly onEvent?: (news: CallNews) => void;
  /** The person must sign in and pressed the button for it. Default: Clerk's own window, if the page has Clerk. */
  readonly onSignInRequired?: () => void;
  /** Another way to carry the sound; default: LiveKit. For tests, stories and demos. */
  readonly openPhone?: OpenPhone;
}

/** What a launcher of your own is given. */
export interface LauncherState {
  readonly state: CallState;
  readonly open: boolean;
  readonly toggle: () => void;
  /** To be spread on the button: names, expanded state, intent. */
  readonly props: {
    readonly type: 'button';
    readonly 'aria-expanded': boolean;
    readonly 'aria-haspopup': 'dialog';
    readonly 'aria-controls': string | undefined;
    readonly onClick: () => void;
    readonly onPointerEnter: () => void;
    readonly onFocus: () => void;
  };
}

export interface FloatingCallButtonProps extends CallOptionsProps {
  /** `floating` in a corner; `inline` where it stands; `headless` without a launcher: open it with `open`. */
  readonly mode?: 'floating' | 'inline' | 'headless';
  readonly placement?: Placement;
  /** Distance to the window's edges in pixels: both, or [inline, block]. */
  readonly offset?: number | readonly [inline: number, block: number];
  readonly zIndex?: number;
  readonly variant?: Variant;
  /** A button in the panel's head makes it larger. */
  readonly expandable?: boolean;
  /** A small cross lets the person hide the button; `session`: until the tab closes, true: on this browser. */
  readonly dismissible?: boolean | 'session';
  /** The launcher's text; the same as `labels.launcher`. */
  readonly label?: string;
  readonly theme?: 'auto' | 'light' | 'dark';
  /** A CSS colour. What stands on it, and it itself as text, is adjusted until it can be read (4.5 : 1). */
  readonly accent?: string;
  /** Corner radius of the panel, in pixels or any CSS length. */
  readonly radius?: number | string;
  readonly font?: string;
  /** Address of a picture for the panel's head. */
  readonly logo?: string;
  /** Address of a picture of who answers. */
  readonly avatar?: string;
  /** Who answers: shown in the panel's head. Default: the site's name from the server. */
  readonly name?: string;
  /** Languages offered in the panel; default: the site's. One or none: no picker. */
  readonly languages?: readonly string[];
  readonly consent?: Consent;
  readonly consentText?: string;
  /** A phone number offered as another way. */
  readonly tel?: string;
  /** Show the check of microphone and network before the call. */
  readonly preflight?: boolean;
  readonly shortcuts?: boolean;
  readonly defaultOpen?: boolean;
  readonly open?: boolean;
  readonly onOpenChange?: (open: boolean) => void;
  readonly disabled?: boolean;
  readonly hidden?: boolean;
  readonly className?: string;
  readonly style?: CSSProperties;
  readonly renderLauncher?: (launcher: LauncherState) => ReactNode;
}
