// One sound at a time, for the whole page; a player shows which of its points is chosen and where the music is.
"use strict";

const sound = new Audio();
let playing = null; // the player whose sound it is
let frame = 0;

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function follow() {
  cancelAnimationFrame(frame); // so that there is never more than one loop
  playing.place = sound.ended ? 0 : sound.currentTime;
  playing.show();
  if (!sound.paused) frame = requestAnimationFrame(follow);
}

for (const name of ["playing", "pause", "ended"]) sound.addEventListener(name, follow);

for (const player of document.querySelectorAll(".player")) {
  const [play, place, time, picture, head, score, details] = [
    ".play", ".place", ".time", ".roll img", ".playhead", ".score", "details",
  ].map((part) => player.querySelector(part));
  const stops = [...player.querySelectorAll("[role=radio]")];
  const self = { stop: stops[0], place: 0, show };
  const seconds = () => Number(self.stop.dataset.seconds);
  const sounds = () => playing === self && !sound.paused;

  function show() {
    const now = Math.min(self.place, seconds());
    head.hidden = now === 0 && playing !== self;
    head.style.left = `${(100 * now) / seconds()}%`;
    place.max = seconds();
    place.value = now;
    place.setAttribute("aria-valuetext", `${clock(now)} of ${clock(seconds())}`);
    time.textContent = `${clock(now)} / ${clock(seconds())}`;
    play.textContent = sounds() ? "Pause" : "Play";
  }

  function start() {
    const before = playing;
    playing = self;
    sound.src = self.stop.dataset.audio;
    sound.currentTime = self.place;
    if (before && before !== self) before.show();
    sound.play().catch((error) => {
      // Another point was chosen before this one could begin.
      if (error.name !== "AbortError") time.textContent = "This browser cannot play the sound (Ogg Vorbis).";
    });
  }

  function toggle() {
    if (sounds()) sound.pause();
    else start();
  }

  function seek(to) {
    self.place = Math.max(0, Math.min(to, seconds()));
    if (playing === self) sound.currentTime = self.place;
    show();
  }

  function showScore() {
    if (details.open) score.src = self.stop.dataset.score;
  }

  function choose(stop) {
    const goesOn = sounds();
    self.stop = stop;
    for (const other of stops) {
      other.setAttribute("aria-checked", String(other === stop));
      other.tabIndex = other === stop ? 0 : -1;
    }
    const [label, kind] = [stop.firstChild.textContent.trim(), stop.lastChild.textContent];
    picture.src = stop.dataset.roll;
    picture.alt = `Piano roll: ${label}, ${kind}`;
    score.alt = `Score: ${label}, ${kind}`;
    showScore();
    if (goesOn) start();
    show();
  }

  for (const stop of stops) {
    stop.addEventListener("click", () => {
      if (stop === self.stop) return toggle();
      choose(stop);
      if (!sounds()) start();
    });
    stop.addEventListener("keydown", (event) => {
      const at = stops.indexOf(stop);
      const steps = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: stops.length - 1 };
      if (event.key === " ") toggle();
      else if (!(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
      else if (stops[steps[event.key]]) {
        choose(stops[steps[event.key]]);
        self.stop.focus();
      }
      event.preventDefault();
    });
  }
  play.addEventListener("click", toggle);
  place.addEventListener("input", () => seek(Number(place.value)));
  details.addEventListener("toggle", showScore);
  head.parentElement.addEventListener("click", (event) => {
    const box = head.parentElement.getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * seconds());
  });
  choose(self.stop);
}
