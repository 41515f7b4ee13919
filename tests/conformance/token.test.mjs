// token.test.mjs — tokens of livekit-server-sdk read by us, and ours read by it
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { AccessToken, TokenVerifier, TrackSource } from 'livekit-server-sdk';
import { RoomAgentDispatch, RoomConfiguration } from '@livekit/protocol';
import { openPeer } from './peer.mjs';

const key = 'APIconformance';
const secret = 'a-secret-of-more-than-thirty-two-bytes';
const peer = openPeer();
after(() => peer.close());

async function read(jwt, withSecret = secret) {
  const line = await peer.ask('read-token', key, withSecret, jwt);
  assert.doesNotMatch(line, /^error/);
  return Object.fromEntries(line.split('\t').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

test('theirs, read by us', async () => {
  const token = new AccessToken(key, secret, { identity: 'Zoë', name: 'Zoë Z', ttl: '5m', metadata: '{"a":1}', attributes: { seat: '4', ü: 'ß' } });
  token.addGrant({ roomJoin: true, room: 'lobby', canPublish: true, canSubscribe: false, canPublishSources: [TrackSource.MICROPHONE, TrackSource.SCREEN_SHARE_AUDIO], hidden: true, canUpdateOwnMetadata: true });
  token.kind = 'agent';
  token.sha256 = 'YWJj';
  token.roomConfig = new RoomConfiguration({ agents: [new RoomAgentDispatch({ agentName: 'helper' })] });
  const claims = await read(await token.toJwt());
  assert.equal(claims.identity, 'Zoë');
  assert.equal(claims.name, 'Zoë Z');
  assert.equal(claims.metadata, '{"a":1}');
  assert.equal(claims.kind, 'agent');
  assert.equal(claims.sha256, 'YWJj');
  assert.equal(claims.room, 'lobby');
  assert.equal(claims['attribute.seat'], '4');
  assert.equal(claims['attribute.ü'], 'ß');
  assert.equal(claims.join + claims.publish + claims.subscribe + claims.data + claims.hidden + claims.update + claims.admin, '1101110');
  assert.equal(Number(claims.sources), (1 << TrackSource.MICROPHONE) | (1 << TrackSource.SCREEN_SHARE_AUDIO));
  const config = await peer.convert('from-json', 'livekit.RoomConfiguration', claims.roomConfig);
  assert.equal(RoomConfiguration.fromBinary(config).agents[0].agentName, 'helper');
});

test('theirs with defaults only', async () => {
  const token = new AccessToken(key, secret, { identity: 'a' });
  token.addGrant({ roomJoin: true, room: 'r' });
  const claims = await read(await token.toJwt());
  assert.equal(claims.publish + claims.subscribe + claims.data + claims.update, '1110');
  assert.equal(claims.sources, '0');
});

test('theirs with another secret or another key is refused', async () => {
  const token = new AccessToken(key, 'another secret', { identity: 'a' });
  assert.match(await peer.ask('read-token', key, secret, await token.toJwt()), /^error 3 signature/);
  const other = new AccessToken('APIother', secret, { identity: 'a' });
  assert.match(await peer.ask('read-token', key, secret, await other.toJwt()), /^error 2/);
});

test('ours, read by them', async () => {
  const jwt = await peer.ask('write-token', key, secret, 'caller', 'lobby');
  const claims = await new TokenVerifier(key, secret).verify(jwt);
  assert.equal(claims.sub, 'caller');
  assert.equal(claims.iss, key);
  assert.equal(claims.kind, 'agent');
  assert.deepEqual(claims.attributes, { k: 'v' });
  assert.equal(claims.video.room, 'lobby');
  assert.equal(claims.video.roomJoin, true);
  assert.equal(claims.video.canPublish, true);
  assert.equal(claims.video.canSubscribe, true);
  assert.equal(claims.video.canPublishData, false);
  assert.deepEqual(claims.video.canPublishSources, ['microphone']);
  assert.equal(claims.roomConfig.agents[0].agentName, 'helper');
  assert.ok(Math.abs(claims.exp - Date.now() / 1000 - 3600) < 60);
  await assert.rejects(new TokenVerifier(key, 'another').verify(jwt));
});
