"""Jobs: their queue, the worker that starts them, and the process of each."""
