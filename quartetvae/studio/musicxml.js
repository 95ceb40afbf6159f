// A score as MusicXML: what notation.js writes, in the words of the format.
"use strict";

const ACCIDENTALS = { "-2": "flat-flat", "-1": "flat", 0: "natural", 1: "sharp", 2: "double-sharp" };

const escaped = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

// options: stepsPerBeat, tempo (quarter notes a minute), bars (first steps), steps, title, key (its number, as in keys.js).
function writeMusicXml(notes, options) {
  const { stepsPerBeat, tempo, title, key } = options;
  const sharps = sharpsOf(key);
  const signatures = new Map(signaturesOf(options).map((one) => [one.start, one]));
  const heads = PARTS.map((part, k) =>
    `<score-part id="P${k + 1}"><part-name>${part.name}</part-name><part-abbreviation>${part.short}</part-abbreviation>` +
    `<score-instrument id="P${k + 1}-I1"><instrument-name>${part.name}</instrument-name></score-instrument>` +
    `<midi-instrument id="P${k + 1}-I1"><midi-channel>${k + 1}</midi-channel><midi-program>${part.program + 1}</midi-program>` +
    `</midi-instrument></score-part>`);
  const parts = PARTS.map((part, k) => {
    const bars = writePart(notes.filter((note) => note.part === k), options);
    let whole = null;
    const written = bars.map((bar, number) => {
      const time = signatures.get(bar.start);
      if (time) whole = bar.length;
      const first = number === 0;
      const head = (first ? `<divisions>${stepsPerBeat}</divisions><key><fifths>${sharps}</fifths></key>` : "") +
        (time ? `<time><beats>${time.numerator}</beats><beat-type>${time.denominator}</beat-type></time>` : "") +
        (first ? `<clef><sign>${part.clef[0]}</sign><line>${part.clef[1]}</line></clef>` : "");
      const mark = `<direction placement="above"><direction-type><metronome><beat-unit>quarter</beat-unit>` +
        `<per-minute>${tempo}</per-minute></metronome></direction-type><sound tempo="${tempo}"/></direction>`;
      const content = spelled(bar, sharps).voices.map((voice, which) => voiceXml(voice, which + 1, bar, bar.length === whole));
      const last = number === bars.length - 1;
      return `<measure number="${number + 1}">${head && `<attributes>${head}</attributes>`}${first && k === 0 ? mark : ""}` +
        content.join(`<backup><duration>${bar.length}</duration></backup>`) +
        `${last ? '<barline location="right"><bar-style>light-heavy</bar-style></barline>' : ""}</measure>`;
    });
    return `<part id="P${k + 1}">\n${written.join("\n")}\n</part>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<score-partwise version="4.0">\n<work><work-title>${escaped(title)}</work-title></work>\n` +
    `<identification><encoding><software>quartetvae</software></encoding></identification>\n<part-list>\n` +
    `<part-group number="1" type="start"><group-symbol>bracket</group-symbol><group-barline>yes</group-barline></part-group>\n` +
    `${heads.join("\n")}\n<part-group number="1" type="stop"/>\n</part-list>\n${parts.join("\n")}\n</score-partwise>\n`;
}

// One voice of a bar; of a second one the rests are not to be seen. A rest that fills the bar is read as long as its time
// signature says, so one that is shorter or longer has rests that say how long they are.
function voiceXml(values, number, bar, full) {
  if (full && values.length && values.every((value) => !value.pitches.length)) {
    return `<note><rest measure="yes"/><duration>${bar.length}</duration><voice>${number}</voice></note>`;
  }
  return values.map((value) => {
    if (value.pitches.length) return value.pitches.map((one, k) => noteXml(value, number, one, k)).join("");
    return noteXml(value, number, null, 0);
  }).join("");
}

// A note, or a rest where `one` is null; the notes of a chord after the first say that they are in it.
function noteXml(value, voice, one, place) {
  const pitch = one && `<pitch><step>${one.letter}</step>${one.alter ? `<alter>${one.alter}</alter>` : ""}<octave>${one.octave}</octave></pitch>`;
  const ties = one ? [...(one.tiedFrom ? ["stop"] : []), ...(one.tiedTo ? ["start"] : [])] : [];
  const { odd, even } = value.tuplet ?? {};
  const notations = ties.map((type) => `<tied type="${type}"/>`).join("") + (place ? "" :
    (value.begins ? `<tuplet type="start" bracket="${value.bracket ? "yes" : "no"}"/>` : "") + (value.ends ? '<tuplet type="stop"/>' : ""));
  return `<note${!one && voice > 1 ? ' print-object="no"' : ""}>${place ? "<chord/>" : ""}${pitch ?? "<rest/>"}` +
    `<duration>${value.length}</duration>${ties.map((type) => `<tie type="${type}"/>`).join("")}<voice>${voice}</voice>` +
    `<type>${value.type}</type>${"<dot/>".repeat(value.dots)}${one?.shown ? `<accidental>${ACCIDENTALS[one.alter]}</accidental>` : ""}` +
    (value.tuplet ? `<time-modification><actual-notes>${odd}</actual-notes><normal-notes>${even}</normal-notes></time-modification>` : "") +
    (place ? "" : value.beams.map((beam, k) => `<beam number="${k + 1}">${beam}</beam>`).join("")) +
    `${notations && `<notations>${notations}</notations>`}</note>`;
}
