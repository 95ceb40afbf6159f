// MusicXML, written: each column of a part is a voice of its own.
"use strict";

const SHARP = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
const FLAT = ["C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"];

const escaped = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

// Values of a note in parts of a beat: its type, dots, and whether it is of a triplet; the longest first.
const VALUES = [[4, "whole"], [2, "half"], [1, "quarter"], [1 / 2, "eighth"], [1 / 4, "16th"], [1 / 8, "32nd"]]
  .flatMap(([beats, type]) => [
    { beats: beats * 1.5, type, dots: 1, triplet: false },
    { beats, type, dots: 0, triplet: false },
    { beats: (beats * 2) / 3, type, dots: 0, triplet: true },
  ]).sort((a, b) => b.beats - a.beats);

// A length in steps as values that add up to it; a triplet's are taken last, and what no value has is a bare duration.
function valuesOf(length, stepsPerBeat) {
  const found = [];
  while (length > 0) {
    const fits = VALUES.map((value) => ({ ...value, steps: value.beats * stepsPerBeat })).filter(
      (value) => Number.isInteger(value.steps) && value.steps <= length,
    );
    const value = fits.find((one) => one.steps === length) ?? fits.find((one) => !one.triplet) ?? fits[0];
    found.push(value ?? { steps: length, type: null, dots: 0, triplet: false });
    length -= found.at(-1).steps;
  }
  return found;
}

function writeMusicXml(tokens, sizes, { tempo, bars, steps, title, flats = false }) {
  const { columns, rest, sustain, pitchMin, stepsPerBeat } = sizes;
  const names = flats ? FLAT : SHARP;
  const pitchXml = (pitch) => {
    const [step, sign] = names[pitch % 12];
    const alter = sign ? `<alter>${sign === "#" ? 1 : -1}</alter>` : "";
    return `<pitch><step>${step}</step>${alter}<octave>${Math.floor(pitch / 12) - 1}</octave></pitch>`;
  };
  const voiceXml = (column, from, to) => {
    const voice = 1 + Math.floor(column / VOICES);
    const lines = [];
    for (let start = from; start < to; ) {
      let token = tokens[start * columns + column];
      // A sustain at the beginning of a bar goes on with what sounded before it.
      let begun = start;
      while (token === sustain && begun > 0) token = tokens[--begun * columns + column];
      if (token === sustain) token = rest;
      let end = start + 1;
      const goesOn = (step) => {
        const next = tokens[step * columns + column];
        return token < rest ? next === sustain : next >= rest;
      };
      while (end < to && goesOn(end)) end++;
      const tiedFrom = token < rest && begun < start;
      const tiedTo = token < rest && end === to && end < steps && goesOn(end);
      if (token >= rest && voice > 1) {
        lines.push(`<forward><duration>${end - start}</duration></forward>`);
      } else {
        const values = valuesOf(end - start, stepsPerBeat);
        values.forEach((value, k) => {
          const stop = token < rest && (k > 0 || tiedFrom), go = token < rest && (k < values.length - 1 || tiedTo);
          const kinds = [...(stop ? ["stop"] : []), ...(go ? ["start"] : [])];
          lines.push(
            `<note>${token < rest ? pitchXml(token + pitchMin) : "<rest/>"}<duration>${value.steps}</duration>` +
              kinds.map((kind) => `<tie type="${kind}"/>`).join("") + `<voice>${voice}</voice>` +
              (value.type ? `<type>${value.type}</type>` : "") + "<dot/>".repeat(value.dots) +
              (value.triplet ? "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>" : "") +
              (kinds.length ? `<notations>${kinds.map((kind) => `<tied type="${kind}"/>`).join("")}</notations>` : "") +
              "</note>",
          );
        });
      }
      start = end;
    }
    return lines.join("\n");
  };
  const used = (column, from, to) => {
    for (let step = from; step < to; step++) if (tokens[step * columns + column] !== rest) return true;
    return false;
  };
  const parts = PARTS.map((part, number) => {
    let last = 0;
    const measures = bars.map((from, k) => {
      const to = bars[k + 1] ?? steps;
      const length = to - from;
      const signature = signatureOf(length, stepsPerBeat);
      const cut = k > 0 && k === bars.length - 1 && length < last;
      const time = signature && length !== last && !cut
        ? `<time><beats>${signature[0]}</beats><beat-type>${signature[1]}</beat-type></time>` : "";
      if (time) last = length;
      const clef = k ? "" : `<clef><sign>${part.clef[0]}</sign><line>${part.clef[1]}</line></clef>`;
      const divisions = k ? "" : `<divisions>${stepsPerBeat}</divisions><key><fifths>0</fifths></key>`;
      const attributes = divisions || time ? `<attributes>${divisions}${time}${clef}</attributes>` : "";
      const beat = `<metronome><beat-unit>quarter</beat-unit><per-minute>${Math.round(tempo)}</per-minute></metronome>`;
      const sound = k || number ? "" : `<direction placement="above"><direction-type>${beat}</direction-type><sound tempo="${tempo}"/></direction>`;
      const second = columns > VOICES && used(number + VOICES, from, to)
        ? `\n<backup><duration>${length}</duration></backup>\n${voiceXml(number + VOICES, from, to)}` : "";
      return `<measure number="${k + 1}">${attributes}${sound}\n${voiceXml(number, from, to)}${second}\n</measure>`;
    });
    return `<part id="P${number + 1}">\n${measures.join("\n")}\n</part>`;
  });
  const list = PARTS.map((part, k) =>
    `<score-part id="P${k + 1}"><part-name>${part.name}</part-name><part-abbreviation>${part.short}</part-abbreviation>` +
    `<score-instrument id="I${k + 1}"><instrument-name>${part.name}</instrument-name></score-instrument>` +
    `<midi-instrument id="I${k + 1}"><midi-channel>${k + 1}</midi-channel><midi-program>${part.program + 1}</midi-program></midi-instrument></score-part>`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<score-partwise version="4.0"><work><work-title>${escaped(title)}</work-title></work>` +
    `\n<part-list>${list.join("")}</part-list>\n${parts.join("\n")}\n</score-partwise>\n`;
}

// A WAV file, 16 bits, of the channels of an AudioBuffer.
function writeWav(audio) {
  const channels = Array.from({ length: audio.numberOfChannels }, (_, k) => audio.getChannelData(k));
  const bytes = audio.length * channels.length * 2;
  const view = new DataView(new ArrayBuffer(44 + bytes));
  const letters = (at, text) => [...text].forEach((letter, k) => view.setUint8(at + k, letter.charCodeAt(0)));
  letters(0, "RIFF");
  view.setUint32(4, 36 + bytes, true);
  letters(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, audio.sampleRate, true);
  view.setUint32(28, audio.sampleRate * channels.length * 2, true);
  view.setUint16(32, channels.length * 2, true);
  view.setUint16(34, 16, true);
  letters(36, "data");
  view.setUint32(40, bytes, true);
  const loudest = channels.reduce((top, data) => data.reduce((most, x) => Math.max(most, Math.abs(x)), top), 1e-9);
  const scale = Math.min(8, 0.89 / loudest);
  for (let i = 0, at = 44; i < audio.length; i++) {
    for (const data of channels) {
      view.setInt16(at, Math.max(-32768, Math.min(32767, Math.round(data[i] * scale * 32767))), true);
      at += 2;
    }
  }
  return view.buffer;
}
