"""Stage 3: whose token it is, who is listening, and what happens to the push."""
