// The page: its state, what a movement sets off, and what is downloaded and dropped.
"use strict";

const $ = (query) => document.querySelector(query);
const DATA = JSON.parse($("#data").textContent);
const { sizes } = DATA;
const state = { x: 0.5, y: 0.5, key: -1, strength: 1, strict: 0, freedom: 0, density: 0, tempo: DATA.tempo, seed: 1 };
const pieces = DATA.pieces.map((piece) => ({ ...piece, codes: piece.codes.map((code) => Float32Array.from(code)) }));
let phrases = [], steps = 0, bars = [0], whole = new Uint8Array(0), notes = [], waiting = [], busy = false, version = 0;
const trail = [];
// Milliseconds: from movements to what came of them, of files to encode, and to the first beats; benchmarks/studio.py.
const timings = { beat: [], phrase: [], sound: [], encode: [], start: 0 };
let answering = null; // the movement that nothing came of yet: {at, version, beats written since}
const SLIDERS = ["strength", "freedom", "density", "tempo"];

// Workers: the first decodes, the second computes samples.
const source = new Blob([$("#worker").textContent], { type: "text/javascript" });
const workers = [0, 1].map(() => new Worker(URL.createObjectURL(source)));
const answers = new Map();
let asked = 0;
for (const worker of workers) {
  worker.onmessage = ({ data }) => {
    answers.get(data.id)(data);
    answers.delete(data.id);
  };
}
function ask(request, worker = 0, transfer = []) {
  const id = ++asked;
  workers[worker].postMessage({ id, ...request }, transfer);
  return new Promise((resolve) => answers.set(id, resolve));
}
const ready = ask({ load: { head: DATA.network, text: $("#weights").textContent, sizes } });
let hired = null; // the composer's weights are unpacked when it is first asked for a bar
const composed = []; // bars that it filled in, the last one last: {from, to, tokens}; until the point moves
let tries = 0, filling = false;

const music = () => ({ notes, steps, bars, perSecond: (sizes.stepsPerBeat * state.tempo) / 60 });
const player = new Player(ask, music);

function shapeOfPieces() {
  const count = Math.min(...pieces.map((piece) => piece.codes.length));
  steps = Math.min(...pieces.map((piece) => piece.steps));
  const blank = () => new Uint8Array(sizes.steps * sizes.columns).fill(sizes.rest);
  phrases = Array.from({ length: count }, (_, k) => phrases[k] ?? blank());
  document.body.dataset.pieces = pieces.length;
  $("#corners").innerHTML = "";
  pieces.forEach((piece, k) => {
    const corner = document.createElement("p");
    corner.className = `corner corner-${k}`;
    corner.append(Object.assign(document.createElement("b"), { textContent: piece.who }), piece.what);
    $("#corners").append(corner);
  });
  player.from = Math.min(player.from, steps - 1);
}

function said(shares) {
  return shares.map((share, k) => [share, pieces[k].who]).filter(([share]) => share >= 0.005)
    .sort((a, b) => b[0] - a[0]).map(([share, who]) => `${Math.round(100 * share)} % ${who}`).join(", ");
}

// All beats are to be written anew, the one that is heard first; `moved` is when somebody asked for that.
function change(moved = 0) {
  version++;
  if (moved) {
    answering = { at: moved, version, beats: 0 };
    if (composed.splice(0).length) afterComposing("The music has changed: what was composed is gone.");
  }
  const shares = sharesAt(pieces.length, state);
  bars = pieces[shares.indexOf(Math.max(...shares))].bars.filter((bar) => bar < steps);
  const total = phrases.length * sizes.segments, now = Math.floor(player.step / (steps / total || 1)) % total;
  waiting = Array.from({ length: total }, (_, k) => (k + now) % total);
  $("#point").style.left = `${100 * state.x}%`;
  $("#point").style.top = `${100 * (pieces.length === 2 ? 0.5 : state.y)}%`;
  $("#shares").textContent = said(shares);
  $("#point").setAttribute("aria-valuetext", said(shares));
  $("#point").setAttribute("aria-valuenow", Math.round(100 * state.x));
  $("#bar").innerHTML = shares.map((share, k) => `<i style="width:${100 * share}%;opacity:${0.3 + 0.23 * k}"></i>`).join("");
  $("#key-name").textContent = keyName(state.key);
  $("#strict").checked = Boolean(state.strict);
  for (const name of ["strength", "strict"]) $(`#${name}`).disabled = state.key < 0;
  for (const name of SLIDERS) {
    $(`#${name}`).value = state[name];
    $(`#${name}-said`).textContent = name === "tempo" ? `${Math.round(state.tempo)}` : Number(state[name]).toFixed(1);
  }
  remember();
  next();
}

