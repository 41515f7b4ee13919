// tone.mjs — a sine as a WAV file (mono, 48 kHz), and the strongest pitch of a piece of sound, and its share of the energy (naive DFT over one second).
export function tone(samples) {
  const n = Math.min(samples.length, 48000)
  let best = { power: 0, hertz: 0 }
  let energy = 0
  for (let i = 0; i < n; i++) energy += samples[i] ** 2
  for (let hertz = 100; hertz <= 2000; hertz += 2) {
    const w = (2 * Math.PI * hertz) / 48000
    const c = 2 * Math.cos(w)
    let s1 = 0
    let s2 = 0
    for (let i = 0; i < n; i++) [s1, s2] = [samples[i] + c * s1 - s2, s1] // Goertzel
    const power = s1 * s1 + s2 * s2 - c * s1 * s2
    if (power > best.power) best = { power, hertz }
  }
  return { hertz: best.hertz, share: energy ? (2 * best.power) / (n * energy) : 0 }
}

export function sine(hertz, seconds) {
  const count = seconds * 48000
  const wav = Buffer.alloc(44 + 2 * count)
  wav.write('RIFF', 0)
  wav.writeUInt32LE(36 + 2 * count, 4)
  wav.write('WAVEfmt ', 8)
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20) // PCM
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(48000, 24)
  wav.writeUInt32LE(96000, 28)
  wav.writeUInt16LE(2, 32)
  wav.writeUInt16LE(16, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(2 * count, 40)
  for (let i = 0; i < count; i++) wav.writeInt16LE(Math.round(16000 * Math.sin((2 * Math.PI * hertz * i) / 48000)), 44 + 2 * i)
  return wav
}
