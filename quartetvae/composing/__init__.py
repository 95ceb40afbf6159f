"""Music by a composer: what is unknown of a piece, filled in window by window; and where it comes from."""
