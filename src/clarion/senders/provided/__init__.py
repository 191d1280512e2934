"""What providers that approve templates have: asked for, told by them, and kept beside the sender."""
