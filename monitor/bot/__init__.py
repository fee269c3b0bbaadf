"""The bot's side of the conversation: what officials write or press, and what they get back."""
