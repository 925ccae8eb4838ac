"""The rules of a language: choose it, edit its words and bounds with own texts in view, sign them, use them in runs."""
