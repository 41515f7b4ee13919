// sdp.test.mjs — real browsers take our answers and our offers
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import puppeteer from 'puppeteer-core';
import { openPeer } from './peer.mjs';

const peer = openPeer();
const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<p>page</p>'));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
after(() => {
  peer.close();
  server.close();
});

const browsers = {
  chromium: {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
  },
  firefox: {
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.cubeb.force_mock_context': true,
    },
  },
};

// Runs in the page. A connection as livekit-client makes it in single mode: data, 3 + 3 spare sections, microphone.
const makeOffer = async () => {
  const pc = (window.pc = new RTCPeerConnection());
  window.heard = [];
  pc.ontrack = (e) => window.heard.push(e.streams[0]?.id);
  pc.createDataChannel('_reliable');
  for (const kind of ['audio', 'audio', 'audio', 'video', 'video', 'video']) pc.addTransceiver(kind, { direction: 'recvonly' });
  const media = await navigator.mediaDevices.getUserMedia({ audio: true });
  pc.addTransceiver(media.getAudioTracks()[0], { direction: 'sendonly', streams: [media] });
  await pc.setLocalDescription(await pc.createOffer());
  return pc.localDescription.sdp;
};
const addSection = async () => {
  window.pc.addTransceiver('audio', { direction: 'recvonly' });
  await window.pc.setLocalDescription(await window.pc.createOffer());
  return window.pc.localDescription.sdp;
};
const takeAnswer = async (sdp) => {
  await window.pc.setRemoteDescription({ type: 'answer', sdp });
  return {
    state: window.pc.signalingState,
    heard: window.heard,
    directions: window.pc.getTransceivers().map((t) => t.currentDirection),
    codecs: window.pc.getSenders().find((s) => s.track).getParameters().codecs.map((c) => c.mimeType.toLowerCase()),
  };
};
const takeOffer = async (sdp) => {
  const pc = new RTCPeerConnection();
  const heard = [];
  pc.ontrack = (e) => heard.push(`${e.streams[0]?.id} ${e.transceiver.mid}`);
  await pc.setRemoteDescription({ type: 'offer', sdp });
  await pc.setLocalDescription(await pc.createAnswer());
  return { heard, state: pc.signalingState, answer: pc.localDescription.sdp };
};

for (const [name, options] of Object.entries(browsers))
  test(`${name} takes our answers and offers`, { timeout: 90_000 }, async (t) => {
    const browser = await puppeteer.launch({ headless: true, ...options });
    t.after(() => browser.close());
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    for (const red of ['plain', 'red']) {
      const offer = await page.evaluate(makeOffer);
      const taken = await page.evaluate(takeAnswer, await peer.text('answer', red, offer));
      assert.equal(taken.state, 'stable');
      assert.deepEqual(taken.heard, ['PA_one|TR_one', 'PA_two|TR_two']);
      assert.deepEqual(taken.directions, ['recvonly', 'recvonly', 'inactive', 'inactive', 'inactive', 'inactive', 'sendonly']);
      const wanted = red === 'red' && name === 'chromium' ? 'audio/red' : 'audio/opus'; // Firefox knows no RED
      assert.equal(taken.codecs[0], wanted);
      const again = await page.evaluate(addSection);
      const second = await page.evaluate(takeAnswer, await peer.text('answer', red, again));
      assert.equal(second.state, 'stable');
      await page.evaluate(() => window.pc.close());
    }
    const offer = Buffer.from(await peer.ask('offer'), 'base64').toString();
    const { heard, state, answer } = await page.evaluate(takeOffer, offer);
    assert.equal(state, 'stable');
    assert.deepEqual(heard, ['PA_one|TR_one 0', 'PA_two|TR_two 1']);
    assert.match(answer, /a=setup:active/);
    assert.equal((answer.match(/^m=/gm) ?? []).length, 3);
    assert.doesNotMatch(answer, /^m=\w+ 0 /m);
  });
