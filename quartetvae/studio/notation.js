// Notes as they are written on paper: bars, voices, values, ties, tuplets, beams, accidentals.
//
// Nothing is rounded: a note lasts as long as on the grid, in several tied values where no single one is as long. All
// times are in steps from the beginning of the bar. Of a beat of 12 steps 3 are a sixteenth, 4 an eighth of a triplet.
"use strict";

const TYPES = ["long", "breve", "whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th", "512th", "1024th"];

// The largest count of units within so many that a single note may last: a power of two, or that with a dot.
function longest(count) {
  const power = 2 ** Math.floor(Math.log2(count));
  return power > 1 && count >= 1.5 * power ? 1.5 * power : power;
}

// What a beat of so many steps is divided by: halves alone, or also `odd` parts where there are `even` in print.
function division(beat) {
  let odd = beat;
  while (odd % 2 === 0) odd /= 2;
  return { beat, odd, even: 2 ** Math.floor(Math.log2(odd)) };
}

// Parts of a bar that are written alike: beats, or halves of them where the middle is struck; `plain` without a tuplet.
function stretchesOf(length, marks, { beat, odd, even }) {
  const cut = (from, to) => {
    const inside = marks.filter((mark) => mark > from && mark < to);
    const plain = [...inside, to].every((mark) => (mark - from) % odd === 0);
    const middle = from + beat / 2;
    if (!plain && to - from === beat && inside.includes(middle)) return [...cut(from, middle), ...cut(middle, to)];
    return [{ from, to, plain, odd, even }];
  };
  const found = [];
  for (let from = 0; from < length; from += beat) found.push(...cut(from, Math.min(from + beat, length)));
  return found;
}

// The values that a note or rest is written in, each of a length that a single note may have.
function valuesOf(from, to, stretches, { beat, odd, even }) {
  const found = [];
  for (let at = from; at < to; ) {
    const stretch = stretches.find((one) => at < one.to);
    let most, unit, beats;
    if (stretch.plain) {
      const tuplet = stretches.find((one) => one.to > at && !one.plain);
      most = Math.min(to, tuplet ? tuplet.from : to) - at;
      const place = at % beat;
      // Off the beat a value ends with it, but for what lasts a beat from the middle of one.
      if (place && !(2 * place === beat && most === beat)) most = Math.min(most, beat - place);
      most = Math.min(most, 4 * beat);
      [unit, beats] = [odd, odd / beat];
    } else {
      most = Math.min(to, stretch.to) - at;
      [unit, beats] = [1, odd / even / beat];
    }
    const count = longest(most / unit), dots = Number.isInteger(Math.log2(count)) ? 0 : 1;
    const type = TYPES[4 - Math.log2((dots ? count / 1.5 : count) * beats)];
    found.push({ onset: at, length: count * unit, type, dots, tuplet: stretch.plain ? null : stretch });
    at += count * unit;
  }
  return found;
}

// A voice from end to end, notes and rests: values with the pitches that are struck or held in them, none in a rest.
function writeVoice(notes, length, parts) {
  const chords = new Map();
  for (const note of notes) {
    const key = `${note.from}.${note.to}`;
    chords.set(key, [...(chords.get(key) ?? []), note]);
  }
  const events = [];
  let until = 0;
  for (const chord of [...chords.values()].sort((a, b) => a[0].from - b[0].from)) {
    const { from, to } = chord[0];
    if (from > until) events.push({ from: until, to: from, chord: [] });
    events.push({ from, to, chord: chord.sort((a, b) => a.pitch - b.pitch) });
    until = to;
  }
  if (until < length) events.push({ from: until, to: length, chord: [] });
  const marks = events.flatMap(({ from, to }) => [from, to]);
  const stretches = stretchesOf(length, marks, parts);
  const written = events.flatMap(({ from, to, chord }) => {
    const values = valuesOf(from, to, stretches, parts);
    return values.map((value, k) => ({
      ...value,
      pitches: chord.map(({ pitch, before, after }) => ({
        pitch, tiedFrom: k > 0 || before, tiedTo: k < values.length - 1 || after,
      })),
    }));
  });
  written.forEach((value, k) => {
    value.begins = value.tuplet && written[k - 1]?.tuplet !== value.tuplet;
    value.ends = value.tuplet && written[k + 1]?.tuplet !== value.tuplet;
  });
  const values = beamed(written, parts.beat);
  for (const value of values) value.bracket = values.some((one) => one.tuplet === value.tuplet && !one.beams.length);
  return values;
}

const flags = (value) => (value?.pitches.length ? Math.max(0, TYPES.indexOf(value.type) - 4) : 0);

// Beams within beats, of each value a list from the first beam to the last.
function beamed(values, beat) {
  const together = (a, b) => Math.min(flags(a), flags(b)) > 0 && Math.floor(a.onset / beat) === Math.floor(b.onset / beat);
  return values.map((value, k) => {
    const [before, after] = [values[k - 1], values[k + 1]].map((other) => (other && together(value, other) ? flags(other) : 0));
    const levels = before || after ? flags(value) : 0;
    const beams = Array.from({ length: levels }, (_, level) => {
      const [left, right] = [before > level, after > level];
      if (left && right) return "continue";
      if (left || right) return left ? "end" : "begin";
      return before ? "backward hook" : "forward hook";
    });
    return { ...value, beams };
  });
}

// The bars of a part: of each its length and voices, one, or two where notes of different lengths sound together.
function writePart(notes, { bars, steps, stepsPerBeat }) {
  const parts = division(stepsPerBeat);
  return bars.map((start, k) => {
    const end = bars[k + 1] ?? steps;
    const inside = notes.filter((note) => note.onset < end && note.onset + note.duration > start).map((note) => {
      const [from, to] = [note.onset - start, note.onset + note.duration - start];
      const length = end - start;
      return { ...note, from: Math.max(0, from), to: Math.min(length, to), before: from < 0, after: to > length };
    });
    const apart = inside.some((a) => inside.some((b) => a.from < b.to && b.from < a.to && (a.from !== b.from || a.to !== b.to)));
    const voices = apart ? [0, 1].map((voice) => inside.filter((note) => note.voice === voice)) : [inside];
    return { start, length: end - start, voices: voices.map((voice) => writeVoice(voice, end - start, parts)) };
  });
}

// Spells the pitches of a bar, and says where an accidental is to be seen: where the letter last was another one.
function spelled(bar, sharps) {
  const inForce = new Map();
  const values = bar.voices.flat().sort((a, b) => a.onset - b.onset);
  for (const one of values.flatMap((value) => value.pitches)) {
    Object.assign(one, spell(one.pitch, sharps));
    const place = `${one.letter}${one.octave}`;
    one.shown = !one.tiedFrom && one.alter !== (inForce.get(place) ?? signatureAlter(one.letter, sharps));
    if (one.shown) inForce.set(place, one.alter);
  }
  return bar;
}
