// One excerpt at a time: it is played, six questions are answered, the next one comes. What was answered is kept in this
// browser until it is saved as a file.
"use strict";

const study = JSON.parse(document.getElementById("study").textContent);
const sounds = new Map(study.excerpts.map(({ id, sound }) => [id, sound]));
const sound = new Audio();
const [about, listener, experience, which, done, play, place, time, say, answer, ratings, next, save, saved, anew, kept] = [
  "about", "listener", "experience", "which", "done", "play", "place", "time", "say", "answer", "ratings", "next", "save",
  "saved", "anew", "kept",
].map((id) => document.getElementById(id));
const STORE = "quartetvae-study-" + study.page;

let state = recall(); // what is saved in the end; a rating without `rated` is not finished

const now = () => new Date().toISOString();
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const current = () => state.order.find((id) => !state.ratings[id]?.rated);

/** Numbers from 0 to below 1 by a seed of 32 bits (mulberry32). */
function drawn(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Shuffle by a seed (Fisher & Yates). */
function shuffled(items, seed) {
  const order = [...items];
  const draw = drawn(seed);
  for (let k = order.length - 1; k > 0; k--) {
    const other = Math.floor(draw() * (k + 1));
    [order[k], order[other]] = [order[other], order[k]];
  }
  return order;
}

function recall() {
  try {
    return JSON.parse(localStorage.getItem(STORE));
  } catch {
    return null;
  }
}

function tell(element, text) {
  if (element.textContent !== text) element.textContent = text; // or it would be read aloud again and again
}

function keep() {
  try {
    localStorage.setItem(STORE, JSON.stringify(state));
  } catch {
    tell(kept, "This browser keeps nothing: please finish and save before you close the page.");
  }
}

function random(count) {
  return [...crypto.getRandomValues(new Uint32Array(count))];
}

/** Show one of the three sections, and say so to who cannot see it. */
function show(name) {
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== name;
  document.querySelector(`#${name} h1`).focus();
  scrollTo(0, 0);
}

function open() {
  sound.pause();
  if (!state) {
    about.reset();
    listener.value = random(1)[0].toString(16).padStart(8, "0");
    return show("welcome");
  }
  const id = current();
  if (!id) {
    anew.disabled = true;
    tell(saved, "");
    return show("end");
  }
  const number = state.order.indexOf(id);
  which.textContent = `Excerpt ${number + 1} of ${state.order.length}`;
  done.value = number;
  next.textContent = number + 1 < state.order.length ? "Next excerpt" : "Finish";
  answer.reset();
  const rating = state.ratings[id] ?? {};
  for (const name of study.questions) {
    if (rating[name]) answer.elements[name].value = rating[name];
  }
  sound.src = `data:audio/mpeg;base64,${sounds.get(id)}`;
  follow();
  show("trial");
}

/** Show where the sound is, and open the questions once play has been pressed. */
function follow() {
  const rating = state.ratings[current()];
  const length = sound.duration || 0;
  const at = sound.ended ? 0 : sound.currentTime;
  place.max = length || 1;
  place.value = at;
  place.setAttribute("aria-valuetext", `${clock(at)} of ${clock(length)}`);
  time.textContent = `${clock(at)} / ${clock(length)}`;
  play.firstElementChild.textContent = sound.paused ? "▶" : "❚❚";
  play.setAttribute("aria-label", sound.paused ? "Play" : "Pause");
  if (rating && sound.currentTime > rating.heard_seconds) rating.heard_seconds = Number(sound.currentTime.toFixed(2));
  ratings.disabled = !rating;
  tell(say, rating ? "You may play it again as often as you like." : "Play the excerpt; then the questions can be answered.");
}

function toggle() {
  if (!sound.paused) return sound.pause();
  sound.play().catch((error) => {
    if (error.name !== "AbortError") tell(kept, "This browser cannot play MP3; please open the page in another one.");
  });
}

sound.addEventListener("playing", () => {
  if (sound.paused) return; // a late word of the excerpt before
  state.ratings[current()] ??= { played: now(), heard_seconds: 0 };
  keep();
});
for (const name of ["playing", "pause", "ended", "timeupdate", "loadedmetadata"]) {
  sound.addEventListener(name, () => { if (state && current()) follow(); });
}
sound.addEventListener("pause", () => { if (state) keep(); });

about.addEventListener("submit", (event) => {
  event.preventDefault();
  const [seed] = random(1);
  state = {
    page: study.page, listener: listener.value.trim(), experience: Number(experience.value), seed,
    order: shuffled(study.excerpts.map(({ id }) => id), seed), started: now(), ratings: {},
  };
  keep();
  open();
});

answer.addEventListener("change", ({ target }) => {
  state.ratings[current()][target.name] = Number(target.value);
  keep();
});

answer.addEventListener("submit", (event) => {
  event.preventDefault();
  const rating = state.ratings[current()];
  if (!rating || study.questions.some((name) => !rating[name])) return;
  rating.rated = now();
  if (!current()) state.finished = rating.rated;
  keep();
  open();
});

save.addEventListener("click", () => {
  const url = URL.createObjectURL(new Blob([JSON.stringify(state, null, 2) + "\n"], { type: "application/json" }));
  const name = `answers-${state.listener.replace(/[^\w-]/g, "_")}.json`;
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
  tell(saved, `${name} is saved among your downloads.`);
  anew.disabled = false;
});

anew.addEventListener("click", () => {
  state = null;
  try {
    localStorage.removeItem(STORE);
  } catch { /* it kept nothing */ }
  open();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== " " || event.repeat || event.altKey || event.ctrlKey || event.metaKey) return;
  if (document.getElementById("trial").hidden || event.target.matches("button, input")) return;
  event.preventDefault();
  toggle();
});

play.addEventListener("click", toggle);
open();
