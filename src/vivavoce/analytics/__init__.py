"""What a call was like, once it is over: figures from its facts, and questions to a language model. Nothing waits."""
