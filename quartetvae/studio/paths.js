// Codes between codes: quartetvae/latent/paths.py once more. A code is a Float32Array.
"use strict";

function between(a, b, share) {
  if (share <= 0) return a;
  if (share >= 1) return b;
  const length = (v) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
  const long = [length(a), length(b)];
  const out = new Float32Array(a.length);
  let apart = 0, along = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] / (long[0] || 1), y = b[i] / (long[1] || 1);
    apart += (x - y) ** 2;
    along += (x + y) ** 2;
  }
  const angle = 2 * Math.atan2(Math.sqrt(apart), Math.sqrt(along));
  const sine = Math.sin(angle);
  if (!(sine > 1e-6 && long[0] > 0 && long[1] > 0)) return out.map((_, i) => (1 - share) * a[i] + share * b[i]);
  const reach = (1 - share) * long[0] + share * long[1];
  const left = (Math.sin((1 - share) * angle) / sine / long[0]) * reach;
  const right = (Math.sin(share * angle) / sine / long[1]) * reach;
  return out.map((_, i) => left * a[i] + right * b[i]);
}

// Where corners lie: two at the ends of a line, three with the third along the whole lower edge, four in a square.
function corners(count) {
  return { 1: [0, 0, 0, 0], 2: [0, 1, 0, 1], 3: [0, 1, 2, 2], 4: [0, 1, 2, 3] }[count];
}

// The code of a phrase at a point, as `interpolate_grid` finds it: down both sides, then across.
function codeAt(codes, { x, y }) {
  const [a, b, c, d] = corners(codes.length).map((corner) => codes[corner]);
  return between(between(a, c, y), between(b, d, y), x);
}

// What each piece has of a point, in shares of 1.
function sharesAt(count, { x, y }) {
  const found = new Array(count).fill(0);
  [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y].forEach((share, k) => {
    found[corners(count)[k]] += share;
  });
  return found;
}
