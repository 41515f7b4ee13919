// ear.js — in the browser: measures what remote tracks of livekit-client sound like.
/* exported Ear */
class Ear {
  static context
  tracks = new Map() // track sid -> {analyser, element, identity}

  listen(track, identity) {
    const context = (Ear.context ??= new AudioContext())
    const element = track.attach() // a remote track reaches WebAudio only if an element plays it too
    document.body.append(element)
    const analyser = context.createAnalyser()
    analyser.fftSize = 16384
    analyser.smoothingTimeConstant = 0
    context.createMediaStreamSource(new MediaStream([track.mediaStreamTrack])).connect(analyser)
    this.tracks.set(track.sid, { analyser, element, identity })
  }
  forget(track) {
    this.tracks.get(track.sid)?.element.remove()
    this.tracks.delete(track.sid)
    track.detach()
  }
  // The loudest frequency now arriving, and the RMS of the last third of a second; over all remote tracks, or one, or one person's.
  hear({ sid, identity } = {}) {
    let best = { hz: 0, rms: 0, tracks: this.tracks.size }
    for (const [id, { analyser, identity: who }] of this.tracks) {
      if ((sid && id !== sid) || (identity && who !== identity)) continue
      const samples = new Float32Array(analyser.fftSize)
      analyser.getFloatTimeDomainData(samples)
      const rms = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length)
      if (rms < best.rms) continue
      const bins = new Float32Array(analyser.frequencyBinCount)
      analyser.getFloatFrequencyData(bins)
      let peak = 1
      for (let i = 2; i < bins.length; i++) if (bins[i] > bins[peak]) peak = i
      best = { ...best, hz: (peak * Ear.context.sampleRate) / analyser.fftSize, rms }
    }
    return best
  }
}