async function next() {
  if (busy || !waiting.length) return;
  busy = true;
  await ready;
  const beat = waiting.shift(), mine = version;
  const phrase = Math.floor(beat / sizes.segments), segment = beat % sizes.segments;
  const wish = { bias: keyBias(state.key, state.strength, state.strict, sizes), onsets: 2.5 * state.density, temperature: Number(state.freedom), seed: state.seed * 4096 + phrase };
  const { tokens } = await ask({ beat: { z: codeAt(pieces.map((piece) => piece.codes[phrase]), state), segment, wish } });
  if (phrase < phrases.length) {
    phrases[phrase].set(tokens, (segment * sizes.steps * sizes.columns) / sizes.segments);
    assemble();
    if (answering && mine >= answering.version) answered(answering);
    player.update();
    draw();
  }
  busy = false;
  if (mine === version && !waiting.length) {
    document.body.dataset.written = version;
    timings.start ||= performance.now();
  }
  next();
}

// The music: phrases put together, and over them what was composed.
function assemble() {
  whole = untile(phrases, steps, sizes);
  for (const { from, tokens } of composed) whole.set(tokens, from * sizes.columns);
  notes = notesOf(whole, sizes);
}

const isWritten = () => !waiting.length && !busy;
const barAt = (step) => bars.findLastIndex((start) => start <= step);

// The bar at a step gets new music, given what is around it.
async function fillIn(step) {
  if (!DATA.composer || filling) return;
  if (!isWritten()) return tell("The music is still being written; try again in a moment.");
  filling = true;
  const number = barAt(step), from = bars[number], mine = version;
  const { sizes: of } = DATA.composer;
  const to = Math.min(bars[number + 1] ?? steps, from + (of.beats * of.stepsPerBeat) / 2);
  tell(`Composing bar ${number + 1} …`);
  hired ??= ask({ hire: { ...DATA.composer, text: $("#composer").textContent } });
  await hired;
  const { start, tokens, unknown, edges } = windowAround(whole, from, to, sizes, of);
  const wish = {
    temperature: 1, seed: state.seed * 4096 + tries++, edges, bias: keyBias(state.key, state.strength, state.strict, sizes),
    lowest: PARTS.map((part) => Math.max(0, part.lowest - sizes.pitchMin)),
  };
  const reply = await ask({ fill: { tokens, unknown, wish } });
  filling = false;
  if (mine !== version) return tell("The point has moved; nothing was composed.");
  const bar = reply.tokens.slice((from - start) * sizes.columns, (to - start) * sizes.columns);
  composed.push({ from, to, tokens: bar });
  afterComposing(`Bar ${number + 1} is composed, given what is around it. Once more gives another; Undo, or U, takes it back.`);
}

function undo() {
  if (!composed.length) return;
  const { from } = composed.pop();
  afterComposing(`Bar ${barAt(from) + 1} is as it was.`);
}

function composedBars() {
  const numbers = [...new Set(composed.map(({ from }) => barAt(from) + 1))].sort((a, b) => a - b);
  return numbers.length ? `; composed: bar ${numbers.join(", ")}` : "";
}

