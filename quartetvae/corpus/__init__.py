"""From a source of music to the phrases that a network is trained on."""
