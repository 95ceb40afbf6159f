"""Ways to make the music between two phrases, tried at one budget each."""
