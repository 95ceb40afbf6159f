// Keys: their names, what they add to logits, which one fits notes best, how pitches are spelled in them.
//
// quartetvae/composing/keys.py once more, for the browser. A key is a number on the circle of fifths, 0 to 11 the major
// ones from C, 12 to 23 their relative minors, or -1 for any key.
"use strict";

const FIFTHS = ["C", "G", "D", "A", "E", "B", "F♯", "D♭", "A♭", "E♭", "B♭", "F"];
const MINORS = ["a", "e", "b", "f♯", "c♯", "g♯", "d♯", "b♭", "f", "c", "g", "d"];

// Krumhansl & Kessler 1982: probe tones, from the tonic; and the notes of the scale, in minor the raised ones as well.
const MODES = [
  { ratings: [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88], scale: [0, 2, 4, 5, 7, 9, 11] },
  { ratings: [6.33, 2.68, 3.52, 5.38, 2.6, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17], scale: [0, 2, 3, 5, 7, 8, 9, 10, 11] },
];
const FORBIDDEN = -1e9;

function keyName(key) {
  if (key < 0) return "any key";
  return key < 12 ? `${FIFTHS[key]} major` : `${MINORS[key - 12].replace(/^./, (letter) => letter.toUpperCase())} minor`;
}

const modeOf = (key) => MODES[key < 12 ? 0 : 1];
const degree = (key, pitch) => (pitch + 120 - ((key % 12) * 7 + (key < 12 ? 0 : 9))) % 12;

// Added to the logits of all symbols: to pitches strength * log(12 * profile), to held ones nothing. When strict, no
// other pitch than the scale's is struck or held.
function keyBias(key, strength, strict, { symbols, pitches, pitchMin, held }) {
  if (key < 0) return null;
  const { ratings, scale } = modeOf(key);
  const sum = ratings.reduce((total, one) => total + one, 0);
  const added = new Float32Array(symbols);
  for (let pitch = 0; pitch < pitches; pitch++) {
    const at = degree(key, pitch + pitchMin);
    const outside = strict && !scale.includes(at);
    added[pitch] = outside ? FORBIDDEN : strength * Math.log((12 * ratings[at]) / sum);
    if (outside) added[held + pitch] = FORBIDDEN;
  }
  return added;
}

// The key with whose ratings the onsets of pitch classes correlate best; C major for no notes.
function keyOf(notes) {
  const counts = new Array(12).fill(0);
  for (const { pitch } of notes) counts[pitch % 12]++;
  const fits = Array.from({ length: 24 }, (_, key) => {
    const { ratings } = modeOf(key);
    const mean = ratings.reduce((sum, one) => sum + one, 0) / 12;
    const apart = ratings.map((one) => one - mean);
    return counts.reduce((sum, count, pitch) => sum + count * apart[degree(key, pitch)], 0) / Math.hypot(...apart);
  });
  return fits.indexOf(Math.max(...fits));
}

// Sharps of a key's signature, flats below 0.
const sharpsOf = (key) => (key % 12 <= 6 ? key % 12 : (key % 12) - 12);

const LETTERS = "FCGDAEB"; // along the line of fifths, F at -1
const signatureAlter = (letter, sharps) => {
  const place = LETTERS.indexOf(letter);
  return sharps > place ? 1 : place >= 7 + sharps ? -1 : 0;
};

// A pitch's name in a key: of those of its class the one from three fifths below the signature's notes to three above.
function spell(pitch, sharps) {
  let place = sharps - 3;
  while ((((7 * place) % 12) + 12) % 12 !== pitch % 12) place++;
  const alter = Math.floor((place + 1) / 7);
  const letter = LETTERS[place + 1 - 7 * alter];
  return { letter, alter, octave: Math.floor((pitch - alter) / 12) - 1 };
}
