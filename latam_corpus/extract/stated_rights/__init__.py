"""What files state about their licence, reservations, and refusals."""
