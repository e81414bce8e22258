"""The screen of a phone: what a person sees and hears of pushes, and does about them.

A push becomes ``Content`` (``content``), which changes what is on the ``Screen`` (``screen``), and
others look at it through a ``ScreenView`` (``views``). ``memory`` keeps it across restarts.
"""
