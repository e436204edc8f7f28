"""The pictures of the documentation, drawn from what the limiter and the fake service do on the virtual clock."""
