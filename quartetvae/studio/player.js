// Sound: what is written at the playhead sounds, also when it has just changed.
"use strict";

const EVERY = 3; // semitones between samples

class Player {
  constructor(ask, music) {
    Object.assign(this, { ask, music, playing: false, from: 0, muted: [false, false, false, false] });
    this.tones = new Map();
    this.active = new Map();
    this.whenHeard = null; // called once, as soon as all that should sound does
  }

  open() {
    if (this.context) return;
    this.context = new AudioContext({ latencyHint: "interactive" });
    this.out = this.graph(this.context);
    for (const note of this.music().notes.slice(0, 24)) this.tone(note);
  }

  graph(context) {
    const limiter = new DynamicsCompressorNode(context, { threshold: -14, ratio: 6, attack: 0.004, release: 0.2 });
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    const hall = new ConvolverNode(context), wet = new GainNode(context, { gain: 0.28 });
    const room = context.createBuffer(2, Math.round(1.3 * context.sampleRate), context.sampleRate);
    let seed = 7;
    for (let side = 0; side < 2; side++) {
      const data = room.getChannelData(side);
      for (let i = 0; i < data.length; i++) {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        data[i] = (seed / 2147483648 - 1) * Math.exp((-5 * i) / data.length);
      }
    }
    hall.buffer = room;
    const parts = PARTS.map((part, k) => {
      const gain = new GainNode(context, { gain: this.muted[k] ? 0 : 1 });
      const pan = new StereoPannerNode(context, { pan: part.pan });
      gain.connect(pan).connect(limiter);
      pan.connect(hall);
      return gain;
    });
    hall.connect(wet).connect(limiter);
    limiter.connect(analyser).connect(context.destination);
    return { parts, analyser };
  }

  // The nearest sample, or null until it has been computed.
  tone({ part, pitch }) {
    const { program } = PARTS[part];
    const at = Math.round(pitch / EVERY) * EVERY;
    const key = `${program}.${at}`;
    if (!this.tones.has(key)) {
      const rate = 44100;
      const made = this.ask({ tone: { program, pitch: at, rate } }, 1).then(({ tone }) => {
        const buffer = new AudioBuffer({ length: tone.samples.length, sampleRate: rate });
        buffer.copyToChannel(tone.samples, 0);
        this.tones.set(key, { ...tone, buffer });
        this.update();
      });
      this.tones.set(key, { made });
    }
    return this.tones.get(key);
  }

  voice(context, out, note, tone, start, soft) {
    const rate = (440 * 2 ** ((note.pitch - 69) / 12)) / tone.frequency;
    const loopEnd = tone.buffer.duration;
    const source = new AudioBufferSourceNode(context, { buffer: tone.buffer, playbackRate: rate, loop: true, loopStart: tone.loopStart, loopEnd });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.8, start + (soft ? 0.025 : 0.045));
    gain.gain.setTargetAtTime(0.6, start + 0.08, 0.25);
    source.connect(gain).connect(out.parts[note.part]);
    source.start(start, soft ? 0.25 : 0);
    return { source, gain, note };
  }

  end(voice, at) {
    voice.gain.gain.setTargetAtTime(0, at, 0.035);
    voice.source.stop(at + 0.3);
  }

  get step() {
    const { steps, perSecond } = this.music();
    return this.playing ? (this.from + Math.max(0, this.context.currentTime - this.began) * perSecond) % steps : this.from;
  }

  play() {
    this.open();
    this.context.resume();
    this.began = this.context.currentTime + 0.03;
    this.playing = true;
    this.timer = setInterval(() => this.update(), 25);
    this.update();
  }

  pause() {
    this.from = this.step;
    this.playing = false;
    clearInterval(this.timer);
    for (const voice of this.active.values()) this.end(voice, this.context.currentTime);
    this.active.clear();
  }

  seek(step) {
    const on = this.playing;
    if (on) this.pause();
    this.from = Math.max(0, Math.min(step, this.music().steps - 1));
    if (on) this.play();
  }

  mute(part, off) {
    this.muted[part] = off;
    if (this.context) this.out.parts[part].gain.setTargetAtTime(off ? 0 : 1, this.context.currentTime, 0.02);
  }

  // Called often, and whenever notes change: begins what should sound now or in a moment, ends what should not.
  update() {
    if (!this.playing) return;
    const { notes, steps, perSecond } = this.music();
    const now = this.context.currentTime, step = this.step, ahead = 0.07 * perSecond;
    const wanted = new Map();
    for (const note of notes) {
      for (const shift of [0, steps]) {
        const onset = note.onset + shift;
        if (onset <= step + ahead && onset + note.duration > step) {
          wanted.set(`${note.part}.${note.pitch}.${note.onset}`, { note, start: now + (onset - step) / perSecond });
        }
      }
    }
    for (const [key, voice] of this.active) {
      if (wanted.has(key)) continue;
      this.end(voice, now);
      this.active.delete(key);
    }
    let complete = true;
    for (const [key, { note, start }] of wanted) {
      if (this.active.has(key)) continue;
      const tone = this.tone(note);
      if (!tone.buffer) {
        complete = false;
        continue;
      }
      const late = start < now - 0.03;
      this.active.set(key, this.voice(this.context, this.out, note, tone, Math.max(now, start), late));
    }
    if (complete) {
      this.whenHeard?.();
      this.whenHeard = null;
    }
  }

  async render() {
    const { notes, steps, perSecond } = this.music();
    await Promise.all(notes.map((note) => this.tone(note).made));
    const rate = 44100;
    const context = new OfflineAudioContext(2, Math.ceil((steps / perSecond + 1.5) * rate), rate);
    const out = this.graph(context);
    for (const note of notes) {
      const voice = this.voice(context, out, note, this.tone(note), note.onset / perSecond, false);
      this.end(voice, (note.onset + note.duration) / perSecond);
    }
    return context.startRendering();
  }
}
