"""What is told to webhooks, how it is signed, where it may go, and when it is tried again. Nothing waits."""
