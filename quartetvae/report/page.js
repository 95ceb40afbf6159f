// One sound at a time: a path (or an original and its copy), one of its points, and a place in the music.
"use strict";

const scores = {}; // by player; each is brought by a script of its own, scores.js, once a score is opened
const players = JSON.parse(document.getElementById("players").textContent);
const sound = new Audio();
const kind = sound.canPlayType('audio/ogg; codecs="opus"') ? "ogg" : "mp3";
const still = matchMedia("(prefers-reduced-motion: reduce)");

const [ends, which, stops, say, play, place, time, roll, score, here] = [
  "ends", "which", "stops", "say", "play", "place", "time", "roll", "score", "here",
].map((id) => document.getElementById(id));
const [picture, head] = roll.children;
const sheet = score.querySelector(".sheet");
const [page, mark] = sheet.firstElementChild.children;

let player = players[0];
let stop = 0; // which of its points
let at = 0; // seconds
let sounding = ""; // the file that the sound is of
let frame = 0;
let shown = null; // the score that is on the sheet

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const file = (ending) => `${player.id}/${player.id}-${stop}.${ending}`;
const beat = () => (at * player.tempo) / 60;
const seconds = () => (player.beats * 60) / player.tempo;
const element = (name, text, attributes = {}) => {
  const made = Object.assign(document.createElement(name), attributes);
  made.textContent = text;
  return made;
};

function follow() {
  cancelAnimationFrame(frame); // so that there is never more than one loop
  if (sounding === file(kind)) { // not a late word of what sounded before
    const over = sound.ended || sound.currentTime >= seconds();
    at = over ? 0 : sound.currentTime;
    if (over) sound.pause(); // what fades after the last note need not be waited for
  }
  show();
  if (sound.paused) link();
  else frame = requestAnimationFrame(follow);
}

for (const name of ["playing", "pause", "ended"]) sound.addEventListener(name, follow);

/** Show where the music is. With reduced motion, playheads go from beat to beat. */
function show() {
  const now = still.matches ? Math.floor(beat()) : beat();
  head.style.left = `${(100 * now) / player.beats}%`;
  place.max = seconds();
  place.value = at;
  place.setAttribute("aria-valuetext", `${clock(at)} of ${clock(seconds())}, beat ${Math.floor(beat()) + 1}`);
  time.textContent = `${clock(at)} / ${clock(seconds())}`;
  play.firstElementChild.textContent = sound.paused ? "▶" : "❚❚";
  play.setAttribute("aria-label", sound.paused ? "Play" : "Pause");
  if (shown) showInScore(now);
}

function showInScore(now) {
  const system = shown.findLast((system) => system.places[0][0] <= now);
  mark.hidden = !system;
  if (!system) return;
  const after = system.places.findIndex(([beat]) => beat > now);
  const [[from, left], [to, right]] = after < 0 ? [system.places.at(-1), [now + 1, 0]] : system.places.slice(after - 1, after + 1);
  mark.style.left = `${100 * (after < 0 ? left : left + ((now - from) / (to - from)) * (right - left))}%`;
  // On a phone a sheet is wider than its window.
  const x = (parseFloat(mark.style.left) / 100) * page.clientWidth;
  if (x < sheet.scrollLeft || x > sheet.scrollLeft + sheet.clientWidth - 24) sheet.scrollLeft = x - 48;
  const top = `${100 * system.top}%`;
  if (mark.style.top === top) return;
  mark.style.top = top;
  mark.style.height = `${100 * (system.bottom - system.top)}%`;
  // Another system: into view, within the sheet only.
  const height = page.clientHeight;
  const middle = height * (system.top + system.bottom) / 2 - sheet.clientHeight / 2;
  sheet.scrollTo({ top: middle, left: sheet.scrollLeft, behavior: still.matches ? "auto" : "smooth" });
}

/** Put the place into the address, and into the link that can be copied. */
function link() {
  const hash = `#${player.id}/${stop}/${Number(beat().toFixed(2))}`;
  history.replaceState(null, "", hash);
  here.href = hash;
}

function start() {
  sounding = file(kind);
  sound.src = sounding;
  sound.currentTime = at;
  sound.play().catch((error) => {
    // Another point was chosen before this one could begin.
    if (error.name !== "AbortError") time.textContent = "This browser can play neither Ogg Opus nor MP3.";
  });
}

function toggle() {
  if (sound.paused) start();
  else sound.pause();
}

function seek(to) {
  at = Math.max(0, Math.min(to, seconds() - 0.01));
  if (sounding === file(kind)) sound.currentTime = at;
  show();
  link();
}

/** Choose a point of the path; what sounds goes on at the same place. */
function choose(number) {
  stop = number;
  [...stops.children].forEach((button, index) => {
    button.setAttribute("aria-checked", String(index === stop));
    button.tabIndex = index === stop ? 0 : -1;
  });
  const chosen = player.stops[stop];
  say.textContent = chosen.about;
  picture.src = file("roll.svg");
  picture.alt = `Piano roll: ${chosen.name}`;
  for (const anchor of document.querySelectorAll(".downloads [data-kind]")) {
    anchor.href = file(anchor.dataset.kind);
    anchor.setAttribute("aria-label", `${anchor.textContent} of ${chosen.name}`);
  }
  showScore();
  if (!sound.paused) start();
  show();
  link();
}

