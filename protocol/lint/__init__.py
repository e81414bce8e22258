"""What is wrong with a push, before anybody sends it: would it be refused, would it be seen?

:func:`~protocol.lint.judgement.lint` judges a :class:`~protocol.lint.push.Push` by the rules of
``table.py``. Errors say what APNs answers, and come in the order in which it looks: the first one
is the answer. Warnings say what an iPhone would not show, or not as it was meant, of a push that
was accepted all the same.
"""
