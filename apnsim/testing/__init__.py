"""What tests need of apnsim: a gateway of their own, an app per test, and a report when one fails.

Nothing here knows pytest; ``apnsim.pytest_plugin`` makes fixtures of it. It imports the standard
library and httpx, and of ours only the client: the project under test may have packages called
``gateway`` or ``protocol`` itself.
"""
