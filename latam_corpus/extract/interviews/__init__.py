"""Transcripts, subtitles, and interlinear texts to text, a turn per line."""
