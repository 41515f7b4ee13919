// browser.mjs — Chromium and Firefox with a microphone that hums one tone.
import { chromium } from 'playwright-core'
import { toneFile } from './tone.mjs'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
]

export async function openChromium({ hz = 440, permission = true, args = [] } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      ...FLAGS,
      ...(permission ? ['--use-fake-ui-for-media-stream'] : []),
      `--use-file-for-fake-audio-capture=${toneFile(hz)}`,
      ...args,
    ],
  })
}

// Firefox through WebDriver BiDi. Its fake microphone hums `hz` by preference.
// `secure`: a host whose http pages may use the microphone.
export async function openFirefox({ hz = 880, secure = '' } = {}) {
  const { default: puppeteer } = await import('puppeteer-core')
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    headless: true,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.navigator.audio.fake_frequency': hz,
      'media.peerconnection.ice.loopback': true,
      'media.peerconnection.ice.obfuscate_host_addresses': false,
      'media.cubeb.force_mock_context': true,
      'media.autoplay.default': 0,
      'dom.securecontext.allowlist': secure,
      'media.devices.insecure.enabled': secure !== '',
      'media.getusermedia.insecure.enabled': secure !== '',
    },
  })
}
