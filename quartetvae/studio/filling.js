// Filling in a bar: quartetvae/composing/filling.py once more, for one place, all four parts and one window.
//
// What lies outside stays, and so do notes that reach over its edges: where one is held its part has it alone, and what
// was struck in the bar and sounds out of it is kept from its onset on. Nothing composed ties over an edge.
"use strict";

// Sustains that follow no note become rests.
function tidied(tokens, { columns, rest, sustain }) {
  const found = Uint8Array.from(tokens);
  found.forEach((token, cell) => {
    if (token === sustain && (cell < columns || found[cell - columns] === rest)) found[cell] = rest;
  });
  return found;
}

// The part array with rests where steps from..to are unknown, and what remains unknown, a number for each step and part.
function settled(given, from, to, sizes) {
  const { columns, rest, sustain } = sizes;
  const tokens = tidied(given, sizes), found = Uint8Array.from(tokens);
  const steps = tokens.length / columns;
  const unknown = new Uint8Array(4 * steps).fill(1, 4 * from, 4 * to);
  found.fill(rest, from * columns, to * columns);
  const keep = (step, column) => {
    found[step * columns + column] = tokens[step * columns + column];
    unknown[4 * step + (column % 4)] = 0;
  };
  for (let column = 0; column < columns; column++) {
    const token = (step) => (step < steps ? tokens[step * columns + column] : rest);
    for (let step = from; step < to && token(step) === sustain; step++) keep(step, column);
    if (token(to) !== sustain) continue;
    let onset = to - 1;
    while (onset >= from && token(onset) === sustain) onset--;
    for (let step = onset; onset >= from && step < to; step++) keep(step, column);
  }
  return { tokens: found, unknown };
}

// What the composer is given to fill in steps from..to: whole beats, the place a quarter of a window after its beginning.
function windowAround(given, from, to, sizes, { beats, stepsPerBeat }) {
  const { columns, rest, sustain, held } = sizes;
  const { tokens, unknown } = settled(given, from, to, sizes);
  const steps = tokens.length / columns, whole = Math.ceil(steps / stepsPerBeat) * stepsPerBeat;
  const length = Math.min(beats * stepsPerBeat, whole);
  const early = Math.floor(Math.max(0, from - length / 4) / stepsPerBeat) * stepsPerBeat;
  const start = Math.min(early, whole - length);
  const window = new Uint8Array(length * columns).fill(rest), open = new Uint8Array(4 * length);
  window.set(tokens.subarray(start * columns, (start + length) * columns));
  open.set(unknown.subarray(4 * start, 4 * (start + length)));
  for (let column = 0; column < columns; column++) {
    // What sounds into the window is held from before.
    let step = start;
    while (step > 0 && tokens[step * columns + column] === sustain) step--;
    if (step < start) window[column] = tokens[step * columns + column] + held;
  }
  const edges = open.map((asked, cell) => asked && !(cell >= 4 && open[cell - 4]));
  return { start, tokens: window, unknown: open, edges };
}