function afterComposing(text) {
  $("#undo").hidden = !composed.length;
  $("#roll").setAttribute("aria-label", `Piano roll of the music at the point${composedBars()}`);
  if (text) tell(text);
  assemble();
  player.update();
  draw();
}

function answered(movement) {
  const since = () => performance.now() - movement.at;
  movement.beats++;
  if (movement.beats === 1) {
    timings.beat.push(since());
    player.whenHeard = () => timings.sound.push(since());
  }
  if (movement.beats === sizes.segments) timings.phrase.push(since());
}

let frame = 0;
function draw() {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => {
    const moving = drawRoll($("#roll"), music(), player.step, player.playing, player.muted, composed);
    drawTrail($("#trail"), trail);
    if (player.playing || moving) draw();
  });
}

function move(x, y, at = performance.now()) {
  const within = (value) => Math.max(0, Math.min(1, value));
  state.x = within(x);
  state.y = within(y);
  trail.push({ x: state.x, y: pieces.length === 2 ? 0.5 : state.y });
  if (trail.length > 60) trail.shift();
  change(at);
  draw();
}

// The point and all that is chosen, in the address.
let remembering = 0;
function remember() {
  clearTimeout(remembering);
  remembering = setTimeout(() => {
    const short = { ...state, x: state.x.toFixed(3), y: state.y.toFixed(3) };
    history.replaceState(null, "", `#${new URLSearchParams(short)}`);
  }, 120);
}
function recall() {
  const limits = { x: [0, 1], y: [0, 1], key: [-1, 23], strength: [0, 10], strict: [0, 1], freedom: [0, 1.5], density: [-2, 2], tempo: [30, 240], seed: [1, 999999] };
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    const number = Number(value);
    if (name in limits && value !== "" && number >= limits[name][0] && number <= limits[name][1]) {
      state[name] = ["key", "strict", "seed"].includes(name) ? Math.round(number) : number;
    }
  }
}

