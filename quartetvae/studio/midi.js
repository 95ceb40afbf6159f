// MIDI files, read and written.
"use strict";

const PARTS = [
  { name: "Violin I", short: "Vln. I", program: 40, clef: ["G", 2], lowest: 55, pan: -0.5 },
  { name: "Violin II", short: "Vln. II", program: 40, clef: ["G", 2], lowest: 55, pan: -0.15 },
  { name: "Viola", short: "Vla.", program: 41, clef: ["C", 3], lowest: 48, pan: 0.2 },
  { name: "Cello", short: "Vc.", program: 42, clef: ["F", 4], lowest: 36, pan: 0.5 },
];

function readMidi(buffer) {
  const view = new DataView(buffer);
  const text = (at, count) => String.fromCharCode(...new Uint8Array(buffer, at, count));
  if (view.byteLength < 14 || text(0, 4) !== "MThd") throw new Error("not a MIDI file");
  const ticksPerBeat = view.getUint16(12);
  if (!ticksPerBeat || ticksPerBeat & 0x8000) throw new Error("a MIDI file that counts no ticks a beat; export it again");
  const voices = new Map(), signatures = [];
  let tempo = 0;
  for (let at = 8 + view.getUint32(4), track = 0; at + 8 <= view.byteLength; track++) {
    const end = Math.min(view.byteLength, at + 8 + view.getUint32(at + 4));
    if (text(at, 4) !== "MTrk") {
      at = end;
      continue;
    }
    at += 8;
    let tick = 0, status = 0, name = "";
    const programs = new Array(16).fill(0), open = new Map(), own = [];
    const number = () => {
      let value = 0, byte;
      do value = (value << 7) | ((byte = view.getUint8(at++)) & 0x7f);
      while (byte & 0x80);
      return value;
    };
    while (at < end) {
      tick += number();
      if (view.getUint8(at) & 0x80) status = view.getUint8(at++);
      if (status === 0xff) {
        const kind = view.getUint8(at++), length = number();
        if (kind === 3 && !name) name = text(at, length).trim();
        if (kind === 0x51 && !tempo) tempo = 6e7 / ((view.getUint8(at) << 16) | view.getUint16(at + 1));
        if (kind === 0x58) signatures.push({ tick, length: (view.getUint8(at) * 4 * ticksPerBeat) / 2 ** view.getUint8(at + 1) });
        at += length;
      } else if (status === 0xf0 || status === 0xf7) {
        at += number();
      } else {
        const kind = status >> 4, channel = status & 15, first = view.getUint8(at++);
        const second = kind === 12 || kind === 13 ? 0 : view.getUint8(at++);
        const key = channel * 128 + first;
        if (kind === 12) programs[channel] = first;
        if ((kind === 8 || kind === 9) && open.has(key)) {
          const note = open.get(key);
          note.duration = Math.max(1, tick - note.onset);
          open.delete(key);
        }
        if (kind === 9 && second && channel !== 9) {
          const note = { onset: tick, duration: ticksPerBeat, pitch: first, channel, program: programs[channel] };
          open.set(key, note);
          own.push(note);
        }
      }
    }
    for (const note of own) {
      const key = `${track}.${note.channel}`;
      if (!voices.has(key)) voices.set(key, { name, program: note.program, notes: [] });
      voices.get(key).notes.push(note);
    }
    at = end;
  }
  return { ticksPerBeat, tempo: tempo || 100, signatures, tracks: [...voices.values()] };
}

const KINDS = [
  [/viol(a|e)\b|vla|bratsch|\balto\b/i, 2],
  [/cell|vlc|\bvc\b/i, 3],
  [/viol|vln|\bvl\b|geige/i, 0],
];

// Which tracks play the four parts: by names, by programs, or the only four there are; an error says what was found.
function partsOf(tracks) {
  const told = (track) => KINDS.find(([pattern]) => pattern.test(track.name))?.[1] ?? { 40: 0, 41: 2, 42: 3 }[track.program];
  const mean = (track) => track.notes.reduce((sum, note) => sum + note.pitch, 0) / track.notes.length;
  const violins = tracks.filter((track) => told(track) === 0);
  const others = [2, 3].map((part) => tracks.filter((track) => told(track) === part));
  if (violins.length === 2 && others.every((found) => found.length === 1)) {
    return [...violins, ...others.flat()].map((track) => track.notes);
  }
  if (tracks.length === 4) {
    const ordered = tracks.every((track, k) => !k || mean(track) <= mean(tracks[k - 1]) + 12);
    return (ordered ? tracks : [...tracks].sort((a, b) => mean(b) - mean(a))).map((track) => track.notes);
  }
  const names = tracks.map((track, k) => track.name || `track ${k + 1}`).slice(0, 8).join(", ");
  throw new Error(`${tracks.length} tracks with notes (${names || "none"}); two violins, a viola and a cello are needed`);
}

