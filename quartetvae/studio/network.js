// The network in plain JavaScript: the same function of the same weights as quartetvae/model/numpy/network.py.
//
// Arrays are Float32Arrays, row by row; a phrase is a Uint8Array of steps * columns tokens. A phrase is decoded segment
// by segment, each by itself, so that the beat that is being heard can come first. What depends on a token alone, a row
// of the embedding times a matrix, is computed once, when the network is made.
"use strict";

// The arrays that quartetvae/studio/packing.py packed into text; `head` says how.
async function unpack(head, text) {
  const digits = new Uint8Array(128);
  [...head.letters].forEach((letter, digit) => (digits[letter.charCodeAt(0)] = digit));
  const view = new DataView(new ArrayBuffer((text.length / 5) * 4));
  for (let k = 0; 5 * k < text.length; k++) {
    let number = 0;
    for (let place = 0; place < 5; place++) number = 85 * number + digits[text.charCodeAt(5 * k + place)];
    view.setUint32(4 * k, number);
  }
  const packed = new Blob([new Uint8Array(view.buffer, 0, head.bytes)]);
  const buffer = await new Response(packed.stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
  const entries = Object.entries(head.index);
  const last = Math.max(...entries.map(([, of]) => of.floats + ("ints" in of ? of.shape[1] : size(of.shape))));
  const whole = entries.reduce((sum, [, of]) => sum + ("ints" in of ? size(of.shape) : 0), 0);
  const floats = new Float32Array(buffer, 0, last);
  const upper = new Int8Array(buffer, 4 * last, whole), lower = new Uint8Array(buffer, 4 * last + whole);
  const integer = head.bits === 8 ? (i) => upper[i] : (i) => upper[i] * 16 + ((lower[i >> 1] >> (4 * (i & 1))) & 15);
  const arrays = {};
  for (const [name, of] of entries) {
    const count = size(of.shape);
    if (!("ints" in of)) {
      arrays[name] = floats.subarray(of.floats, of.floats + count);
      continue;
    }
    const columns = of.shape[1];
    const array = new Float32Array(count);
    for (let i = 0; i < count; i++) array[i] = integer(of.ints + i) * floats[of.floats + (i % columns)];
    arrays[name] = array;
  }
  return arrays;
}

const size = (shape) => shape.reduce((product, one) => product * one, 1);

// out[outAt..] += x[at..] @ matrix, four rows at a time.
function multiply(out, outAt, x, at, rows, matrix, columns, matrixAt = 0) {
  let row = 0;
  for (; row + 3 < rows; row += 4) {
    const a = x[at + row], b = x[at + row + 1], c = x[at + row + 2], d = x[at + row + 3];
    const first = matrixAt + row * columns;
    const second = first + columns, third = second + columns, fourth = third + columns;
    for (let j = 0; j < columns; j++) {
      out[outAt + j] += a * matrix[first + j] + b * matrix[second + j] + c * matrix[third + j] + d * matrix[fourth + j];
    }
  }
  for (; row < rows; row++) {
    const a = x[at + row];
    const first = matrixAt + row * columns;
    for (let j = 0; j < columns; j++) out[outAt + j] += a * matrix[first + j];
  }
}

function add(out, outAt, x, at, count) {
  for (let i = 0; i < count; i++) out[outAt + i] += x[at + i];
}

const sigmoid = (x) => 0.5 * Math.tanh(0.5 * x) + 0.5;

// By its series, all of whose terms are positive: exact to the last digit that counts.
function erf(x) {
  const far = Math.abs(x);
  if (far > 4.5) return Math.sign(x);
  let term = far, sum = far;
  for (let n = 1; n < 120 && term > 1e-12 * sum; n++) {
    term *= (2 * far * far) / (2 * n + 1);
    sum += term;
  }
  return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-far * far) * sum;
}