function tell(text) {
  $("#told").textContent = text;
}
function toggle() {
  if (player.playing) player.pause();
  else player.play();
  $("#play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
  document.body.classList.toggle("playing", player.playing);
  draw();
}

async function download(kind) {
  const title = `Between ${pieces.map((piece) => piece.who).join(", ")}${composedBars()}`;
  const key = state.key < 0 ? keyOf(notes) : state.key;
  const options = { ...music(), stepsPerBeat: sizes.stepsPerBeat, tempo: Number(state.tempo), title, key };
  const writers = {
    mid: () => ["audio/midi", writeMidi(notes, options)],
    musicxml: () => ["application/vnd.recordare.musicxml+xml", writeMusicXml(notes, options)],
    wav: async () => ["audio/wav", writeWav(await player.render())],
  };
  tell("Writing it …");
  const [type, content] = await writers[kind]();
  const url = URL.createObjectURL(new Blob([content], { type }));
  Object.assign(document.createElement("a"), { href: url, download: `between.${kind}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
  tell(`between.${kind} is written.`);
}

// A MIDI file of one's own becomes a corner: the next free one, or the one that is nearest to the point.
async function take(file) {
  try {
    const began = performance.now();
    const read = readMidi(await file.arrayBuffer());
    const tokens = encodeParts(partsOf(read.tracks), read.ticksPerBeat, sizes);
    const most = 32 * sizes.stepsPerBeat * sizes.columns;
    const cut = tokens.subarray(0, most);
    if (!cut.length) throw new Error("no notes in it");
    const long = cut.length / sizes.columns;
    await ready;
    const { codes } = await ask({ encode: tile(cut, sizes) });
    timings.encode.push(performance.now() - began);
    const piece = { who: file.name.replace(/\.[^.]*$/, ""), what: "your file", codes, steps: long, bars: barsOf(read, long, sizes.stepsPerBeat) };
    const shares = sharesAt(pieces.length, state);
    if (pieces.length < 4) pieces.push(piece);
    else pieces[shares.indexOf(Math.max(...shares))] = piece;
    shapeOfPieces();
    tell(`${file.name} is one of the corners now.`);
    change(performance.now());
  } catch (error) {
    tell(`${file.name}: ${error.message}.`);
  }
}

function begin() {
  recall();
  shapeOfPieces();
  const pad = $("#pad");
  const follow = (event) => {
    const box = pad.getBoundingClientRect();
    move((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, event.timeStamp);
  };
  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    $("#point").focus({ preventScroll: true });
    follow(event);
    event.preventDefault();
  });
  pad.addEventListener("pointermove", (event) => pad.hasPointerCapture(event.pointerId) && follow(event));
  $("#play").onclick = toggle;
  const composing = () => $("#fill").getAttribute("aria-pressed") === "true";
  $("#roll").onclick = ({ offsetX, currentTarget }) => {
    const step = Math.max(0, Math.min(steps - 1, ((offsetX - 14) / (currentTarget.clientWidth - 28)) * steps));
    if (composing()) fillIn(step);
    else player.seek(step);
    draw();
  };
  $("#composing").hidden = !DATA.composer;
  $("#fill").onclick = () => {
    $("#fill").setAttribute("aria-pressed", !composing());
    document.body.classList.toggle("composing", composing());
    tell(composing() ? "Click a bar: it gets new music, given what is around it." : "");
  };
  $("#undo").onclick = undo;
  $("#parts").innerHTML = PARTS.map((part, k) => `<button aria-pressed="true" style="--c:var(--part-${k})">${part.name}</button>`).join("");
  [...$("#parts").children].forEach((button, part) => {
    button.onclick = () => {
      player.mute(part, !player.muted[part]);
      button.setAttribute("aria-pressed", !player.muted[part]);
      draw();
    };
  });
  makeDial($("#dial"), (key, focus) => {
    state.key = key;
    markDial($("#dial"), key, focus);
    change(performance.now());
  });
  markDial($("#dial"), state.key, false);
  $("#strict").onchange = ({ target }) => {
    state.strict = Number(target.checked);
    change(performance.now());
  };
  for (const name of SLIDERS) {
    $(`#${name}`).oninput = ({ target }) => {
      const step = player.step;
      state[name] = Number(target.value);
      if (name === "tempo") player.seek(step);
      change(name === "tempo" ? 0 : performance.now());
    };
  }
  $("#again").onclick = () => {
    state.seed = 1 + (state.seed % 999999);
    if (!state.freedom) state.freedom = 0.6;
    change(performance.now());
  };
  for (const button of document.querySelectorAll("[data-download]")) button.onclick = () => download(button.dataset.download);
  $("#file").onchange = async ({ target }) => {
    for (const file of [...target.files]) await take(file);
    target.value = ""; // so that the same one can be chosen again
  };
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("dropping"));
  addEventListener("drop", async (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    for (const file of [...event.dataTransfer.files]) await take(file);
  });
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && composed.length) {
      event.preventDefault();
      return undo();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input[type=range]") && /^(Arrow|Home|End|Page)/.test(event.key)) return;
    const by = event.shiftKey ? 0.1 : 0.02;
    const ways = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] };
    const onButton = event.target.matches("button, summary, a, input, [role=radio]");
    const letter = event.key.toLowerCase();
    // Between two pieces there is no up and down.
    if (pieces.length === 2 && ["ArrowUp", "ArrowDown"].includes(event.key)) return event.preventDefault();
    if (event.key in ways) move(state.x + ways[event.key][0], state.y + ways[event.key][1]);
    else if (event.key === " " && !onButton) toggle();
    else if (event.key === "Home") player.seek(0);
    else if (letter === "c") fillIn(player.step);
    else if (letter === "u") undo();
    else if (/^[1-4]$/.test(event.key)) $("#parts").children[event.key - 1].click();
    else return;
    event.preventDefault();
    draw();
  });
  addEventListener("hashchange", () => {
    recall();
    markDial($("#dial"), state.key, false);
    change(performance.now());
  });
  addEventListener("resize", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  change();
  draw();
}
begin();
