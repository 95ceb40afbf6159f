// The network that composes, in plain JavaScript: the same function of the same weights as
// quartetvae/model/numpy/composer.py, for one window. Its conventions are those of quartetvae/model/composer.py.
//
// A window is a Uint8Array of steps * columns tokens, whole beats; `unknown` has a number for each step and part, 0 where
// it is known. Pitch tokens begin at 0; `pitches`, the token of a rest, stands for nothing that sounds.
"use strict";

const FADING = [0.8, 0.97], LINES = 4;
const FORBIDDEN = -1e9;

function makeComposer(arrays, sizes) {
  const { columns, beats, heads, stepsPerBeat: perBeat, pitches: none, rest, sustain, held, symbols, order, widths } = sizes;
  const at = (name) => {
    if (!arrays[name]) throw new Error(`no weights ${name}`);
    return arrays[name];
  };
  const table = at("embedding/table/embeddings");
  const dim = table.length / (symbols + 1);
  const row = columns * dim;
  const units = at("before/recurrent_bias").length, half = at("around/gru_0/recurrent_bias").length;
  const headDim = at("attention/query/bias").length / heads;
  const share = at("spread/bias").length / perBeat;
  const vector = at("step_vectors/embeddings").length / perBeat;
  const writing = at("writer/recurrent_bias").length;
  const offsets = widths.map((_, place) => widths.slice(0, place).reduce((sum, one) => sum + one, 0));
  const kinds = at("common/bias").length, inside = at("common/kernel").length / kinds;
  const harmony = at("intervals/harmony"), melody = at("intervals/melody");
  const chromas = 2 + FADING.length, harmonies = harmony.length / chromas / 12;
  const reach = 2 * none - 1, melodies = melody.length / LINES / reach;

  function dense(place, x, from = 0) {
    const out = Float32Array.from(at(`${place}/bias`));
    const kernel = at(`${place}/kernel`);
    multiply(out, 0, x, from, kernel.length / out.length, kernel, out.length);
    return out;
  }
  function step(place, x, state) {
    const projected = Float32Array.from(at(`${place}/bias`));
    multiply(projected, 0, x, 0, x.length, at(`${place}/kernel`), projected.length);
    const next = Float32Array.from(state);
    advance(next, projected, at(`${place}/recurrent_kernel`), at(`${place}/recurrent_bias`), new Float32Array(projected.length));
    return next;
  }
  const joined = (...parts) => {
    const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((place, part) => (out.set(part, place), place + part.length), 0);
    return out;
  };
  const embedded = (tokens, from) => {
    const out = new Float32Array(row);
    for (let column = 0; column < columns; column++) {
      const token = tokens[from + column];
      out.set(table.subarray(token * dim, (token + 1) * dim), column * dim);
    }
    return out;
  };
  function readBeat(tokens, beat) {
    const hidden = [];
    for (let k = 0; k < perBeat; k++) hidden.push(dense("reader/by_step", embedded(tokens, (beat * perBeat + k) * columns)).map(gelu));
    return dense("reader/direct", joined(...hidden)).map(gelu);
  }
  function around(vectors) {
    const run = (name, places) => {
      let state = new Float32Array(half);
      const states = [];
      for (const place of places) states[place] = state = step(`around/${name}`, vectors[place], state);
      return states;
    };
    const places = vectors.map((_, k) => k);
    const forwards = run("gru_0", places), backwards = run("gru_0_backwards", [...places].reverse());
    return places.map((place) => joined(forwards[place], backwards[place]));
  }
  // Looks at all beats without what is unknown (near), and at the earlier ones as they are (whole).
  function attended(beat, context, near, whole) {
    const query = dense("attention/query", context);
    const distance = at("attention/distance");
    const memory = [...near.map((one, k) => [one, 0, k]), ...whole.map((one, k) => [one, 1, k])];
    const out = new Float32Array(heads * headDim);
    for (let head = 0; head < heads; head++) {
      const scores = memory.map(([one, which, k]) => {
        let sum = 0;
        for (let i = 0; i < headDim; i++) sum += query[head * headDim + i] * one[2 * head * headDim + i];
        return sum / Math.sqrt(headDim) + distance[(which * (2 * beats - 1) + k - beat + beats - 1) * heads + head];
      });
      const most = Math.max(...scores), weights = scores.map((score) => Math.exp(score - most));
      const total = weights.reduce((sum, one) => sum + one, 0);
      memory.forEach(([one], k) => {
        for (let i = 0; i < headDim; i++) out[head * headDim + i] += (weights[k] / total) * one[(2 * head + 1) * headDim + i];
      });
    }
    return out;
  }

  const struck = (token) => (token >= held ? token - held : token);
  // Which pitch sounds where a token is, of what sounded before.
  const resolved = (token, before) => (token === sustain ? before : Math.min(struck(token), none));
  const below = (column) => ((column % 4) + 1 < 4 ? (column % 4) + 1 : -1);
  const above = (column) => (column >= 4 ? column % 4 : column - 1);

  // What is known to sound in each cell, and the pitch that is next known there, from each step on.
  function surroundings(tokens, unknown) {
    const steps = tokens.length / columns;
    const known = new Uint8Array(tokens.length).fill(none), next = new Uint8Array(tokens.length).fill(none);
    for (let column = 0; column < columns; column++) {
      let sounds = none, follows = none;
      for (let k = 0; k < steps; k++) {
        const cell = k * columns + column;
        sounds = unknown[4 * k + (column % 4)] ? none : resolved(tokens[cell], sounds);
        known[cell] = sounds;
      }
      for (let k = steps - 1; k >= 0; k--) {
        const cell = k * columns + column;
        if (!unknown[4 * k + (column % 4)] && struck(tokens[cell]) < rest) follows = struck(tokens[cell]);
        next[cell] = follows;
      }
    }
    return { known, next };
  }
  function chromaOfBeat(sounding, beat) {
    const out = new Float32Array(12);
    for (let cell = beat * perBeat * columns; cell < (beat + 1) * perBeat * columns; cell++) {
      if (sounding[cell] < none) out[sounding[cell] % 12]++;
    }
    return out;
  }
  // The chroma of the music around a beat, fading: of earlier beats all that is heard, of the others what is known.
  function musicAround(beat, heard, known) {
    const count = known.length / perBeat / columns;
    return FADING.map((left) => {
      const out = new Float32Array(12);
      for (let k = 0; k < count; k++) {
        const chroma = chromaOfBeat(k < beat ? heard : known, k), weight = left ** Math.abs(k - beat);
        for (let i = 0; i < 12; i++) out[i] += weight * chroma[i];
      }
      const total = Math.max(out.reduce((sum, one) => sum + one, 0), 1e-6);
      return out.map((one) => one / total);
    });
  }

  // Weighs pitches by their intervals to what sounds around them.
  function addIntervals(logits, place, sounding, music, gates, last, following) {
    const column = order[place];
    const others = new Float32Array(12), bass = new Float32Array(12);
    for (let other = 0; other < columns; other++) if (other !== column && sounding[other] < none) others[sounding[other] % 12]++;
    if (place && sounding[order[0]] < none) bass[sounding[order[0]] % 12] = 1;
    const classes = new Float32Array(12);
    [others, bass, ...music].forEach((chroma, which) => {
      for (let a = 0; a < 12; a++) {
        if (!chroma[a]) continue;
        for (let way = 0; way < harmonies; way++) {
          const weight = gates[way] * chroma[a], from = (way * chromas + which) * 12;
          for (let b = 0; b < 12; b++) classes[b] += weight * harmony[from + ((b - a + 12) % 12)];
        }
      }
    });
    for (let pitch = 0; pitch < none; pitch++) logits[pitch] += classes[pitch % 12];
    const beside = [below(column), above(column)].map((other) => (other < 0 ? none : sounding[other]));
    [last, following, ...beside].forEach((near, line) => {
      if (near >= none) return;
      for (let way = 0; way < melodies; way++) {
        const weight = gates[harmonies + line * melodies + way], from = (line * melodies + way) * reach + none - 1 - near;
        for (let pitch = 0; pitch < none; pitch++) logits[pitch] += weight * melody[from + pitch];
      }
    });
  }
  // The logits of a column, those of held notes only where a window begins.
  function logitsOf(place, hidden, tokens, from, first, sounding, music, last, following) {
    const column = order[place], width = widths[place];
    const inner = Float32Array.from(hidden.subarray(offsets[place], offsets[place] + width));
    for (let earlier = 0; earlier < place; earlier++) {
      const token = tokens[from + order[earlier]];
      multiply(inner, 0, table, token * dim, dim, at(`chosen_${column}/kernel`), width, earlier * dim * width);
    }
    const head = dense(`head_${column}`, inner.map(geluByTanh));
    const common = dense("common", head.subarray(0, inside));
    addIntervals(common, place, sounding, music, head.subarray(inside), last, following);
    const logits = new Float32Array(first ? symbols : held);
    logits.set(common.subarray(0, held));
    for (let pitch = 0; first && pitch < none; pitch++) logits[held + pitch] = common[pitch] + common[kinds - 1];
    return logits;
  }

  // Writes a window beat by beat, whatever `choose(step, column, logits)` chooses for the cells that are unknown.
  function write(tokens, unknown, choose) {
    const count = tokens.length / columns / perBeat;
    const shown = new Uint8Array(beats * perBeat * columns).fill(symbols);
    tokens.forEach((token, cell) => {
      if (!unknown[4 * Math.floor(cell / columns) + (cell % columns % 4)]) shown[cell] = token;
    });
    const vectors = Array.from({ length: beats }, (_, beat) => readBeat(shown, beat));
    const context = around(vectors), near = vectors.map((one) => dense("attention/known", one));
    const { known, next } = surroundings(tokens, unknown);
    const written = Uint8Array.from(tokens), heard = new Uint8Array(tokens.length).fill(none);
    const last = new Uint8Array(columns).fill(none), whole = [];
    let before = new Float32Array(units);
    for (let beat = 0; beat < count; beat++) {
      const asked = unknown.subarray(4 * beat * perBeat, 4 * (beat + 1) * perBeat).some(Boolean);
      let code = null, shares, state, previous, music;
      if (asked) {
        const seen = joined(context[beat], before);
        code = dense("code", joined(seen, attended(beat, seen, near, whole))).map(gelu);
        shares = dense("spread", code);
        state = dense("start", code).map(Math.tanh);
        previous = new Float32Array(row);
        music = musicAround(beat, heard, known);
      }
      for (let k = 0; k < perBeat; k++) {
        const now = beat * perBeat + k, from = now * columns;
        const earlier = (column) => (now ? heard[from - columns + column] : none);
        const isAsked = (column) => unknown[4 * now + (column % 4)];
        const sounding = Uint8Array.from({ length: columns }, (_, column) =>
          (isAsked(column) ? earlier(column) : resolved(written[from + column], earlier(column))));
        if (code) {
          const given = joined(shares.subarray(k * share, (k + 1) * share), embedded(shown, from));
          const moment = at("step_vectors/embeddings").subarray(k * vector, (k + 1) * vector);
          state = step("writer", joined(previous, moment, given), state);
          if (order.some(isAsked)) {
            const hidden = dense("hidden", joined(state, given));
            order.forEach((column, place) => {
              if (!isAsked(column)) return;
              const logits = logitsOf(place, hidden, written, from, now === 0, sounding, music, last[column], next[from + column]);
              written[from + column] = choose(now, column, logits);
              sounding[column] = resolved(written[from + column], earlier(column));
            });
          }
          previous = embedded(written, from);
        }
        heard.set(sounding, from);
        for (let column = 0; column < columns; column++) {
          const pitch = resolved(written[from + column], none);
          if (pitch < none) last[column] = pitch;
        }
      }
      if (beat + 1 < count) {
        const read = readBeat(written, beat);
        whole.push(dense("attention/whole", read));
        before = step("before", read, before);
      }
    }
    return written;
  }

  const logSum = (values) => {
    const most = values.reduce((top, one) => Math.max(top, one), -Infinity);
    return most + Math.log(values.reduce((sum, one) => sum + Math.exp(one - most), 0));
  };

  // Chooses what is unknown: at temperature 0 the likeliest, else drawn; pitches at a share of the temperature. wish.bias
  // is added to the logits of all symbols; lowest are the parts' lowest pitches; edges says where nothing is held.
  function fill(tokens, unknown, { temperature = 1, seed = 0, bias = null, lowest = [0, 0, 0, 0], edges = null, share: part = 0.7 } = {}) {
    return write(tokens, unknown, (now, column, logits) => {
      if (bias) for (let token = 0; token < logits.length; token++) logits[token] += bias[token];
      logits.fill(FORBIDDEN, 0, lowest[column % 4]);
      if (edges?.[4 * now + (column % 4)]) logits[sustain] = FORBIDDEN;
      logits.fill(FORBIDDEN, held);
      if (temperature) {
        const even = logits.subarray(0, none).map((one) => one / temperature), sharp = even.map((one) => one / part);
        const every = logSum(even) - logSum(sharp);
        for (let pitch = 0; pitch < none; pitch++) logits[pitch] = temperature * (sharp[pitch] + every);
      }
      let best = 0, highest = -Infinity;
      logits.forEach((logit, token) => {
        const noise = temperature ? -temperature * Math.log(-Math.log(chance(seed, (now * columns + column) * symbols + token))) : 0;
        if (logit + noise > highest) [highest, best] = [logit + noise, token];
      });
      return best;
    });
  }

  // The cross-entropy of what is unknown given what is known, summed over the window.
  function nats(tokens, unknown) {
    let sum = 0;
    write(tokens, unknown, (now, column, logits) => {
      const token = tokens[now * columns + column];
      sum += logSum(Array.from(logits)) - logits[token];
      return token;
    });
    return sum;
  }

  return { fill, nats };
}
