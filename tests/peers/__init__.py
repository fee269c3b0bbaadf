"""Real HTTP servers on loopback that answer as told: well, badly, or not at all."""
