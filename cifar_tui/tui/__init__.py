"""The terminal app: it reads run folders and draws them; torch is never imported here."""
