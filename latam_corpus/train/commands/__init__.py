"""The commands for training: token counts, mixtures, exports, bilingual pairs and contamination reports."""
