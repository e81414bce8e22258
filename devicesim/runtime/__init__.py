"""What the system of a device does with a push for an app: run its code, show it, or drop it.

Between :mod:`devicesim.dispatch`, which knows whose push it is, and the screen, which knows what a
person sees. The decisions follow the state of the app, its permission and its budget.
"""
