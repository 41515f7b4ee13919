// @vitest-environment happy-dom
// memory.test.ts — what the browser keeps: both buttons read and write the same, and what earlier ones wrote.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { recall, recallSwitch, remember, rememberSwitch } from '../src/memory';

afterEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
  sessionStorage.clear();
});

describe('what the browser keeps', () => {
  it('is there again, for the tab first', () => {
    expect(recall('locale')).toBeNull();
    remember('locale', 'de');
    expect(localStorage.getItem('offhook.locale')).toBe('de');
    remember('locale', 'fr', true);
    expect(recall('locale')).toBe('fr');
    sessionStorage.clear();
    expect(recall('locale')).toBe('de');
  });
  it('knows switches, those of earlier React buttons too', () => {
    expect(recallSwitch('shortcuts')).toBeNull();
    for (const [kept, on] of [['yes', true], ['no', false], ['on', true], ['off', false], ['?', false]] as const) {
      localStorage.setItem('offhook.shortcuts', kept);
      expect(recallSwitch('shortcuts')).toBe(on);
    }
    rememberSwitch('shortcuts', true);
    expect(localStorage.getItem('offhook.shortcuts')).toBe('yes');
    rememberSwitch('shortcuts', false);
    expect(localStorage.getItem('offhook.shortcuts')).toBe('no');
  });
  it('is nothing where storage is forbidden', () => {
    const forbidden = { getItem: () => { throw new Error('SecurityError'); }, setItem: () => { throw new Error('SecurityError'); } };
    vi.stubGlobal('localStorage', forbidden);
    vi.stubGlobal('sessionStorage', forbidden);
    remember('locale', 'de');
    expect(recall('locale')).toBeNull();
    expect(recallSwitch('shortcuts')).toBeNull();
  });
});