/** Choose a path, or an original and its copy. */
function open(chosen, number = 0) {
  player = chosen;
  ends.replaceChildren(...player.ends.map((end, index) => {
    const part = element("span", "");
    part.append(
      element("b", end.composer),
      element("small", [end.title, end.note].filter(Boolean).join(" · ")),
    );
    if (index) part.prepend(element("span", " to ", { className: "hidden" }));
    return part;
  }));
  const group = players.filter((other) => other.kind === player.kind);
  which.textContent = `${player.kind} ${group.indexOf(player) + 1} of ${group.length}`;
  stops.replaceChildren(...player.stops.map((one, index) => {
    const button = element("button", "", { type: "button" });
    button.setAttribute("role", "radio");
    button.append(element("span", one.label), " ", element("small", one.kind));
    button.addEventListener("click", () => {
      if (index === stop) return toggle();
      choose(index);
      if (sound.paused) start();
    });
    return button;
  }));
  for (const anchor of document.querySelectorAll(".list a")) {
    if (anchor.hash.slice(1) === player.id) anchor.setAttribute("aria-current", "true");
    else anchor.removeAttribute("aria-current");
  }
  if (at > seconds()) at = 0;
  choose(number);
}

/** Go to the next path or the one before it; from the beginning. */
function turn(by) {
  const next = players[players.indexOf(player) + by];
  if (!next) return;
  at = 0;
  open(next);
}

async function showScore() {
  if (!score.open) return;
  const [id, number] = [player.id, stop];
  if (!(id in scores)) {
    await new Promise((done) => {
      document.head.append(element("script", "", { src: `${id}/scores.js`, onload: done }));
    });
  }
  const bytes = Uint8Array.from(atob(scores[id][number].svg), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const svg = await new Response(stream).text();
  if (id !== player.id || number !== stop) return; // another was chosen in the meantime
  if (page.src) URL.revokeObjectURL(page.src);
  page.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  page.alt = `Score: ${player.stops[stop].name}`;
  shown = scores[id][number].systems;
  mark.style.top = "";
  await page.decode().catch(() => {});
  show();
}

/** Go where the address says: #player/point/beat. What is not there is the first. */
function restore() {
  const [id, number, where] = location.hash.slice(1).split("/");
  const found = players.find((other) => other.id === id);
  if (!found && stops.children.length) return;
  const chosen = found ?? players[0];
  const beats = (found && Number(where)) || 0;
  at = Math.max(0, Math.min((beats * 60) / chosen.tempo, (chosen.beats * 60) / chosen.tempo - 0.01));
  open(chosen, found && Number(number) in chosen.stops ? Number(number) : 0);
}

// Keys work wherever the focus is, but for what has a use for them itself.
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const target = event.target;
  const radio = target.matches("[role=radio]");
  if (event.key === " ") {
    if (!radio && target.matches("button, summary, input")) return;
    if (!event.repeat) toggle();
  } else if (event.key === "ArrowLeft" || event.key === "ArrowRight" || (radio && ["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key))) {
    if (target.matches("input") || (target === sheet && sheet.scrollWidth > sheet.clientWidth)) return;
    const last = player.stops.length - 1;
    const forward = event.key === "ArrowRight" || event.key === "ArrowDown";
    if (event.shiftKey) turn(forward ? 1 : -1);
    else {
      const to = event.key === "Home" ? 0 : event.key === "End" ? last : stop + (forward ? 1 : -1);
      if (to >= 0 && to <= last) choose(to);
    }
    if (radio) stops.children[stop].focus();
  } else return;
  event.preventDefault();
});

play.addEventListener("click", toggle);
place.addEventListener("input", () => seek(Number(place.value)));
document.getElementById("previous").addEventListener("click", () => turn(-1));
document.getElementById("next").addEventListener("click", () => turn(1));
score.addEventListener("toggle", showScore);
roll.addEventListener("click", (event) => {
  const box = roll.getBoundingClientRect();
  seek(((event.clientX - box.left) / box.width) * seconds());
});
page.addEventListener("click", (event) => {
  const box = page.getBoundingClientRect();
  const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  const system = shown?.find((system) => y <= system.bottom + 0.02);
  const after = system?.places.findIndex(([, left]) => left > x) ?? -1;
  if (after < 1) return;
  const [[from, left], [to, right]] = system.places.slice(after - 1, after + 1);
  seek(((from + ((x - left) / (right - left)) * (to - from)) * 60) / player.tempo);
});
here.addEventListener("click", (event) => {
  event.preventDefault();
  navigator.clipboard?.writeText(location.href).then(() => { here.textContent = "Copied"; }, () => {});
  setTimeout(() => { here.textContent = "Link to this place"; }, 2000);
});
addEventListener("hashchange", restore);
restore();
