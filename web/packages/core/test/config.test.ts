import { describe, expect, it, vi } from 'vitest';
import { createConfig, presetFor, readConfig, voiceUrl } from '../src/index';

describe('the site’s configuration', () => {
  it('is read field by field', () => {
    const config = readConfig({
      site: 'shop', name: 'Acme', auth: 'clerk', clerkPublishableKey: 'pk_1', paused: true, tel: 'tel:+49 30 1234',
      consent: { mode: 'required', version: 'v2', text: 'We record.' }, ringTimeout: 30, maxDuration: 600, greeting: 'Hi',
      presets: { de: { greeting: 'Hallo', terms: 'AGB' } }, languages: ['de', 'en'], theme: { accent: '#063', radius: '8px', logo: '/l.svg' },
      placement: 'bottom-start', label: 'Call', echo: true, privacy: { server: 'h' }, version: 'abc',
    });
    expect(config).toMatchObject({ site: 'shop', auth: 'clerk', paused: true, tel: '+49 30 1234', ringTimeout: 30, echo: true });
    expect(config.consent).toEqual({ mode: 'required', version: 'v2', text: 'We record.' });
    expect(presetFor(config, 'de-AT')?.greeting).toBe('Hallo'); // P12
    expect(presetFor(config, 'fr')).toBeNull();
  });
  it.each<[string, unknown]>([['null', null], ['a list', []], ['text', 'x'], ['odd fields', {
    auth: 'root', tel: 'javascript:alert(1)', consent: 'yes', ringTimeout: -1, presets: { '<b>': {} }, languages: [1], theme: null,
  }]])('N29 survives %s', (_name, body) => {
    expect(readConfig(body)).toMatchObject({
      auth: 'anonymous', tel: null, consent: { mode: 'off' }, ringTimeout: 60, presets: {}, languages: [], theme: { accent: null },
    });
  });
  it('has its door beside the token’s', () => {
    expect(voiceUrl('/api/voice/token', 'config')).toBe('/api/voice/config');
    expect(voiceUrl('https://h/x/token?k=1', 'events')).toBe('https://h/x/events?k=1');
  });
  it('is fetched once, shown from memory, and fetched anew behind', async () => {
    let time = 0;
    let name = 'one';
    const fetched = vi.fn(() => Promise.resolve(Response.json({ name })));
    const config = createConfig({ site: 'a b', fetch: fetched as unknown as typeof fetch, now: () => time });
    const told = vi.fn();
    config.subscribe(told);
    await Promise.all([config.load(), config.load()]);
    expect(fetched).toHaveBeenCalledExactlyOnceWith('/api/voice/config?site=a%20b', expect.objectContaining({ credentials: 'omit' }));
    expect(config.get()?.name).toBe('one');
    time = 61_000;
    name = 'two';
    expect((await config.load())?.name).toBe('one');
    await vi.waitFor(() => { expect(config.get()?.name).toBe('two'); }, 60_000);
    expect(told).toHaveBeenCalledTimes(2);
  });
  it('is simply not there when it cannot be had', async () => {
    const refused = createConfig({ fetch: (() => Promise.resolve(new Response('', { status: 404 }))) });
    expect(await refused.load()).toBeNull();
    const lost = createConfig({ fetch: () => Promise.reject(new Error('gone')) });
    expect(await lost.load()).toBeNull();
  });
});
