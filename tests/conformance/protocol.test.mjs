// protocol.test.mjs — every message we speak against the official @livekit/protocol: names, numbers, types, and
// bytes and JSON of messages with every field filled
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as official from '@livekit/protocol';
import { FileDescriptorSet, ScalarType, FieldDescriptorProto_Type as Type } from '@bufbuild/protobuf';
import { openPeer } from './peer.mjs';

const protoDir = fileURLToPath(new URL('../../proto', import.meta.url));
const files = readdirSync(protoDir).filter((name) => name.endsWith('.proto'));
const peer = openPeer();
after(() => peer.close());

// What protoc understands of our files.
function ourDescriptors() {
  const dir = mkdtempSync(join(tmpdir(), 'offhook-'));
  const out = join(dir, 'set');
  execFileSync('protoc', [`--proto_path=${protoDir}`, `--descriptor_set_out=${out}`, ...files]);
  const set = FileDescriptorSet.fromBinary(readFileSync(out));
  rmSync(dir, { recursive: true });
  const messages = new Map();
  const enums = new Map();
  const walk = (prefix, message) => {
    const name = `${prefix}.${message.name}`;
    messages.set(name, message);
    message.enumType.forEach((e) => enums.set(`${name}.${e.name}`, e));
    message.nestedType.forEach((m) => walk(name, m));
  };
  for (const file of set.file) {
    file.enumType.forEach((e) => enums.set(`livekit.${e.name}`, e));
    file.messageType.forEach((m) => walk('livekit', m));
  }
  return { messages, enums };
}

// All message and enum types that the official package reaches from the ones it exports.
function officialTypes() {
  const messages = new Map();
  const enums = new Map();
  const walk = (type) => {
    if (messages.has(type.typeName)) return;
    messages.set(type.typeName, type);
    for (const field of type.fields.list()) {
      const value = field.kind === 'map' ? field.V : field;
      if (value.kind === 'message') walk(value.T);
      if (value.kind === 'enum') enums.set(value.T.typeName, value.T);
    }
  };
  for (const value of Object.values(official)) if (value?.fields?.list && value.typeName) walk(value);
  return { messages, enums };
}

const ours = ourDescriptors();
const theirs = officialTypes();
// Containers of nested types are no messages of their own; map entries are described by their map field.
const spoken = [...ours.messages].filter(([, m]) => m.field.length && !m.options?.mapEntry);

function typeOf(field, scope) {
  if (field.type === Type.MESSAGE && ours.messages.get(field.typeName.slice(1))?.options?.mapEntry) {
    const [key, value] = ours.messages.get(field.typeName.slice(1)).field;
    return `map ${Type[key.type]} ${typeOf(value, scope)}`;
  }
  const repeated = field.label === 3 ? 'repeated ' : '';
  return repeated + (field.typeName ? field.typeName.slice(1) : Type[field.type]);
}
function officialTypeOf(field) {
  if (field.kind === 'map') return `map ${ScalarType[field.K]} ${officialTypeOf(field.V)}`;
  const repeated = field.repeated ? 'repeated ' : '';
  return repeated + (field.kind === 'scalar' ? ScalarType[field.T] : field.T.typeName);
}

test('every field has the official name, number, type and presence', () => {
  assert.ok(spoken.length > 100, `only ${spoken.length} messages`);
  for (const [name, message] of spoken) {
    const type = theirs.messages.get(name);
    assert.ok(type, `${name} is no official message`);
    for (const field of message.field) {
      const counterpart = type.fields.find(field.number);
      assert.ok(counterpart, `${name}.${field.name}: nobody has number ${field.number}`);
      assert.equal(field.name, counterpart.name, `${name} ${field.number}`);
      assert.equal(typeOf(field), officialTypeOf(counterpart), `${name}.${field.name}`);
      const oneof = field.oneofIndex === undefined ? undefined : message.oneofDecl[field.oneofIndex].name;
      const expected = counterpart.oneof?.name ?? (counterpart.opt ? `_${field.name}` : undefined);
      assert.equal(oneof, expected, `${name}.${field.name}: presence`);
    }
  }
});

