// One sound at a time, for the whole page; a player shows which of its points is chosen and where the music is.
"use strict";

const sound = new Audio();
let playing = null;

for (const player of document.querySelectorAll(".player")) {
  const stops = [...player.querySelectorAll("[role=radio]")];
  const play = player.querySelector(".play");
  const picture = player.querySelector(".roll img");
  const head = player.querySelector(".playhead");
  const time = player.querySelector(".time");
  const score = player.querySelector(".score");
  const details = player.querySelector("details");
  const title = player.querySelector("h3").textContent;
  const self = { stop: stops[0], place: 0, shown };

  function shown() {
    const seconds = Number(self.stop.dataset.seconds);
    head.hidden = self.place === 0 && playing !== self;
    head.style.left = `${100 * Math.min(1, self.place / seconds)}%`;
    const whole = Math.floor(self.place);
    time.textContent = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
    const going = playing === self && !sound.paused;
    play.textContent = going ? "\u23F8" : "\u25B6";
    play.setAttribute("aria-label", `${going ? "Pause" : "Play"} ${title}`);
  }

  function showScore() {
    if (details.open) score.src = self.stop.dataset.score;
  }

  function choose(stop, focus) {
    for (const other of stops) {
      other.setAttribute("aria-checked", String(other === stop));
      other.tabIndex = other === stop ? 0 : -1;
    }
    const going = playing === self && !sound.paused;
    self.stop = stop;
    picture.src = stop.dataset.roll;
    picture.alt = `Piano roll: ${stop.textContent.trim()}`;
    score.alt = `Score: ${stop.textContent.trim()}`;
    showScore();
    if (focus) stop.focus();
    if (going) start();
    else shown();
  }

  function start() {
    const before = playing;
    playing = self;
    if (before && before !== self) before.shown();
    const place = self.place;
    sound.src = self.stop.dataset.audio;
    sound.currentTime = place;
    sound.play().then(follow, (error) => {
      if (error.name !== "AbortError") console.error(error);
    });
  }

  function toggle() {
    if (playing === self && !sound.paused) sound.pause();
    else start();
  }

  function follow() {
    if (playing !== self) return;
    self.place = sound.ended ? 0 : sound.currentTime;
    shown();
    if (!sound.paused) requestAnimationFrame(follow);
  }
  self.follow = follow;

  for (const stop of stops) {
    stop.addEventListener("click", () => {
      const again = stop === self.stop;
      choose(stop, false);
      if (again) toggle();
      else if (playing !== self || sound.paused) start();
    });
  }
  player.addEventListener("keydown", (event) => {
    const at = stops.indexOf(self.stop);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: stops.length - 1 }[event.key];
    const onStop = stops.includes(event.target);
    if (onStop && to !== undefined) {
      event.preventDefault();
      if (stops[to]) choose(stops[to], true);
    } else if (onStop && event.key === " ") {
      event.preventDefault();
      toggle();
    }
  });
  play.addEventListener("click", toggle);
  details.addEventListener("toggle", showScore);
  picture.parentElement.addEventListener("click", (event) => {
    const box = picture.getBoundingClientRect();
    self.place = ((event.clientX - box.left) / box.width) * Number(self.stop.dataset.seconds);
    if (playing === self && !sound.paused) sound.currentTime = self.place;
    else shown();
  });
}

for (const name of ["pause", "ended"]) sound.addEventListener(name, () => playing && playing.follow());
