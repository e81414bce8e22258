"""OpenTelemetry traces of each push: from the provider's request to the app. Off unless asked for.

What happened is taken from the journal, with the times that it has: no stage of a push knows of
this. The SDK, an extra of the package, is imported only when traces are asked for.
"""
