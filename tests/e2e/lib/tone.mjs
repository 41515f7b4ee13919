// tone.mjs — sounds for fake microphones, and the pitch of what arrived.
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const RATE = 48000

// A mono 16-bit WAV file of one steady tone, whole periods so that looping does not click.
export function toneFile(hz, seconds = 1) {
  const samples = Math.round((Math.round(hz * seconds) / hz) * RATE)
  const wav = Buffer.alloc(44 + samples * 2)
  wav.write('RIFF', 0)
  wav.writeUInt32LE(36 + samples * 2, 4)
  wav.write('WAVEfmt ', 8)
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20)
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(RATE, 24)
  wav.writeUInt32LE(RATE * 2, 28)
  wav.writeUInt16LE(2, 32)
  wav.writeUInt16LE(16, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(samples * 2, 40)
  for (let i = 0; i < samples; i++)
    wav.writeInt16LE(Math.round(0.5 * 32767 * Math.sin((2 * Math.PI * hz * i) / RATE)), 44 + i * 2)
  const path = join(tmpdir(), `offhook-tone-${hz}-${process.pid}.wav`)
  writeFileSync(path, wav)
  return path
}

// Loudness of one frequency in samples (Goertzel), as amplitude 0..1.
export function amplitudeAt(samples, hz, rate) {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / rate)
  let s1 = 0
  let s2 = 0
  for (const x of samples) {
    const s0 = x + coefficient * s1 - s2
    s2 = s1
    s1 = s0
  }
  return (2 * Math.sqrt(s1 * s1 + s2 * s2 - coefficient * s1 * s2)) / samples.length
}

// The loudest frequency between 200 and 2000 Hz, to 5 Hz, and its amplitude.
export function pitchOf(samples, rate) {
  let best = { hz: 0, amplitude: 0 }
  for (let hz = 200; hz <= 2000; hz += 5) {
    const amplitude = amplitudeAt(samples, hz, rate)
    if (amplitude > best.amplitude) best = { hz, amplitude }
  }
  return best
}
