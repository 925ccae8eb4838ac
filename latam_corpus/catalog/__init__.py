"""What may be collected, from whom, under which rights and consent."""
