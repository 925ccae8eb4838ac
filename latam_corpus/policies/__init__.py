"""Find and read the policies in `filters/`, and sign them as a reviewer."""
