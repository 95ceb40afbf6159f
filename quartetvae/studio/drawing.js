// The piano roll, the point's trail, and the circle of fifths.
"use strict";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const still = matchMedia("(prefers-reduced-motion: reduce)");

function sharp(canvas) {
  const ratio = devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

// What is shown follows what is written: notes fade in and out.
const shown = new Map();

function drawRoll(canvas, { notes, steps, bars }, step, playing, muted, composed) {
  const { context, width, height } = sharp(canvas);
  const inset = 14, wide = (width - 2 * inset) / steps;
  const pitches = notes.map((note) => note.pitch);
  const low = Math.min(48, ...pitches) - 2, high = Math.max(79, ...pitches) + 2;
  const tall = (height - 2 * inset) / (high - low + 1);
  context.fillStyle = colour("--line");
  for (const bar of bars) context.fillRect(Math.round(inset + bar * wide), 10, 1, height - 20);
  context.font = "12px system-ui, sans-serif";
  for (const from of new Set(composed.map((bar) => bar.from))) {
    const { to } = composed.find((bar) => bar.from === from);
    const [left, across] = [inset + from * wide, (to - from) * wide];
    context.fillStyle = colour("--accent");
    context.globalAlpha = 0.1;
    context.fillRect(left, 10, across, height - 20);
    context.globalAlpha = 1;
    context.fillText(across > 66 ? "composed" : "✎", left + 5, height - 16);
  }
  const wanted = new Set();
  for (const note of notes) {
    const key = `${note.part}.${note.pitch}.${note.onset}.${note.duration}`;
    wanted.add(key);
    if (!shown.has(key)) shown.set(key, { note, strength: still.matches ? 1 : 0.05 });
  }
  let moving = false;
  for (const [key, one] of shown) {
    const aim = wanted.has(key) ? 1 : 0;
    one.strength += (aim - one.strength) * (still.matches ? 1 : 0.22);
    if (Math.abs(aim - one.strength) < 0.02) one.strength = aim;
    else moving = true;
    if (!one.strength && !aim) {
      shown.delete(key);
      continue;
    }
    const { part, pitch, onset, duration } = one.note;
    const lit = playing && step >= onset && step < onset + duration;
    const thick = Math.max(3, Math.min(9, tall * 0.86)) + (lit ? 2.5 : 0);
    const y = inset + (high - pitch + 0.5) * tall - thick / 2;
    context.globalAlpha = one.strength * (muted[part] ? 0.15 : lit ? 1 : 0.78);
    context.fillStyle = colour(`--part-${part}`);
    if (lit) {
      context.shadowColor = context.fillStyle;
      context.shadowBlur = 12;
    }
    context.beginPath();
    context.roundRect(inset + onset * wide, y, Math.max(2.5, duration * wide - 1.2), thick, thick / 2);
    context.fill();
    context.shadowBlur = 0;
  }
  context.globalAlpha = 1;
  context.fillStyle = colour("--ink");
  context.fillRect(inset + step * wide - 0.75, 6, 1.5, height - 12);
  return moving;
}

function drawTrail(canvas, trail) {
  const { context, width, height } = sharp(canvas);
  context.strokeStyle = colour("--accent");
  context.lineCap = "round";
  context.lineWidth = 2;
  trail.slice(1).forEach(({ x, y }, k) => {
    context.globalAlpha = (0.5 * (k + 1)) / trail.length;
    context.beginPath();
    context.moveTo(trail[k].x * width, trail[k].y * height);
    context.lineTo(x * width, y * height);
    context.stroke();
  });
  context.globalAlpha = 1;
}

// The circle of fifths, major keys outside; keys are numbers as in keys.js.
function makeDial(svg, choose) {
  const ring = (names, outer, inner, first) => names.map((name, k) => {
    const point = (radius, turn) => [radius * Math.sin(turn), -radius * Math.cos(turn)].map((x) => x.toFixed(2)).join(" ");
    const [from, to] = [k - 0.5, k + 0.5].map((at) => (at * Math.PI) / 6);
    const shape = `M${point(outer, from)}A${outer} ${outer} 0 0 1 ${point(outer, to)}L${point(inner, to)}A${inner} ${inner} 0 0 0 ${point(inner, from)}Z`;
    const middle = point((outer + inner) / 2, (k * Math.PI) / 6).split(" ");
    return `<g role="radio" data-key="${first + k}" aria-label="${keyName(first + k)}"><path d="${shape}"/><text x="${middle[0]}" y="${middle[1]}">${name}</text></g>`;
  }).join("");
  svg.innerHTML = ring(FIFTHS, 99, 66, 0) + ring(MINORS, 65, 38, 12) + '<g role="radio" data-key="-1" aria-label="any key"><circle r="36"/><text>any</text></g>';
  svg.addEventListener("click", ({ target }) => {
    const wedge = target.closest("[data-key]");
    if (wedge) choose(Number(wedge.dataset.key), true);
  });
  svg.addEventListener("keydown", (event) => {
    const key = Number(document.activeElement.dataset.key);
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    let next = null;
    if (by) next = key < 0 ? 0 : key - (key % 12) + (((key % 12) + by + 12) % 12);
    if (event.key === "ArrowDown") next = key < 0 ? 0 : key < 12 ? key + 12 : -1;
    if (event.key === "ArrowUp") next = key < 0 ? 12 : key >= 12 ? key - 12 : 0;
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    choose(next, true);
  });
}

function markDial(svg, key, focus) {
  for (const wedge of svg.querySelectorAll("[data-key]")) {
    const on = Number(wedge.dataset.key) === key;
    wedge.setAttribute("aria-checked", on);
    wedge.setAttribute("tabindex", on ? 0 : -1);
    if (on && focus) wedge.focus();
  }
}
