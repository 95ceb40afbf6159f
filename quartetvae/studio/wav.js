// Sound as a file.
"use strict";

// A WAV file, 16 bits, of the channels of an AudioBuffer.
function writeWav(audio) {
  const channels = Array.from({ length: audio.numberOfChannels }, (_, k) => audio.getChannelData(k));
  const bytes = audio.length * channels.length * 2;
  const view = new DataView(new ArrayBuffer(44 + bytes));
  const letters = (at, text) => [...text].forEach((letter, k) => view.setUint8(at + k, letter.charCodeAt(0)));
  letters(0, "RIFF");
  view.setUint32(4, 36 + bytes, true);
  letters(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, audio.sampleRate, true);
  view.setUint32(28, audio.sampleRate * channels.length * 2, true);
  view.setUint16(32, channels.length * 2, true);
  view.setUint16(34, 16, true);
  letters(36, "data");
  view.setUint32(40, bytes, true);
  const loudest = channels.reduce((top, data) => data.reduce((most, x) => Math.max(most, Math.abs(x)), top), 1e-9);
  const scale = Math.min(8, 0.89 / loudest);
  for (let i = 0, at = 44; i < audio.length; i++) {
    for (const data of channels) {
      view.setInt16(at, Math.max(-32768, Math.min(32767, Math.round(data[i] * scale * 32767))), true);
      at += 2;
    }
  }
  return view.buffer;
}