// The first step of each bar, of a file's time signatures.
function barsOf(music, steps, stepsPerBeat) {
  const starts = new Set([0]);
  const signatures = music.signatures.length && !music.signatures[0].tick
    ? music.signatures : [{ tick: 0, length: 4 * music.ticksPerBeat }, ...music.signatures];
  signatures.forEach((signature, k) => {
    const until = signatures[k + 1]?.tick ?? (steps * music.ticksPerBeat) / stepsPerBeat;
    for (let tick = signature.tick; tick < until; tick += Math.max(1, signature.length)) {
      starts.add(Math.round((tick * stepsPerBeat) / music.ticksPerBeat));
    }
  });
  return [...starts].filter((step) => step < steps).sort((a, b) => a - b);
}

// The time signature of a bar of so many steps; null where none has that length.
function signatureOf(length, stepsPerBeat) {
  for (const denominator of [4, 8, 16, 32, 64]) {
    const numerator = (length * denominator) / (4 * stepsPerBeat);
    if (Number.isInteger(numerator)) return [numerator, denominator];
  }
  return null;
}

// The time signatures of bars, each with the step from which it holds; a last bar that is cut short has none.
function signaturesOf({ bars, steps, stepsPerBeat }) {
  const found = [];
  let last = 0;
  bars.forEach((start, k) => {
    const length = (bars[k + 1] ?? steps) - start;
    const signature = signatureOf(length, stepsPerBeat);
    const cut = k > 0 && k === bars.length - 1 && length < last;
    if (!signature || length === last || cut || signature[0] > 255) return;
    found.push({ start, numerator: signature[0], denominator: signature[1] });
    last = length;
  });
  return found;
}

function writeMidi(notes, { stepsPerBeat, tempo, bars, steps, title }) {
  const perStep = Math.max(1, Math.floor(480 / stepsPerBeat));
  const variable = (value) => {
    const bytes = [value & 0x7f];
    while ((value >>= 7)) bytes.unshift((value & 0x7f) | 0x80);
    return bytes;
  };
  const letters = (value) => [...new TextEncoder().encode(value)];
  const meta = (kind, bytes) => [0xff, kind, ...variable(bytes.length), ...bytes];
  const four = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  const track = (events) => {
    // At one moment what ends comes first, or a repeated note would end at once.
    events.sort((a, b) => a.tick - b.tick || a.rank - b.rank);
    let now = 0;
    const bytes = [];
    for (const { tick, data } of [...events, { tick: Math.max(now, events.at(-1)?.tick ?? 0), data: meta(0x2f, []) }]) {
      bytes.push(...variable(tick - now), ...data);
      now = tick;
    }
    return [...letters("MTrk"), ...four(bytes.length), ...bytes];
  };
  const micros = Math.round(6e7 / tempo);
  const first = [
    { tick: 0, rank: 0, data: meta(3, letters(title)) },
    { tick: 0, rank: 1, data: meta(0x51, four(micros).slice(1)) },
  ];
  for (const { start, numerator, denominator } of signaturesOf({ bars, steps, stepsPerBeat })) {
    first.push({ tick: start * perStep, rank: 2, data: meta(0x58, [numerator, Math.log2(denominator), 24, 8]) });
  }
  const tracks = PARTS.map((part, channel) => {
    const events = [
      { tick: 0, rank: -2, data: meta(3, letters(part.name)) },
      { tick: 0, rank: -1, data: [0xc0 | channel, part.program] },
    ];
    for (const note of notes.filter((one) => one.part === channel)) {
      events.push({ tick: note.onset * perStep, rank: 1, data: [0x90 | channel, note.pitch, 90] });
      events.push({ tick: (note.onset + note.duration) * perStep, rank: 0, data: [0x80 | channel, note.pitch, 0] });
    }
    return track(events);
  });
  const head = [...letters("MThd"), 0, 0, 0, 6, 0, 1, 0, 5, (perStep * stepsPerBeat) >> 8, (perStep * stepsPerBeat) & 255];
  return Uint8Array.from([head, track(first), ...tracks].flat());
}
