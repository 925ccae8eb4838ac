"""Which of several copies is kept, and what is dropped."""
