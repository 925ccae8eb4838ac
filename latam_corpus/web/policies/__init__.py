"""The rules of a language: edit words and bounds while seeing their effect on own texts, sign, and use them in runs."""