test('nothing is left out of signalling and packets, except what we say we leave out', () => {
  const left = [];
  for (const [name, message] of spoken) {
    const have = new Set(message.field.map((f) => f.number));
    for (const field of theirs.messages.get(name).fields.list())
      if (!have.has(field.no)) left.push(`${name}.${field.name}`);
  }
  assert.deepEqual(left.sort(), [
    'livekit.EgressInfo.replay',
    'livekit.EventMetric.normalized_end_timestamp',
    'livekit.EventMetric.normalized_start_timestamp',
    'livekit.MetricSample.normalized_timestamp',
    'livekit.MetricsBatch.normalized_timestamp',
    'livekit.WebhookEvent.ingress_info',
  ]);
});

test('every enum has the official names and numbers', () => {
  assert.ok(ours.enums.size > 25);
  for (const [name, ourEnum] of ours.enums) {
    const type = theirs.enums.get(name);
    assert.ok(type, `${name} is no official enum`);
    const list = (values) => values.map((v) => `${v.number ?? v.no} ${v.name}`).sort();
    assert.deepEqual(list(ourEnum.value), list(type.values), name);
  }
});

// A message with every field that we know filled; `turn` chooses the member of each oneof and the values.
function fill(name, turn, depth = 0) {
  const type = theirs.messages.get(name);
  const message = new type();
  const known = ours.messages.get(name);
  const scalar = (kind, salt) => {
    const n = turn * 7 + salt;
    switch (kind) {
      case ScalarType.STRING: return `é ${name} "${n}" \\ \n\u2028 𝄞`;
      case ScalarType.BYTES: return new Uint8Array([0, 255, n & 255, 10]);
      case ScalarType.BOOL: return true;
      case ScalarType.FLOAT: return Math.fround(n / 10 + 0.1);
      case ScalarType.DOUBLE: return n / 10;
      case ScalarType.INT64: return turn % 2 ? -9223372036854775808n + BigInt(n) : 9007199254740993n + BigInt(n);
      case ScalarType.UINT64: return 18446744073709551615n - BigInt(n);
      case ScalarType.UINT32: return 4294967295 - n;
      default: return turn % 2 ? -2147483648 + n : 2147483647 - n;
    }
  };
  const one = (field, salt) => {
    if (field.kind === 'scalar') return scalar(field.T, salt);
    if (field.kind === 'enum') return field.T.values[(turn + salt) % field.T.values.length].no;
    return fill(field.T.typeName, turn + salt, depth + 1);
  };
  const oneofs = new Map();
  for (const { number } of known.field) {
    const field = type.fields.find(number);
    if (field.oneof) {
      const members = oneofs.get(field.oneof) ?? [];
      members.push(field);
      oneofs.set(field.oneof, members);
    } else if (field.kind === 'map') {
      const keys = field.K === ScalarType.STRING ? ['a', 'ключ "1"', 'b'] : [1, 70000, 4294967295];
      for (const [i, key] of keys.entries()) message[field.localName][key] = one(field.V, i);
    } else if (field.repeated) {
      message[field.localName] = [1, 2, 3].slice(0, depth > 2 ? 1 : 3).map((i) => one(field, i));
    } else {
      message[field.localName] = one(field, number);
    }
  }
  for (const [oneof, members] of oneofs) {
    const field = members[turn % members.length];
    message[oneof.localName] = { case: field.localName, value: one(field, field.no) };
  }
  return message;
}

const widest = (name) => Math.max(2, ...ours.messages.get(name).oneofDecl.map((_, i) =>
  ours.messages.get(name).field.filter((f) => f.oneofIndex === i).length));

test('bytes: what the official package writes, we read and write back the same', async () => {
  let compared = 0;
  for (const [name] of spoken)
    for (let turn = 0; turn < widest(name); turn++) {
      const message = fill(name, turn);
      const bytes = message.toBinary();
      assert.deepEqual(await peer.convert('repack', name, bytes), bytes, `${name} ${turn}`);
      compared++;
    }
  assert.ok(compared > 200, `${compared}`);
});

