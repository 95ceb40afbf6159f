"""Files of music: MIDI, scores, pictures and sound, in and out."""
