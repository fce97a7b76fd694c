"""Setting up a cycle step by step: what is proposed, what is entered, and what HR should know before creating it."""