const gelu = (x) => 0.5 * x * (1 + erf(x / Math.SQRT2));
const geluByTanh = (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

// One step of a GRU: `projected` are the inputs times their kernel, with the bias.
function advance(state, projected, recurrent, recurrentBias, inner) {
  const units = state.length;
  inner.fill(0);
  multiply(inner, 0, state, 0, units, recurrent, 3 * units);
  for (let i = 0; i < units; i++) {
    const update = sigmoid(projected[i] + inner[i]);
    const reset = sigmoid(projected[units + i] + inner[units + i]);
    const candidate = Math.tanh(projected[2 * units + i] + reset * (inner[2 * units + i] + recurrentBias[i]));
    state[i] = candidate + update * (state[i] - candidate);
  }
}

// A number from 0 to 1 that hangs on its place alone: a draw stays the same while the point moves.
function chance(seed, place) {
  let x = Math.imul(seed ^ Math.imul(place + 1, 0x9e3779b1), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 16), 0x27d4eb2f);
  return ((x ^ (x >>> 15)) >>> 0) / 4294967296 + 1e-10;
}

function makeNetwork(arrays, sizes) {
  const { steps, columns, segments, latent, symbols, pitches, order, widths } = sizes;
  const perSegment = steps / segments;
  const share = latent / segments;
  const at = (name, number = 0) => {
    if (!arrays[`${name}/vars/${number}`]) throw new Error(`no weights ${name}/vars/${number}`);
    return arrays[`${name}/vars/${number}`];
  };

  // Encoder
  const read = "encoder/embedding/table";
  const width = at(read).length / symbols;
  const byStep = at("encoder/layers/summary/by_step", 1).length;
  const direct = at("encoder/layers/summary/direct", 1).length;
  const stack = "encoder/layers/recurrent_stack";
  const seen = at(`${stack}/forwards/gru`, 3).length;

  function encode(tokens) {
    const embedded = new Float32Array(columns * width);
    const flat = new Float32Array(perSegment * byStep);
    const summaries = new Float32Array(segments * direct);
    for (let segment = 0; segment < segments; segment++) {
      for (let step = 0; step < perSegment; step++) {
        for (let column = 0; column < columns; column++) {
          const token = tokens[(segment * perSegment + step) * columns + column];
          embedded.set(at(read).subarray(token * width, (token + 1) * width), column * width);
        }
        flat.set(at("encoder/layers/summary/by_step", 1), step * byStep);
        multiply(flat, step * byStep, embedded, 0, columns * width, at("encoder/layers/summary/by_step"), byStep);
      }
      for (let i = 0; i < flat.length; i++) flat[i] = gelu(flat[i]);
      const summary = summaries.subarray(segment * direct, (segment + 1) * direct);
      summary.set(at("encoder/layers/summary/direct", 1));
      multiply(summary, 0, flat, 0, flat.length, at("encoder/layers/summary/direct"), direct);
      for (let i = 0; i < direct; i++) summary[i] = gelu(summary[i]);
    }
    const whole = new Float32Array(segments * (direct + 2 * seen));
    for (const [side, name] of ["forwards", "backwards"].entries()) {
      const gru = `${stack}/${name}/gru`;
      const state = new Float32Array(seen), projected = new Float32Array(3 * seen), inner = new Float32Array(3 * seen);
      for (let k = 0; k < segments; k++) {
        const segment = side ? segments - 1 - k : k;
        projected.set(at(gru, 2));
        multiply(projected, 0, summaries, segment * direct, direct, at(gru), 3 * seen);
        advance(state, projected, at(gru, 1), at(gru, 3), inner);
        whole.set(state, segment * (direct + 2 * seen) + direct + side * seen);
      }
    }
    const mean = new Float32Array(latent);
    for (let segment = 0; segment < segments; segment++) {
      whole.set(summaries.subarray(segment * direct, (segment + 1) * direct), segment * (direct + 2 * seen));
      mean.set(at("encoder/layers/dense", 1), segment * share);
      const from = segment * (direct + 2 * seen);
      multiply(mean, segment * share, whole, from, direct + 2 * seen, at("encoder/layers/dense"), share);
    }
    return mean;
  }

  // Decoder: the conductor
  const conductor = "decoder/conductor/forwards/gru";
  const begins = "decoder/layers/starts/layers/container/dense";
  const units = at(conductor, 3).length;
  const codeSize = share + units;

  function segmentCodes(z) {
    const state = Float32Array.from(at(begins, 1));
    multiply(state, 0, z, 0, latent, at(begins), units);
    for (let i = 0; i < units; i++) state[i] = Math.tanh(state[i]);
    const codes = new Float32Array(segments * codeSize);
    const projected = new Float32Array(3 * units), inner = new Float32Array(3 * units);
    for (let segment = 0; segment < segments; segment++) {
      projected.set(at(conductor, 2));
      multiply(projected, 0, z, segment * share, share, at(conductor), 3 * units);
      advance(state, projected, at(conductor, 1), at(conductor, 3), inner);
      codes.set(z.subarray(segment * share, (segment + 1) * share), segment * codeSize);
      codes.set(state, segment * codeSize + share);
    }
    return codes;
  }

  // Decoder: what writes a segment
  const below = "decoder/below";
  const gru = `${below}/layers/recurrent_stack/forwards/gru`;
  const starts = `${below}/layers/starts/layers/container/dense`;
  const table = at(`${below}/embedding/table`);
  const dim = table.length / symbols;
  const vector = at(`${below}/layers/embedding`).length / perSegment;
  const shared = at(`${below}/layers/dense`, 1).length / perSegment;
  const gates = 3 * units;
  const offsets = widths.map((_, place) => widths.slice(0, place).reduce((sum, one) => sum + one, 0));
  const hiddenSize = at(`${below}/hidden`, 1).length;
  const kinds = at(`${below}/common`, 1).length;
  const numbered = (name, k) => (k ? `${name}_${k}` : name);

  // Rows of the embedding times what they meet: of the last step, and of the columns chosen before.
  const lastTimes = new Float32Array(columns * symbols * gates);
  for (let column = 0; column < columns; column++) {
    for (let token = 0; token < symbols; token++) {
      const out = (column * symbols + token) * gates;
      multiply(lastTimes, out, table, token * dim, dim, at(gru), gates, column * dim * gates);
    }
  }
  const chosenTimes = order.map((_, place) => {
    const products = new Float32Array(place * symbols * widths[place]);
    for (let earlier = 0; earlier < place; earlier++) {
      const kernel = at(numbered(`${below}/chosen/dense`, place - 1));
      for (let token = 0; token < symbols; token++) {
        const out = (earlier * symbols + token) * widths[place];
        multiply(products, out, table, token * dim, dim, kernel, widths[place], earlier * dim * widths[place]);
      }
    }
    return products;
  });
  const stepTimes = new Float32Array(perSegment * gates);
  for (let step = 0; step < perSegment; step++) {
    stepTimes.set(at(gru, 2), step * gates);
    multiply(stepTimes, step * gates, at(`${below}/layers/embedding`), step * vector, vector, at(gru), gates, columns * dim * gates);
  }
  const sharesFrom = (columns * dim + vector) * gates;
  // A head and the layer that all of them share are one.
  const heads = order.map((_, place) => {
    const name = numbered(`${below}/heads/dense`, place);
    const inside = at(name, 1).length;
    const kernel = new Float32Array(widths[place] * kinds), bias = Float32Array.from(at(`${below}/common`, 1));
    for (let row = 0; row < widths[place]; row++) {
      multiply(kernel, row * kinds, at(name), row * inside, inside, at(`${below}/common`), kinds);
    }
    multiply(bias, 0, at(name, 1), 0, inside, at(`${below}/common`), kinds);
    return { kernel, bias };
  });

  const state = new Float32Array(units), projected = new Float32Array(gates), inner = new Float32Array(gates);
  const both = new Float32Array(units + shared), hidden = new Float32Array(hiddenSize);
  const head = new Float32Array(Math.max(...widths)), logits = new Float32Array(symbols);

  // wish: {bias: of each symbol, onsets: of all of them, temperature, seed}; without any, the likeliest tokens.
  function writeSegment(codes, segment, wish = {}) {
    const { bias = null, onsets = 0, temperature = 0, seed = 0 } = wish;
    const from = segment * codeSize;
    const shares = Float32Array.from(at(`${below}/layers/dense`, 1));
    multiply(shares, 0, codes, from, codeSize, at(`${below}/layers/dense`), perSegment * shared);
    state.set(at(starts, 1));
    multiply(state, 0, codes, from, codeSize, at(starts), units);
    for (let i = 0; i < units; i++) state[i] = Math.tanh(state[i]);
    const tokens = new Uint8Array(perSegment * columns);
    const scored = kinds - 1; // pitches, rest and sustain; the last number is for notes held from before
    for (let step = 0; step < perSegment; step++) {
      projected.set(stepTimes.subarray(step * gates, (step + 1) * gates));
      multiply(projected, 0, shares, step * shared, shared, at(gru), gates, sharesFrom);
      for (let column = 0; step > 0 && column < columns; column++) {
        const token = tokens[(step - 1) * columns + column];
        add(projected, 0, lastTimes, (column * symbols + token) * gates, gates);
      }
      advance(state, projected, at(gru, 1), at(gru, 3), inner);
      both.set(state);
      both.set(shares.subarray(step * shared, (step + 1) * shared), units);
      hidden.set(at(`${below}/hidden`, 1));
      multiply(hidden, 0, both, 0, units + shared, at(`${below}/hidden`), hiddenSize);
      const candidates = segment === 0 && step === 0 ? symbols : scored;
      for (let place = 0; place < columns; place++) {
        const count = widths[place];
        head.set(hidden.subarray(offsets[place], offsets[place] + count));
        for (let earlier = 0; earlier < place; earlier++) {
          const token = tokens[step * columns + order[earlier]];
          add(head, 0, chosenTimes[place], (earlier * symbols + token) * count, count);
        }
        for (let i = 0; i < count; i++) head[i] = geluByTanh(head[i]);
        logits.set(heads[place].bias.subarray(0, scored));
        const held = heads[place].bias[scored];
        const { kernel } = heads[place];
        let ofHeld = held;
        for (let i = 0; i < count; i++) {
          const value = head[i], row = i * kinds;
          for (let j = 0; j < scored; j++) logits[j] += value * kernel[row + j];
          ofHeld += value * kernel[row + scored];
        }
        for (let pitch = 0; pitch < pitches; pitch++) {
          logits[scored + pitch] = logits[pitch] + ofHeld + (bias ? bias[scored + pitch] : 0);
          logits[pitch] += onsets + (bias ? bias[pitch] : 0);
        }
        const column = order[place];
        let best = 0, highest = -Infinity;
        for (let token = 0; token < candidates; token++) {
          let value = logits[token];
          if (temperature) {
            const cell = ((segment * perSegment + step) * columns + column) * symbols + token;
            value -= temperature * Math.log(-Math.log(chance(seed, cell)));
          }
          if (value > highest) {
            highest = value;
            best = token;
          }
        }
        tokens[step * columns + column] = best;
      }
    }
    return tokens;
  }

  function decode(z, wish) {
    const codes = segmentCodes(z);
    const tokens = new Uint8Array(steps * columns);
    for (let segment = 0; segment < segments; segment++) {
      tokens.set(writeSegment(codes, segment, wish), segment * perSegment * columns);
    }
    return tokens;
  }

  return { encode, decode, segmentCodes, writeSegment };
}