test('empty messages stay empty', async () => {
  for (const [name] of spoken) {
    assert.equal((await peer.convert('repack', name, '')).length, 0);
    assert.equal(await peer.text('to-json', name, ''), '{}');
    assert.equal((await peer.convert('from-json', name, '{}')).length, 0);
  }
});

test('JSON: ours is read by the official package, the official one by us', async () => {
  for (const [name] of spoken)
    for (let turn = 0; turn < widest(name); turn++) {
      const message = fill(name, turn);
      const type = message.getType();
      const json = await peer.text('to-json', name, message.toBinary());
      assert.deepEqual(type.fromJsonString(json).toBinary(), message.toBinary(), `${name} ${turn}: ${json}`);
      const official = message.toJson();
      // floats are written in their shortest form by us, as doubles by them
      const rounded = (value) =>
        typeof value === 'number' ? Math.fround(value)
          : Array.isArray(value) ? value.map(rounded)
            : value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, rounded(v)]))
              : value;
      assert.deepEqual(rounded(JSON.parse(json)), rounded(official), `${name} ${turn}`);
      for (const text of [message.toJsonString(), message.toJsonString({ useProtoFieldName: true })]) {
        const back = await peer.convert('from-json', name, text);
        assert.deepEqual(type.fromBinary(back), message, `${name} ${turn}`);
      }
    }
});

test('bad JSON is refused, harmless variety is taken', async () => {
  const good = [
    ['livekit.Room', '{"sid":null,"unknown":{"a":[1]},"emptyTimeout":"5","max_participants":3.0}'],
    ['livekit.TrackInfo', '{"type":1,"source":"MICROPHONE","audioFeatures":["TF_STEREO",1]}'],
    ['livekit.SpeakerInfo', '{"level":"NaN"}'],
    ['livekit.UserPacket', '{"payload":"-_8"}'],
    ['livekit.SessionDescription', '{"midToTrackId":{"":"TR_x","0":""}}'],
  ];
  for (const [name, json] of good) {
    const back = await peer.convert('from-json', name, json);
    const type = theirs.messages.get(name);
    assert.deepEqual(type.fromBinary(back), type.fromJsonString(json, { ignoreUnknownFields: true }), json);
  }
  const bad = [
    ['livekit.Room', '[]'], ['livekit.Room', ''], ['livekit.Room', '{'], ['livekit.Room', '{"sid":1}'],
    ['livekit.Room', '{"sid":"a","sid":"b"}'], ['livekit.Room', '{"emptyTimeout":1,"empty_timeout":1}'],
    ['livekit.Room', '{"emptyTimeout":-1}'], ['livekit.Room', '{"emptyTimeout":4294967296}'],
    ['livekit.Room', '{"emptyTimeout":1.5}'], ['livekit.Room', '{"emptyTimeout":"0x5"}'],
    ['livekit.Room', '{"creationTime":"9223372036854775808"}'], ['livekit.Room', '{"activeRecording":"true"}'],
    ['livekit.Room', '{"sid":"\\ud800"}'], ['livekit.Room', '{"sid":"a\\u0000b"}'], ['livekit.Room', '{"enabledCodecs":{}}'],
    ['livekit.Room', '{"enabledCodecs":[null]}'], ['livekit.TrackInfo', '{"type":"SMELL"}'],
    ['livekit.TrackInfo', '{"type":2147483648}'], ['livekit.UserPacket', '{"payload":"*"}'],
    ['livekit.SignalRequest', '{"ping":"1","leave":{}}'], ['livekit.SessionDescription', '{"midToTrackId":[]}'],
    ['livekit.SessionDescription', '{"midToTrackId":{"a":1}}'], ['livekit.SpeakerInfo', '{"level":"fast"}'],
    ['livekit.SpeakerInfo', '{"level":1e39}'], ['livekit.Room', '{"x":' + '['.repeat(40) + ']'.repeat(40) + '}'],
  ];
  for (const [name, json] of bad)
    await assert.rejects(peer.convert('from-json', name, json), undefined, `${name} ${json}`);
});
