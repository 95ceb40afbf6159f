// Samples of bowed strings, computed when the page opens: nobody's recordings, so under this project's licence.
//
// A saw-tooth with vibrato goes through the resonances of a body (Mathews & Kohut 1973): as the pitch swings, each
// partial swells and fades by itself, which is what makes it sound like a string. An attack, then a second that repeats.
"use strict";

const BODIES = {
  40: [[275, 1], [460, 1.1], [560, 0.9], [880, 0.5], [1200, 0.6], [1700, 0.5], [2500, 0.9], [3300, 0.7], [4400, 0.3]],
  41: [[220, 1], [350, 1.1], [470, 0.8], [780, 0.6], [1050, 0.6], [1500, 0.5], [2100, 0.8], [2800, 0.5], [3800, 0.2]],
  42: [[100, 1], [175, 1.2], [220, 0.9], [400, 0.6], [600, 0.6], [900, 0.4], [1400, 0.5], [2000, 0.4], [2800, 0.15]],
};
const ATTACK = 0.3;

function makeTone(program, pitch, rate) {
  const begin = Math.round(ATTACK * rate), loop = rate;
  // Whole numbers of periods and of swings fit into the second that repeats.
  const frequency = Math.max(20, Math.round(440 * 2 ** ((pitch - 69) / 12)));
  const partials = Math.max(1, Math.min(36, Math.floor((0.42 * rate) / frequency)));
  const amplitude = (hertz, number) => {
    let sum = 0.22;
    for (const [centre, height] of BODIES[program]) sum += height / (1 + ((hertz - centre) / (0.09 * centre)) ** 2);
    return (sum / number) * Math.exp(-hertz / 5200);
  };
  const swing = 5;
  const depth = 0.0062;
  const out = new Float32Array(begin + loop);
  const block = 147, gains = new Float32Array(partials);
  for (let i = 0; i < out.length; i++) {
    const time = (i - begin) / rate;
    const vibrato = Math.sin(2 * Math.PI * swing * time);
    if (i % block === 0) {
      for (let k = 0; k < partials; k++) gains[k] = amplitude(frequency * (k + 1) * (1 + depth * vibrato), k + 1);
    }
    const phase = 2 * Math.PI * frequency * time - ((frequency * depth) / swing) * Math.cos(2 * Math.PI * swing * time);
    const twice = 2 * Math.cos(phase);
    let before = 0, now = Math.sin(phase), sum = 0;
    for (let k = 0; k < partials; k++) {
      sum += gains[k] * now;
      const next = twice * now - before;
      before = now;
      now = next;
    }
    out[i] = sum;
  }
  let power = 0;
  for (let i = begin; i < out.length; i++) power += out[i] * out[i];
  const scale = 0.16 / Math.sqrt(power / loop);
  for (let i = 0; i < out.length; i++) out[i] *= scale;
  return { samples: out, frequency, loopStart: ATTACK };
}
