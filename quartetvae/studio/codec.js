// Between notes and part arrays: quartetvae/music/codec.py and corpus/phrases.py once more, for the browser.
//
// A part array is a Uint8Array of steps * columns tokens, row by row; column k is of part k % 4. Notes are objects
// {part, voice, onset, duration, pitch}, in steps; voice 1 is the second column of a part. A dropped file's notes are in ticks.
"use strict";

const VOICES = 4;
const LEGATO = 8; // a note that sounds on by more than an eighth of a beat is held beside the next

// Phrases as they tile a piece, put together: a note held from before joins the one that sounds there.
function untile(phrases, steps, sizes) {
  const { columns, sustain, held, rest } = sizes;
  const whole = new Uint8Array(steps * columns).fill(rest);
  const sounding = new Uint8Array(columns).fill(rest);
  for (let step = 0; step < steps; step++) {
    const phrase = phrases[Math.floor(step / sizes.steps)];
    for (let column = 0; column < columns; column++) {
      let token = phrase[(step % sizes.steps) * columns + column];
      if (token >= held) {
        token -= held;
        if (token === sounding[column]) token = sustain;
      }
      whole[step * columns + column] = token;
      if (token !== sustain) sounding[column] = token;
    }
  }
  return whole;
}

// The notes of a part array, by onset and pitch; what sounds in both columns of a part is one note.
function notesOf(tokens, sizes) {
  const { columns, sustain, rest, pitchMin } = sizes;
  const steps = tokens.length / columns;
  const parts = Array.from({ length: VOICES }, () => []);
  for (let column = 0; column < columns; column++) {
    let open = null;
    for (let step = 0; step <= steps; step++) {
      const token = step < steps ? tokens[step * columns + column] : rest;
      if (token === sustain) continue;
      if (open) open.duration = step - open.onset;
      open = null;
      if (token < rest) {
        open = { part: column % VOICES, voice: Math.floor(column / VOICES), onset: step, duration: 1, pitch: token + pitchMin };
        parts[column % VOICES].push(open);
      }
    }
  }
  return parts.flatMap((notes) => (columns > VOICES ? withoutDoubles(notes) : notes));
}

function withoutDoubles(notes) {
  notes.sort((a, b) => a.pitch - b.pitch || a.onset - b.onset || b.duration - a.duration);
  const kept = notes.filter((note, k) => !k || notes[k - 1].pitch !== note.pitch || notes[k - 1].onset !== note.onset);
  kept.forEach((note, k) => {
    const next = kept[k + 1];
    if (next && next.pitch === note.pitch) note.duration = Math.min(note.duration, next.onset - note.onset);
  });
  return kept.sort((a, b) => a.onset - b.onset || a.pitch - b.pitch);
}

// The notes of four parts, in ticks, as a part array of two columns each.
function encodeParts(parts, ticksPerBeat, sizes) {
  const { columns, rest, sustain, pitchMin, pitches, stepsPerBeat } = sizes;
  const toStep = (ticks) => Math.floor((2 * ticks * stepsPerBeat + ticksPerBeat) / (2 * ticksPerBeat));
  const place = columns > VOICES ? twoVoices : oneVoice;
  const placed = parts.map((notes) => {
    const sorted = [...notes].sort((a, b) => a.onset - b.onset || a.pitch - b.pitch);
    return place(nearestToGrid(sorted, ticksPerBeat, stepsPerBeat, toStep), ticksPerBeat);
  });
  const steps = Math.max(0, ...placed.flat(2).map((note) => note.end));
  const tokens = new Uint8Array(steps * columns).fill(rest);
  placed.forEach((voices, part) => {
    voices.forEach((voice, number) => {
      for (const note of voice) {
        let pitch = note.pitch;
        while (pitch < pitchMin) pitch += 12;
        while (pitch >= pitchMin + pitches) pitch -= 12;
        const column = part + number * VOICES;
        tokens[note.step * columns + column] = pitch - pitchMin;
        for (let step = note.step + 1; step < note.end; step++) tokens[step * columns + column] = sustain;
      }
    });
  });
  return tokens;
}

// Of the notes that round to one step: the nearest one, and those that sound together with it.
function nearestToGrid(notes, ticksPerBeat, stepsPerBeat, toStep) {
  const bySteps = new Map();
  for (const note of notes) {
    const step = toStep(note.onset);
    const end = Math.max(toStep(note.onset + note.duration), step + 1);
    const distance = Math.abs(step * ticksPerBeat - note.onset * stepsPerBeat);
    if (!bySteps.has(step)) bySteps.set(step, []);
    bySteps.get(step).push({ ...note, step, end, distance });
  }
  return [...bySteps.values()].map((chord) => {
    const first = chord.reduce((best, note) => (note.distance < best.distance ? note : best));
    return { first, chord };
  });
}

function oneVoice(places) {
  const kept = places.map(({ first }) => first);
  kept.forEach((note, k) => {
    if (kept[k + 1]) note.end = Math.min(note.end, kept[k + 1].step);
  });
  return [kept];
}

function twoVoices(places, ticksPerBeat) {
  const voices = [[], []];
  const strike = (column, note) => {
    const last = voices[column].at(-1);
    if (last && last.end > note.step) last.end = note.step;
    voices[column].push(note);
  };
  for (const { first, chord } of places) {
    const together = chord.filter((note) => {
      const overlap = Math.min(note.onset + note.duration, first.onset + first.duration) - Math.max(note.onset, first.onset);
      return note.onset === first.onset || 2 * overlap >= Math.max(1, Math.min(note.duration, first.duration));
    });
    // A pitch that is there twice counts once, the longer one.
    together.sort((a, b) => a.pitch - b.pitch || b.end - a.end);
    const low = { ...together[0] };
    const top = together.at(-1).pitch;
    const high = { ...together.find((note) => note.pitch === top) };
    for (const note of [low, high]) note.until = note.onset + note.duration - ticksPerBeat / LEGATO;
    if (top !== low.pitch) {
      strike(0, high);
      strike(1, low);
      continue;
    }
    const last = voices.map((voice) => voice.at(-1) ?? { end: 0, pitch: -1, until: -1 });
    const again = [0, 1].filter((column) => last[column].end > low.step && last[column].pitch === low.pitch);
    const held = [0, 1].filter((column) => last[column].end > low.step && last[column].until > low.onset);
    if (again.length) strike(again[0], low);
    else if (held.length === 2) {
      const apart = held.map((column) => Math.abs(last[column].pitch - low.pitch));
      strike(apart[1] < apart[0] ? 1 : 0, low);
    } else strike(held.length && held[0] === 0 ? 1 : 0, low);
  }
  return voices;
}

// A part array cut into the phrases that tile it; one that begins inside a note begins with it, held.
function tile(tokens, sizes) {
  const { columns, steps, rest, sustain, held } = sizes;
  const count = Math.ceil(tokens.length / columns / steps);
  const sounding = new Uint8Array(columns).fill(rest);
  return Array.from({ length: count }, (_, number) => {
    const phrase = new Uint8Array(steps * columns).fill(rest);
    phrase.set(tokens.subarray(number * steps * columns, (number + 1) * steps * columns));
    for (let column = 0; column < columns; column++) {
      if (phrase[column] === sustain) phrase[column] = sounding[column] < rest ? sounding[column] + held : rest;
    }
    for (let cell = 0; cell < phrase.length; cell++) {
      const token = phrase[cell];
      if (token === sustain) continue;
      sounding[cell % columns] = token >= held ? token - held : token;
    }
    return phrase;
  });
}
