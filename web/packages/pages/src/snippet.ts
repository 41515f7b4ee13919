// snippet.ts — the lines to paste, made from what was chosen in the designer.

export interface Design {
  /** The call server's address without a slash at its end. */
  readonly host: string;
  readonly site: string;
  /** Attribute → value; only what differs from the defaults. */
  readonly attributes: Readonly<Record<string, string>>;
}

const escapeAttribute = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

function chosen({ site, attributes }: Design): [string, string][] {
  const all: [string, string][] = site === 'default' ? [] : [['site', site]];
  return [...all, ...Object.entries(attributes).filter(([, value]) => value !== '')];
}

export function htmlSnippet(design: Design): string {
  const data = chosen(design).map(([name, value]) => ` data-${name}="${escapeAttribute(value)}"`).join('');
  return `<script async src="${escapeAttribute(design.host)}/offhook.js"${data}></script>`;
}

/** React's names of what the element calls by attribute. */
const PROPS: Readonly<Record<string, string>> = {
  site: 'site', label: 'label', lang: 'locale', theme: 'theme', accent: 'accent', radius: 'radius', placement: 'placement', variant: 'variant',
};

export function reactSnippet(design: Design): string {
  const props = chosen(design).flatMap(([name, value]) => {
    const prop = PROPS[name];
    return prop === undefined ? [] : [`  ${prop}={${JSON.stringify(value)}}`];
  });
  return [
    'import { FloatingCallButton } from "@/components/floating-call-button"',
    '',
    '<FloatingCallButton',
    `  voiceApiUrl={${JSON.stringify(`${design.host}/api/voice/token`)}}`,
    ...props,
    '/>',
  ].join('\n');
}

export const nextSnippet = (design: Design): string => [
  `npx shadcn@latest add ${design.host}/r/floating-call-button.json`,
  '',
  '// app/layout.tsx, inside <body>',
  reactSnippet(design),
].join('\n');

/** For the theme's functions.php. */
export function wordpressSnippet(design: Design): string {
  const quote = (text: string): string => `'${text.replace(/\\/g, '\\\\').replace(/'/g, '\\\'')}'`;
  const data = chosen(design).map(([name, value]) => `    ' data-${name}="' . esc_attr(${quote(value)}) . '"' .`);
  return [
    'add_action(\'wp_footer\', function () {',
    `  echo '<script async src="' . esc_url(${quote(`${design.host}/offhook.js`)}) . '"' .`,
    ...data,
    '    \'></script>\';',
    '});',
  ].join('\n');
}

/** What a page with a content security policy has to allow. */
export function policyLines(host: string): string {
  const websocket = host.replace(/^http/, 'ws');
  return [
    `Content-Security-Policy: script-src ${host}; style-src ${host}; connect-src ${host} ${websocket}; media-src blob:; img-src data: ${host}`,
    'Permissions-Policy: microphone=(self), speaker-selection=(self)',
  ].join('\n');
}
