"""The pages of the console, each a module with its ``HANDLERS``; ``console.routes`` lists them."""
