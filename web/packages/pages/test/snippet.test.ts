// snippet.test.ts — the lines to paste are right whatever was typed into the designer.
// @vitest-environment happy-dom

import { describe, expect, it } from 'vitest';
import { attributesOfAddress, siteOfPath } from '../src/site-address';
import { htmlSnippet, nextSnippet, policyLines, reactSnippet, wordpressSnippet } from '../src/snippet';

const plain = { host: 'https://calls.example', site: 'default', attributes: {} };
const nasty = { host: 'https://calls.example', site: 'acme', attributes: { label: `"Call" <us> & 'them' \\`, accent: '#abc', radius: '' } };

describe('N21 the lines to paste', () => {
  it('are one tag when nothing was chosen', () => {
    expect(htmlSnippet(plain)).toBe('<script async src="https://calls.example/offhook.js"></script>');
  });

  it('survive quotes and brackets: a browser reads back what was typed', () => {
    const page = new DOMParser().parseFromString(htmlSnippet(nasty), 'text/html');
    const script = page.querySelector('script');
    expect(script?.dataset).toMatchObject({ site: 'acme', label: `"Call" <us> & 'them' \\`, accent: '#abc' });
    expect(script?.hasAttribute('data-radius')).toBe(false);
    expect(page.querySelectorAll('*')).toHaveLength(4); // html, head, body, script
  });

  it('are props in React and a component to add in Next.js', () => {
    expect(reactSnippet(nasty)).toContain(`label={${JSON.stringify(nasty.attributes.label)}}`);
    expect(reactSnippet(nasty)).toContain('voiceApiUrl={"https://calls.example/api/voice/token"}');
    expect(nextSnippet(plain)).toContain('https://calls.example/r/floating-call-button.json');
  });

  it('quote for PHP', () => {
    expect(wordpressSnippet(nasty)).toContain(`esc_attr('"Call" <us> & \\'them\\' \\\\')`);
  });

  it('name what a content security policy has to allow', () => {
    expect(policyLines('https://calls.example')).toMatch(/connect-src https:\/\/calls\.example wss:\/\/calls\.example;/);
  });
});

describe('P04 P05 the site of an address', () => {
  it.each([
    ['/c/acme', 'acme'], ['/embed/acme', 'acme'], ['/c/a%20b', 'a b'], ['/c/', null], ['/c/a/b', null], ['/c/%ff', null], ['/designer', null],
  ])('%s → %s', (path, site) => { expect(siteOfPath(path)).toBe(site); });

  it('takes only what a link may set', () => {
    expect(attributesOfAddress(new URL('https://x/embed/acme?label=Hi&token-url=https://evil&onload=x&theme=dark')))
      .toEqual([['site', 'acme'], ['label', 'Hi'], ['theme', 'dark']]);
  });
});
