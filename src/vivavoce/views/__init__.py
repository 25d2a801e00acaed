"""Views: what the API says about a call or an agent, computed from what is stored; pure functions."""
